"""Finds people with the pose detector, and tells them apart: ``pose_detector_graph.cc`` for the first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import atan2, ceil

import cv2
import numpy as np

from holistic_rtc.model.result import FloatArray, Image
from holistic_rtc.tracking.holistic import warp
from holistic_rtc.tracking.holistic.detectors import Decoder
from holistic_rtc.tracking.holistic.frame import Frame
from holistic_rtc.tracking.holistic.landmarks import to_frame
from holistic_rtc.tracking.holistic.networks import SPECS, Network
from holistic_rtc.tracking.holistic.pose import SCALE
from holistic_rtc.tracking.holistic.regions import UPRIGHT, Region, around
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime

STRIDES = (8, 16, 32, 32, 32)
SAME = 0.5
"""Trunks whose shoulders are closer than this, in units of their length, are of the same person"""

MIN_LENGTH = 1.1
"""Of a frame with tiles, in units of its shorter side"""
MAX_LENGTHS = 4
"""Tiles of a longer frame are larger than its shorter side"""

_SIDE = SPECS[Network.POSE_DETECTOR].input[1]
_TRUNK = [0, 2]
"""The keypoints of a trunk"""
_HIPS, _SHOULDERS = [23, 24], [11, 12]
_BINS = (8, 8)
_PATCH = 16


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    Somebody whom the detector has found.

    :param score: from 0 to 1.
    :param region: where to look for the pose.
    :param trunk: ``(2, 2)``: the middle of the hips and of the shoulders, in pixels.
    """

    score: float
    region: Region
    trunk: FloatArray


class PeopleDetector:
    """Finds people, whole frames or parts of them at a time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._decoder = Decoder(_SIDE, STRIDES)

    def find(self, frame: Frame, areas: Iterable[Region]) -> list[Candidate]:
        """
        :param areas: squares to look at; may overlap.
        :return: the surest first, each person once.
        """
        found = [candidate for area in areas for candidate in self._find(frame, area)]
        found.sort(key=lambda candidate: -candidate.score)
        people: list[Candidate] = []
        for candidate in found:
            if all(distance(candidate.trunk, other.trunk) > SAME for other in people):
                people.append(candidate)
        return people

    def _find(self, frame: Frame, area: Region) -> Iterator[Candidate]:
        pixels = warp.crop(frame.image, area, _SIDE, warp.BLACK)
        boxes, scores = self._runtime.run(Network.POSE_DETECTOR, warp.minus_one_to_one(pixels))
        for detection in self._decoder.decode(boxes, scores):
            keypoints = to_frame(detection.keypoints, area)
            middle, edge = keypoints[:2].tolist()
            yield Candidate(detection.score, around(middle, edge, UPRIGHT).transformed(SCALE), keypoints[_TRUNK])


def tiles(width: int, height: int) -> list[Region]:
    """
    Squares that cover the frame and overlap by at least half. Small people in a whole frame are too small for the
    detector. None if the frame is almost a square, and at most 7.
    """
    length, breadth = max(width, height), min(width, height)
    if length < MIN_LENGTH * breadth:
        return []
    side = max(breadth, length / MAX_LENGTHS)
    count = ceil((length - side) / (side / 2)) + 1
    middles = np.linspace(side / 2, length - side / 2, count).tolist()
    return [
        Region(middle, breadth / 2, side, side) if width >= height else Region(breadth / 2, middle, side, side)
        for middle in middles
    ]


def trunk(points: FloatArray) -> FloatArray:
    """
    :param points: ``(33, 3)`` of a pose.
    :return: ``(2, 2)``, as in :class:`Candidate`.
    """
    return np.stack((points[_HIPS, :2].mean(axis=0), points[_SHOULDERS, :2].mean(axis=0)))


def distance(first: FloatArray, second: FloatArray) -> float:
    """
    How far the shoulders of two trunks are apart, in units of the longer trunk's length. Hips are often below the
    picture, and only guessed.
    """
    length = max(float(np.linalg.norm(trunk[1] - trunk[0])) for trunk in (first, second))
    return float(np.linalg.norm(first[1] - second[1])) / max(length, 1e-6)


def appearance(image: Image, trunk: FloatArray) -> FloatArray:
    """
    The colours of somebody's clothes, to recognise the person by.

    :return: ``(64,)``: shares of hues and saturations.
    """
    hips, shoulders = trunk
    length = float(np.linalg.norm(shoulders - hips))
    middle = (hips + shoulders) / 2
    rotation = atan2(float(hips[0] - shoulders[0]), float(hips[1] - shoulders[1]))
    region = Region(float(middle[0]), float(middle[1]), max(0.6 * length, 1), max(0.8 * length, 1), -rotation)
    patch = cv2.cvtColor(warp.crop(image, region, _PATCH, warp.REPLICATE), cv2.COLOR_RGB2HSV)
    counts, _, _ = np.histogram2d(patch[..., 0].ravel(), patch[..., 1].ravel(), bins=_BINS, range=((0, 180), (0, 256)))
    shares: FloatArray = (counts.ravel() / counts.sum()).astype(np.float32)
    return shares


def similarity(first: FloatArray, second: FloatArray) -> float:
    """The Bhattacharyya coefficient of two appearances, from 0 to 1."""
    return float(np.sqrt(first * second).sum())
