"""How far this project's own engine agrees with MediaPipe's, on the same frames."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from benchmarks.clips import FRAME_MS, HEAD, clips
from benchmarks.figure import Figure
from holistic_rtc.bundle import models
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.native_log import without_noise
from holistic_rtc.tracking.holistic.engine import HolisticModel
from holistic_rtc.tracking.mediapipe.engine import MediaPipeTracker
from tests.kit.clips import SIZE
from tests.kit.persons import first_of
from tests.kit.publisher import Picture

NOISE = "MediaPipe with noise"
PIXELS = np.array([*SIZE, SIZE[0]], np.float32)
MILLIMETRES = np.float32(1000)

DISTANCES = {
    "pose": (("pose_landmarks",), "px", 0.25),
    "face": (("face_landmarks",), "px", 0.10),
    "hands": (("left_hand_landmarks", "right_hand_landmarks"), "px", 0.40),
    "world": (("pose_world_landmarks", "left_hand_world_landmarks", "right_hand_world_landmarks"), "mm", 5.0),
}
"""The results that are compared, and the median distance to reach"""
PRESENCES = {
    "pose": ("pose_landmarks", 0.99),
    "face": ("face_landmarks", 0.99),
    "left hand": ("left_hand_landmarks", 0.98),
    "right hand": ("right_hand_landmarks", 0.98),
}
"""The results that are there in the same frames, and the fraction of these frames to reach"""


@dataclass
class Comparison:
    """
    Of two engines' results for the same frames.

    :param distances: of each point that both found, by the names in :data:`DISTANCES`.
    :param agreed: of each frame, whether both or neither found the part, by the names in :data:`PRESENCES`.
    :param scores: the differences of blendshapes.
    """

    distances: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in DISTANCES})
    agreed: dict[str, list[bool]] = field(default_factory=lambda: {name: [] for name in PRESENCES})
    scores: list[float] = field(default_factory=list)

    def add(self, expected: HolisticResult, found: HolisticResult) -> None:
        for name, (attributes, unit, _) in DISTANCES.items():
            for attribute in attributes:
                a, b = getattr(expected, attribute), getattr(found, attribute)
                if a is not None and b is not None:
                    # Depth is a guess, and in no unit that a viewer sees.
                    difference = ((a - b) * PIXELS)[:, :2] if unit == "px" else (a - b) * MILLIMETRES
                    self.distances[name] += np.linalg.norm(difference, axis=1).tolist()
        for name, (attribute, _) in PRESENCES.items():
            self.agreed[name].append((getattr(expected, attribute) is None) == (getattr(found, attribute) is None))
        if expected.face_blendshapes is not None and found.face_blendshapes is not None:
            self.scores += np.abs(expected.face_blendshapes - found.face_blendshapes).tolist()

    def figures(self, title: str, *, targets: bool) -> list[Figure]:
        figures = []
        for name, (_, unit, target) in DISTANCES.items():
            if self.distances[name]:
                median, tail = np.percentile(self.distances[name], (50, 95))
                figures.append(Figure(f"{title}: {name}, median", median, unit, target if targets else None))
                figures.append(Figure(f"{title}: {name}, p95", tail, unit))
        for name, (_, least) in PRESENCES.items():
            agreed = float(np.mean(self.agreed[name]))
            figures.append(Figure(f"{title}: {name} is there", agreed, "", at_least=least if targets else None))
        if self.scores:
            figures.append(Figure(f"{title}: blendshapes, p95", float(np.percentile(self.scores, 95)), ""))
        return figures


def measure() -> list[Figure]:
    return compare(Quality)


def compare(qualities: Iterable[Quality]) -> list[Figure]:
    """
    The agreement at some qualities, of each clip and of all together.

    The pose network amplifies the smallest differences where much of the body is outside the picture, since each
    frame's region depends on the previous frame's points. So MediaPipe is also compared with itself, on pictures with
    noise that nobody can see. The clip of a head, where that is all there is to measure, doesn't count for the targets.
    """
    totals = {name: Comparison() for name in (NOISE, *qualities)}
    figures = []
    pictures_of = clips()
    for clip, pictures in pictures_of.items():
        expected = _reference(pictures)
        for name, total in totals.items():
            found = _reference(_noisy(pictures)) if name == NOISE else _ours(pictures, Quality(name))
            one = Comparison()
            for a, b in zip(expected, found, strict=True):
                one.add(a, b)
                if clip != HEAD or len(pictures_of) == 1:
                    total.add(a, b)
            figures += one.figures(f"{name}, {clip}", targets=False)
    for name, total in totals.items():
        figures += total.figures(name, targets=name == "exact")
    return figures


def _noisy(pictures: Sequence[Picture]) -> list[Picture]:
    """One in a hundred pixels is brighter or darker by 1 of 255."""
    random = np.random.default_rng(1)
    return [picture ^ (random.random((*picture.shape[:2], 1)) < 0.01).astype(np.uint8) for picture in pictures]


def _reference(pictures: Sequence[Picture]) -> list[HolisticResult]:
    with without_noise(), closing(MediaPipeTracker(models.find(models.PoseModel.LITE).path)) as tracker:
        return [first_of(tracker.track(picture, i * FRAME_MS)) for i, picture in enumerate(pictures)]


def _ours(pictures: Sequence[Picture], quality: Quality) -> list[HolisticResult]:
    with without_noise(), closing(HolisticModel(models.find(models.PoseModel.LITE).path).tracker(quality)) as tracker:
        return [first_of(tracker.track(picture, i * FRAME_MS)) for i, picture in enumerate(pictures)]
