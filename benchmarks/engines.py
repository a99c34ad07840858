"""The CPU that a frame takes with this project's own engine, compared with MediaPipe's landmarker alone."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from statistics import mean

import mediapipe
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import HolisticLandmarker, HolisticLandmarkerOptions, RunningMode

from benchmarks.clips import FRAME_MS, clips
from benchmarks.figure import Figure
from holistic_rtc.bundle import models
from holistic_rtc.model.parts import DEFAULT_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import Image
from holistic_rtc.native_log import without_noise
from holistic_rtc.tracking.holistic import networks
from holistic_rtc.tracking.holistic.engine import HolisticTracker
from holistic_rtc.tracking.holistic.runtimes.choice import make_runtime
from holistic_rtc.tracking.holistic.runtimes.litert import LiteRTRuntime
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime
from tests.kit.publisher import Picture

TURN = 10
"""Frames of a turn. The speed of a shared machine may double within a second, so many short turns are compared"""
WARM_UP = 10
FRAMES = 120
"""Of each clip"""

POSE = frozenset({Part.POSE, Part.POSE_WORLD})
HANDS = frozenset({Part.LEFT_HAND, Part.LEFT_HAND_WORLD, Part.RIGHT_HAND, Part.RIGHT_HAND_WORLD})


@dataclass(frozen=True, slots=True)
class Variant:
    """
    :param mean: the CPU over that of the landmarker alone to reach with LiteRT, as the mean of clips.
    :param most: of each clip.
    :param amx: to reach with OpenVINO on a CPU with AMX, as the mean of clips.
    """

    quality: Quality
    parts: frozenset[Part]
    mean: float | None = None
    most: float | None = None
    amx: float | None = None


VARIANTS: Mapping[str, Variant] = {
    "exact": Variant(Quality.EXACT, DEFAULT_PARTS),
    "balanced": Variant(Quality.BALANCED, DEFAULT_PARTS, mean=0.60, most=0.72, amx=0.45),
    "fast": Variant(Quality.FAST, DEFAULT_PARTS, mean=0.50),
    "pose only": Variant(Quality.BALANCED, POSE, mean=0.20),
    "pose and hands": Variant(Quality.BALANCED, POSE | HANDS, mean=0.45),
    "face only": Variant(Quality.BALANCED, frozenset({Part.FACE}), mean=0.25),
}

ALONE = ("MediaPipe", "alone")

Track = Callable[[Image, int], object]


def measure() -> list[Figure]:
    figures = []
    with ExitStack() as stack:
        runtimes = [stack.enter_context(closing(runtime)) for runtime in _runtimes()]
        ratios: dict[tuple[str, str], list[float]] = defaultdict(list)
        for clip, pictures in clips().items():
            alone, taken = _compare(pictures, runtimes)
            figures.append(Figure(f"{clip}: CPU of the landmarker alone, a frame", alone, "ms"))
            for (runtime, name), ms in taken.items():
                ratios[runtime, name].append(ms / alone)
                most = VARIANTS[name].most if runtime == LiteRTRuntime.name else None
                figures.append(Figure(f"{clip}: {name} with {runtime}, compared with that", ms / alone, "times", most))
    for (runtime, name), times in ratios.items():
        target = VARIANTS[name].mean if runtime == LiteRTRuntime.name else VARIANTS[name].amx
        figures.append(Figure(f"{name} with {runtime}, mean of the clips", mean(times), "times", target))
    return figures


def _runtimes() -> list[Runtime]:
    """LiteRT, and what would be chosen if that is another one."""
    loaded = networks.load(models.find(models.PoseModel.LITE).path)
    litert, chosen = LiteRTRuntime(loaded), make_runtime(loaded)
    return [litert] if chosen.name == litert.name else [litert, chosen]


def _compare(pictures: Sequence[Picture], runtimes: Sequence[Runtime]) -> tuple[float, dict[tuple[str, str], float]]:
    """
    :return: CPU milliseconds a frame of the landmarker alone, and of each variant with each runtime.
    """
    bundle = models.find(models.PoseModel.LITE).path
    frames = [(pictures[i % len(pictures)], i * FRAME_MS) for i in range(WARM_UP + FRAMES)]
    options = HolisticLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(bundle)),
        running_mode=RunningMode.VIDEO,
        output_face_blendshapes=True,
    )
    with ExitStack() as stack:
        stack.enter_context(without_noise())
        landmarker = stack.enter_context(HolisticLandmarker.create_from_options(options))

        def track_alone(picture: Image, timestamp_ms: int) -> object:
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)
            return landmarker.detect_for_video(image, timestamp_ms)

        tracks: dict[tuple[str, str], Track] = {ALONE: track_alone}
        for runtime in runtimes:
            for name, variant in VARIANTS.items():
                tracker = HolisticTracker(runtime, variant.quality)
                tracks[runtime.name, name] = partial(tracker.track, parts=variant.parts)
        seconds = dict.fromkeys(tracks, 0.0)
        for start in range(0, len(frames), TURN):
            for key, track in tracks.items():
                before = time.process_time()
                for picture, timestamp_ms in frames[start : start + TURN]:
                    track(picture, timestamp_ms)
                if start >= WARM_UP:
                    seconds[key] += time.process_time() - before
    taken = {key: total * 1000 / FRAMES for key, total in seconds.items()}
    return taken.pop(ALONE), taken
