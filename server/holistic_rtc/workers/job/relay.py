"""
Replaces the tracker of a video at fixed times, so that what comes after doesn't depend on all that was before.

A tracker that begins in the middle of a video never sees quite the same as one that has run from the start: each frame
is searched where the last one was found. So all use the same tracker for a frame: one process that tracks a whole
video, and several that track chunks of it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from holistic_rtc.files.seams import SEAMS, Seams
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import HolisticResult, Image
from holistic_rtc.pipeline.pipeline import Found, Pipeline
from holistic_rtc.tracking.engine import Tracker

NEAR = 0.1
"""How far the points of a pose may be apart for two trackers to be on one person, in units of the pose's size"""
VISIBLE = 0.5


class Relay:
    """
    Processes the frames of a video, in order, on one thread.

    Before each seam, a second tracker sees the same frames. If both agree on who is where in the last frame before the
    seam, it takes over; otherwise the first one goes on until the next seam, so that nobody's id changes.

    :param make: makes a tracker. Two are alive at most.
    :param first: the seam at which the frames begin, except for those to warm the tracker up.
    """

    def __init__(
        self,
        make: Callable[[], Tracker],
        parts: frozenset[Part],
        max_persons: int,
        seams: Seams = SEAMS,
        first: int = 0,
    ) -> None:
        self._make: Callable[[], _Runner] = lambda: _Runner(make(), parts, max_persons)
        self._seams = seams
        self._runner = self._make()
        self._next: _Runner | None = None
        self._agreed = False
        self._seam = first + 1
        self.begun = first
        """The seam at which the tracker in charge took over"""

    def advance(self, timestamp_ms: int) -> None:
        """Have the next tracker take over if a frame is at the next seam or after it."""
        if timestamp_ms < self._seams.at(self._seam):
            return
        if self._next:
            if self._agreed:
                self._runner, self._next = self._next, self._runner
                self.begun = self._seam
            self._next.close()
            self._next = None
        self._seam = self._seams.before(timestamp_ms) + 1

    def process(self, image: Image, timestamp_ms: int) -> Sequence[Found]:
        """
        :param image: ``(height, width, 3)`` uint8 RGB.
        :param timestamp_ms: since the video's first frame; greater than that of the previous frame.
        :raises TrackerError: the engine failed; the relay can't be used any more.
        """
        self.advance(timestamp_ms)
        found = self._runner.process(image, timestamp_ms)
        if self._seams.warm_up(timestamp_ms) == self._seam:
            self._next = self._next or self._make()
            height, width = image.shape[:2]
            self._agreed = agree(found, self._next.process(image, timestamp_ms), (width, height))
        return found

    def close(self) -> None:
        for runner in filter(None, (self._runner, self._next)):
            runner.close()


class _Runner:
    """A tracker, and what smooths what it finds."""

    def __init__(self, tracker: Tracker, parts: frozenset[Part], max_persons: int) -> None:
        self._pipeline = Pipeline(tracker.track)
        self._parts = parts
        self._max_persons = max_persons
        self._tracker = tracker

    def close(self) -> None:
        self._tracker.close()

    def process(self, image: Image, timestamp_ms: int) -> Sequence[Found]:
        return self._pipeline.process(
            image, timestamp_ms, smoothing=True, parts=self._parts, max_persons=self._max_persons
        )


def agree(first: Sequence[Found], second: Sequence[Found], size: tuple[int, int]) -> bool:
    """
    Whether two trackers see the same people, each at about the same place.

    :param size: width and height of the frame.
    """
    one, other = ({found.person: found for found in everybody} for everybody in (first, second))
    return one.keys() == other.keys() and all(_is_same(one[person], other[person], size) for person in one)


def _is_same(one: Found, other: Found, size: tuple[int, int]) -> bool:
    first, second = one.result, other.result
    if first.has_anything != second.has_anything or (one.rig is None) != (other.rig is None):
        return False
    if first.pose_landmarks is None or second.pose_landmarks is None:
        return first.pose_landmarks is second.pose_landmarks
    seen = _seen(first) & _seen(second)
    if not seen.any():
        return False
    points, others = (pose[seen, :2] * size for pose in (first.pose_landmarks, second.pose_landmarks))
    extent = np.ptp(points, axis=0).max()
    return bool(np.linalg.norm(points - others, axis=1).mean() <= NEAR * extent)


def _seen(result: HolisticResult) -> NDArray[np.bool_]:
    """:return: ``(33,)``: which points of the pose are in the picture, and aren't hidden"""
    assert result.pose_landmarks is not None
    assert result.pose_visibility is not None
    xy = result.pose_landmarks[:, :2]
    seen: NDArray[np.bool_] = (result.pose_visibility > VISIBLE) & ((xy >= 0) & (xy < 1)).all(axis=1)
    return seen
