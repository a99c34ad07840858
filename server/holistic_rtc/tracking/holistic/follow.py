"""Follows a face or a hand from frame to frame."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.frame import Frame
from holistic_rtc.tracking.holistic.regions import Limits, Region, keeps

MAX_MOVE = 0.05
"""A part is found anew when its coarse region has moved by this fraction of its size since the previous frame"""
PATIENCE = 2
"""A part is missed in this many frames in a row before it is looked for less often. Hands flicker"""


class HasPoints(Protocol):
    """A face or a hand, a dataclass."""

    @property
    def points(self) -> FloatArray:
        """``(n, 3)`` in pixels."""

    def moved_to(self, points: FloatArray) -> Self:
        """The same with other points."""


Seen = TypeVar("Seen", bound=HasPoints)


@dataclass(frozen=True, slots=True)
class Steps(Generic[Seen]):
    """
    What there is to do about a part.

    :param find: finds the part's region within the coarse one that the pose gives. None if it isn't there.
    :param locate: finds the landmarks in a region. None if the part isn't there.
    :param surround: the region in the next frame that follows from the landmarks in this one.
    :param limits: when to prefer a newly found region.
    """

    find: Callable[[Frame, Region], Region | None]
    locate: Callable[[Frame, Region], Seen | None]
    surround: Callable[[FloatArray], Region]
    limits: Limits


class Follower(Generic[Seen]):
    """
    Follows one part.

    :param find_every: frames between two runs of ``steps.find`` while the part is followed and hardly moves. May be
        changed at any time, as may ``try_every``.
    :param try_every: frames between two runs once the part wasn't found in :data:`PATIENCE` frames.
    """

    def __init__(self, steps: Steps[Seen], find_every: int, try_every: int = 1) -> None:
        self._steps = steps
        self.find_every = find_every
        self.try_every = try_every
        self._last: Seen | None = None
        self._coarse: Region | None = None
        """The coarse region in the latest frame whose pose is known"""
        self._misses = 0
        """Runs of ``steps.find`` in a row without success"""
        self._age = 0
        """Frames since ``steps.find`` ran"""

    def follow(self, frame: Frame, coarse: Region | None) -> Seen | None:
        """
        Locate the part by its previous landmarks alone.

        :param coarse: where the pose says that the part is. None if the pose isn't known.
        :return: None if that isn't possible, or the part should be found anew.
        """
        self._age += 1
        before, self._coarse = self._coarse, coarse or self._coarse
        moves = coarse is not None and before is not None and coarse.moved_from(before) > MAX_MOVE
        if self._last is None or moves or self._age >= self.find_every:
            return None
        self._last = self._steps.locate(frame, self._steps.surround(self._last.points))
        return self._last

    def skip(self, coarse: Region | None) -> None:
        """A frame in which the part isn't located; see :meth:`follow`."""
        self._age += 1
        self._coarse = coarse or self._coarse

    def find(self, frame: Frame, coarse: Region) -> Seen | None:
        """Find the part, and locate it there or by its previous landmarks, whichever fits better."""
        if self._misses >= PATIENCE and self._age < self.try_every:
            return None
        self._age = 0
        region = self._steps.find(frame, coarse)
        if region is not None and self._last is not None:
            tracked = self._steps.surround(self._last.points)
            if keeps(self._steps.limits, tracked, self._last.points, region):
                region = tracked
        self._last = None if region is None else self._steps.locate(frame, region)
        self._misses = self._misses + 1 if self._last is None else 0
        return self._last

    def reset(self) -> None:
        """Forget the part."""
        self._last = self._coarse = None
        self._misses = self._age = 0

    def scale(self, x: float, y: float) -> None:
        """Continue in frames that are stretched by ``x`` and ``y``."""
        if self._last is not None:
            self._last = self._last.moved_to(self._last.points * np.array([x, y, x], np.float32))
        if self._coarse is not None:
            self._coarse = self._coarse.scaled(x, y)
