"""A frame with every part of a person, for the benchmarks of what comes after tracking."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import cache
from statistics import median
from time import perf_counter

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from holistic_rtc.bundle import models
from holistic_rtc.model.result import FloatArray, HolisticResult, Image
from holistic_rtc.native_log import without_noise
from holistic_rtc.tracking import open_model
from tests.kit.clips import SIZE, media
from tests.kit.persons import first_of
from tests.kit.pictures import grace_hopper


@cache
def tracked_frame() -> tuple[Image, HolisticResult]:
    """
    A 640x480 picture and its real landmarks.

    The picture is ``both_hands.png`` of the folder that HOLISTIC_TEST_MEDIA names. Without that it is the
    portrait of Grace Hopper, whose hands are not in the picture and are added.

    :raises ModelError: the model bundle is missing.
    """
    image = _picture()
    with without_noise(), closing(open_model(models.find(models.PoseModel.LITE).path).tracker()) as tracker:
        result = first_of(tracker.track(image, 0))
    left, right = _open_hand(0.7), _open_hand(0.3)
    if result.left_hand_landmarks is None:
        result = replace(result, left_hand_landmarks=left, left_hand_world_landmarks=left)
    if result.right_hand_landmarks is None:
        result = replace(result, right_hand_landmarks=right, right_hand_world_landmarks=right)
    return image, result


def _picture() -> Image:
    path = media("both_hands.png")
    if path is None:
        return grace_hopper(*SIZE)
    with PillowImage.open(path) as picture:
        return np.asarray(ImageOps.pad(picture.convert("RGB"), SIZE))


def _open_hand(x: float) -> FloatArray:
    """A hand of about a quarter of the picture's height, its fingers spread like the ribs of a fan."""
    points = [(x, 0.9)]
    for angle in np.linspace(-0.8, 0.8, 5):
        points += [(x + np.sin(angle) * length, 0.9 - np.cos(angle) * length) for length in (0.1, 0.15, 0.2, 0.25)]
    return np.array([(*point, 0) for point in points], np.float32)


def median_ms(call: Callable[[], object], repeats: int = 500) -> float:
    """Median wall time of a call in milliseconds, the first tenth being warm-up."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        call()
        times.append((perf_counter() - start) * 1000)
    return median(times[repeats // 10 :])
