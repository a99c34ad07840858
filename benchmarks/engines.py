"""The CPU that a frame takes with this project's own engine, compared with MediaPipe's landmarker alone."""

import time
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
from holistic_rtc.tracking import open_model
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
    :param mean: the CPU over that of the landmarker alone to reach, as the mean of clips.
    :param most: of each clip.
    """

    quality: Quality
    parts: frozenset[Part]
    mean: float | None = None
    most: float | None = None


VARIANTS: Mapping[str, Variant] = {
    "exact": Variant(Quality.EXACT, DEFAULT_PARTS),
    "balanced": Variant(Quality.BALANCED, DEFAULT_PARTS, 0.60, 0.72),
    "fast": Variant(Quality.FAST, DEFAULT_PARTS, 0.50),
    "pose only": Variant(Quality.BALANCED, POSE, 0.20),
    "pose and hands": Variant(Quality.BALANCED, POSE | HANDS, 0.45),
    "face only": Variant(Quality.BALANCED, frozenset({Part.FACE}), 0.25),
}

Track = Callable[[Image, int], object]


def measure() -> list[Figure]:
    figures = []
    ratios: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for clip, pictures in clips().items():
        alone, taken = _compare(pictures)
        figures.append(Figure(f"{clip}: CPU of the landmarker alone, a frame", alone, "ms"))
        for name, ms in taken.items():
            ratios[name].append(ms / alone)
            figures.append(Figure(f"{clip}: {name}, compared with that", ms / alone, "times", VARIANTS[name].most))
    for name, variant in VARIANTS.items():
        figures.append(Figure(f"{name}, mean of the clips", mean(ratios[name]), "times", variant.mean))
    return figures


def _compare(pictures: Sequence[Picture]) -> tuple[float, dict[str, float]]:
    """
    :return: CPU milliseconds a frame of the landmarker alone, and of each variant.
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
        model = stack.enter_context(closing(open_model(bundle)))
        landmarker = stack.enter_context(HolisticLandmarker.create_from_options(options))

        def track_alone(picture: Image, timestamp_ms: int) -> object:
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture)
            return landmarker.detect_for_video(image, timestamp_ms)

        tracks: dict[str, Track] = {"alone": track_alone}
        for name, variant in VARIANTS.items():
            tracker = stack.enter_context(closing(model.tracker(variant.quality)))
            tracks[name] = partial(tracker.track, parts=variant.parts)
        seconds = dict.fromkeys(tracks, 0.0)
        for start in range(0, len(frames), TURN):
            for name, track in tracks.items():
                before = time.process_time()
                for picture, timestamp_ms in frames[start : start + TURN]:
                    track(picture, timestamp_ms)
                if start >= WARM_UP:
                    seconds[name] += time.process_time() - before
    taken = {name: total * 1000 / FRAMES for name, total in seconds.items()}
    return taken.pop("alone"), taken
