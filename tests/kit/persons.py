"""Several people, and the first of them."""

import dataclasses
from collections.abc import Callable
from typing import Protocol

import numpy as np

from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import HolisticResult, Image, Persons
from holistic_rtc.tracking.engine import PictureTracker, Tracker
from tests.kit.synthetic import make_result


def person(number: int) -> HolisticResult:
    """Each stands in another place, and is seen entirely."""
    result = make_result()
    assert result.left_hand_landmarks is not None
    return dataclasses.replace(
        result,
        pose_visibility=np.ones(33, np.float32),
        left_hand_landmarks=result.left_hand_landmarks / np.float32(8) + np.float32(0.2 + 0.3 * number),
    )


def first_of(persons: Persons) -> HolisticResult:
    """The person with the lowest id; without any parts if nobody is there."""
    return persons[min(persons)] if persons else HolisticResult()


class Memoryless:
    """What trackers have in common that remember nothing."""

    quality = Quality.BALANCED

    def forget(self) -> None:
        pass

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


class Crowd(Memoryless):
    """
    An engine that sees as many people as it is asked for, up to as many as there are.

    :param size: how many there are.
    """

    def __init__(self, size: int = 2) -> None:
        self.size = size
        self.missed: frozenset[int] = frozenset()
        """Those who aren't found at the moment"""
        self.asked = 0
        """How many people it was asked for in the newest frame"""

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        return self.detect(image, parts, max_persons)

    def detect(self, image: Image, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1) -> Persons:
        self.asked = max_persons
        return {number: person(number) for number in range(min(self.size, max_persons)) if number not in self.missed}


class Twice(Memoryless):
    """
    Sees two people whom it numbers as it finds them: sometimes the other one first.

    :param turned: when those trackers begin that find the other one first.
    """

    def __init__(self, turned: range) -> None:
        self._turned = turned
        self._first: int | None = None

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        self._first = timestamp_ms if self._first is None else self._first
        shifts = [0.1, 0.6]
        if self._first in self._turned:
            shifts.reverse()
        pose = np.random.default_rng(1).random((33, 3), np.float32) / np.float32(3)
        return {
            number: dataclasses.replace(person(0), pose_landmarks=pose + np.float32(shift))
            for number, shift in enumerate(shifts)
        }

    def detect(self, image: Image, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1) -> Persons:
        return self.track(image, 0)


class AnyTracker(Tracker, PictureTracker, Protocol):
    """For videos and pictures."""


class Made:
    """
    A model whose trackers are made by the test.

    :param make: makes one for a video or for pictures.
    """

    runtime = "none"

    def __init__(self, make: Callable[[], AnyTracker]) -> None:
        self._make = make

    def preload(self) -> None:
        """No-op."""

    def load(self) -> None:
        pass

    def tracker(self, quality: Quality = Quality.BALANCED) -> Tracker:
        return self._make()

    def picture_tracker(self) -> PictureTracker:
        return self._make()

    def close(self) -> None:
        pass
