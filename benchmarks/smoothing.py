"""What smoothing does: jitter of a person who stands still, lag of one who moves; and what refining a result takes."""

from collections.abc import Iterable
from contextlib import closing
from functools import partial
from itertools import count, islice

import numpy as np

from benchmarks.figure import Figure
from benchmarks.sample import median_ms, tracked_frame
from holistic_rtc.bundle import models
from holistic_rtc.model.result import FloatArray, HolisticResult, Image
from holistic_rtc.motion.refine import Refiner
from holistic_rtc.native_log import without_noise
from holistic_rtc.tracking import open_model
from tests.kit.clips import FPS, SIZE, forth_and_back, person_clip
from tests.kit.persons import first_of

FRAME_MS = 1000 / FPS
NOISE = 5
"""Standard deviation of a pixel's values, of 255: that of a webcam indoors"""
SETTLE = 30
"""Frames until the landmarker has found its place on a still picture"""
STILL_FRAMES = SETTLE + 90

PARTS = {
    "face": "face_landmarks",
    "left hand": "left_hand_landmarks",
    "right hand": "right_hand_landmarks",
    "left hand in the world": "left_hand_world_landmarks",
    "right hand in the world": "right_hand_world_landmarks",
}

Results = list[HolisticResult]


def measure() -> list[Figure]:
    found, smoothed = _track(_noisy(tracked_frame()[0]))
    figures: list[Figure] = []
    for name in PARTS:
        if _seen(found, name):
            figures += _jitter(name, found[SETTLE:], smoothed[SETTLE:])
    pictures = person_clip(strips=True)
    found, smoothed = _track(islice(forth_and_back(pictures), 2 * len(pictures)))
    figures += [_lag(name, found, smoothed) for name in ("face", "left hand", "right hand") if _seen(found, name, 10)]
    return [*figures, Figure("smoothing and head pose, a frame, median", _refine_ms(), "ms", at_most=0.5)]


def _noisy(image: Image) -> Iterable[Image]:
    random = np.random.default_rng(1)
    for _ in range(STILL_FRAMES):
        noisy = image + random.normal(0, NOISE, image.shape)
        yield noisy.clip(0, 255).astype(np.uint8)


def _track(images: Iterable[Image]) -> tuple[Results, Results]:
    """Of each image what was found, and that smoothed."""
    refiner = Refiner()
    found, smoothed = [], []
    with without_noise(), closing(open_model(models.find(models.PoseModel.LITE).path).tracker()) as tracker:
        for i, image in enumerate(images):
            time = round(i * FRAME_MS)
            found.append(first_of(tracker.track(image, time)))
            smoothed.append(refiner.refine(found[-1], SIZE[0], SIZE[1], time, smoothing=True))
    return found, smoothed


def _seen(results: Results, name: str, frames: int | None = None) -> bool:
    seen = sum(getattr(result, PARTS[name]) is not None for result in results)
    return seen >= (len(results) if frames is None else frames)


def _points(result: HolisticResult, name: str) -> FloatArray | None:
    """In pixels; those in the world in millimetres about the wrist, since where the wrist is the pose says."""
    points: FloatArray | None = getattr(result, PARTS[name])
    if points is None:
        return None
    if "world" in name:
        points = (points - points[0]) * np.float32(1000)
    else:
        points = points * np.array((SIZE[0], SIZE[1], SIZE[0]), np.float32)
    return points


def _jitter(name: str, found: Results, smoothed: Results) -> list[Figure]:
    """Distance of a point from its mean place, root mean square over frames and points."""

    def jitter(results: Results) -> float:
        points = np.array([_points(result, name) for result in results])
        return float(np.sqrt(points.var(axis=0).sum(axis=-1).mean()))

    raw = jitter(found)
    return [
        Figure(f"jitter of the {name}, as found", raw, "mm" if "world" in name else "px"),
        Figure("when smoothed, compared with that", jitter(smoothed) / raw, "times", at_most=1 / 3),
    ]


def _lag(name: str, found: Results, smoothed: Results) -> Figure:
    """
    The time by which the smoothed points are behind those found.

    It is the least squares solution of ``found - smoothed = lag * velocity``, with the velocity between the frame
    before and the frame after, so over frames whose neighbours have the part too.
    """
    shift = square = 0.0
    for before, now, after, out in zip(found, found[1:], found[2:], smoothed[1:], strict=False):
        places = [_points(result, name) for result in (before, now, after, out)]
        if all(points is not None for points in places):
            a, b, c, d = (points[:, :2] for points in places if points is not None)
            velocity = (c - a) / (2 * FRAME_MS)
            shift += float((velocity * (b - d)).sum())
            square += float((velocity**2).sum())
    return Figure(f"lag added to the moving {name}", shift / square, "ms", at_most=FRAME_MS)


def _refine_ms() -> float:
    _, result = tracked_frame()
    refiner, times = Refiner(), count(step=33)
    refine = partial(refiner.refine, result, SIZE[0], SIZE[1], smoothing=True)
    return median_ms(lambda: refine(timestamp_ms=next(times)))
