"""Finds the landmarks and the avatar's pose in a frame of a live track, a video file or a picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holistic_rtc.model.parts import DEFAULT_PARTS, Part
from holistic_rtc.model.result import HolisticResult, Image, Persons
from holistic_rtc.model.rig import Rig
from holistic_rtc.motion.refine import Refiner
from holistic_rtc.motion.rig.solver import RigSolver

_MADE_FROM = {
    Part.FACE_TRANSFORM: frozenset({Part.FACE}),
    Part.RIG: DEFAULT_PARTS,
}
"""The parts that aren't tracked, but computed from others."""


Find = Callable[[Image, int, frozenset[Part], int], Persons]
"""
Finds some parts of the people in an image, ``(height, width, 3)`` uint8 RGB, at a time in milliseconds, like
:meth:`holistic_rtc.tracking.engine.Tracker.track`.
"""


def sources(parts: frozenset[Part]) -> frozenset[Part]:
    """What has to be tracked for some parts."""
    made_from = (needed for part, needed in _MADE_FROM.items() if part in parts)
    return parts.union(*made_from).difference(_MADE_FROM)


@dataclass(frozen=True, slots=True)
class Found:
    """
    A person in one frame.

    :param person: the person's id.
    :param result: smoothed landmarks, with the face transform.
    :param rig: the avatar's pose, if it was requested and somebody was seen.
    """

    person: int
    result: HolisticResult
    rig: Rig | None


def landmarks_of(persons: Sequence[Found]) -> Persons:
    """The landmarks only."""
    return {found.person: found.result for found in persons}


NOBODY = Found(0, HolisticResult(), None)


class Pipeline:
    """Processes one stream of frames, in order, on one thread."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._motions: dict[int, _Motion] = {}

    def process(
        self, image: Image, timestamp_ms: int, *, smoothing: bool, parts: frozenset[Part], max_persons: int = 1
    ) -> Sequence[Found]:
        """
        Process the next frame.

        :param image: ``(height, width, 3)`` uint8 RGB.
        :param timestamp_ms: greater than that of the previous frame.
        :param smoothing: whether to smooth face and hands; may change from frame to frame.
        :param parts: what to find; may change from frame to frame. After a frame without the rig, the avatars' motion
            starts over.
        :param max_persons: how many people to find at most; may change from frame to frame.
        :return: the people in order of their ids, :data:`NOBODY` if there is nobody. One who has just left is there,
            without parts, until the avatar has come to rest.
        :raises TrackerError: the engine failed; the pipeline can't be used any more.
        """
        height, width = image.shape[:2]
        persons = self._find(image, timestamp_ms, sources(parts), max_persons)
        found = []
        for person in sorted(persons.keys() | self._motions.keys()):
            motion = self._motions.setdefault(person, _Motion())
            result = persons.get(person, HolisticResult())
            result = motion.refiner.refine(result, width, height, timestamp_ms, smoothing=smoothing)
            rig = motion.solve(result, timestamp_ms, wanted=Part.RIG in parts)
            if person in persons or rig:
                found.append(Found(person, result, rig))
            else:
                del self._motions[person]
        return found or [NOBODY]


class _Motion:
    """What is kept of a person from frame to frame."""

    def __init__(self) -> None:
        self.refiner = Refiner()
        self._solver: RigSolver | None = None

    def solve(self, result: HolisticResult, timestamp_ms: int, *, wanted: bool) -> Rig | None:
        self._solver = (self._solver or RigSolver()) if wanted else None
        return self._solver.solve(result, timestamp_ms) if self._solver else None
