"""
The landmarker alone: MediaPipe's own Python interface on the same clip, in a process of its own.

As a program, ``python -m benchmarks.alone SECONDS``, it prints the CPU milliseconds a frame.
"""

import subprocess
import sys
import time
from itertools import islice

import mediapipe
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import HolisticLandmarker, HolisticLandmarkerOptions, RunningMode

from benchmarks import clip
from holistic_rtc.tracking import models
from holistic_rtc.tracking.base import Image

_WARM_UP_FRAMES = 20


def cpu_ms_per_frame(seconds: float) -> float:
    """Measured in a new process for so many seconds."""
    program = [sys.executable, "-m", "benchmarks.alone", str(seconds)]
    return float(subprocess.run(program, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)


def _measure(seconds: float) -> float:
    options = HolisticLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(models.find(models.PoseModel.LITE).path)),
        running_mode=RunningMode.VIDEO,
        output_face_blendshapes=True,
    )
    pictures = clip.forth_and_back(clip.frames())
    with HolisticLandmarker.create_from_options(options) as landmarker:

        def track(number: int, picture: Image) -> None:
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)
            landmarker.detect_for_video(image, number * 1000 // clip.FPS)

        for number, picture in enumerate(islice(pictures, _WARM_UP_FRAMES)):
            track(number, picture)
        started, cpu = time.monotonic(), time.process_time()
        while time.monotonic() - started < seconds:
            number += 1
            track(number, next(pictures))
        return (time.process_time() - cpu) * 1000 / (number + 1 - _WARM_UP_FRAMES)


if __name__ == "__main__":
    print(_measure(float(sys.argv[1])))
