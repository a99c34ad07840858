"""
The landmarker alone: MediaPipe's own Python interface on the same clip, in a process of its own.

As a program it reads lines with a number of seconds, tracks for so long, and answers with the CPU milliseconds it took
and the number of frames.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import mediapipe
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import HolisticLandmarker, HolisticLandmarkerOptions, RunningMode

from holistic_rtc.bundle import models
from tests.kit.clips import FPS, forth_and_back, person_clip

_WARM_UP_FRAMES = 20


class Landmarker:
    """The other end of the program; waits while it isn't told to work."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def track(self, seconds: float) -> tuple[float, int]:
        """
        :return: CPU milliseconds, and frames.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(seconds, file=self._process.stdin, flush=True)
        cpu_ms, frames = self._process.stdout.readline().split()
        return float(cpu_ms), int(frames)


@contextmanager
def landmarker() -> Iterator[Landmarker]:
    """A warm one."""
    command = [sys.executable, "-m", "benchmarks.alone"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        alone = Landmarker(process)
        try:
            alone.track(0)
            yield alone
        finally:
            process.terminate()


def _serve() -> None:
    options = HolisticLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(models.find(models.PoseModel.LITE).path)),
        running_mode=RunningMode.VIDEO,
        output_face_blendshapes=True,
    )
    frames = zip(count(), forth_and_back(person_clip(strips=True)), strict=False)
    with HolisticLandmarker.create_from_options(options) as landmarker:

        def track_next() -> None:
            number, picture = next(frames)
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)
            landmarker.detect_for_video(image, number * 1000 // FPS)

        for _ in range(_WARM_UP_FRAMES):
            track_next()
        for line in sys.stdin:
            started, cpu, done = time.monotonic(), time.process_time(), 0
            while time.monotonic() - started < float(line):
                track_next()
                done += 1
            print((time.process_time() - cpu) * 1000, done, flush=True)


if __name__ == "__main__":
    _serve()
