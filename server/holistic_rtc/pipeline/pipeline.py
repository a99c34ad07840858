"""Finds the landmarks and the avatar's pose in a frame of a live track, a video file or a picture."""

from collections.abc import Callable
from dataclasses import dataclass

from holistic_rtc.model.parts import DEFAULT_PARTS, Part
from holistic_rtc.model.result import HolisticResult, Image
from holistic_rtc.model.rig import Rig
from holistic_rtc.motion.refine import Refiner
from holistic_rtc.motion.rig.solver import RigSolver

_MADE_FROM = {
    Part.FACE_TRANSFORM: frozenset({Part.FACE}),
    Part.RIG: DEFAULT_PARTS,
}
"""The parts that aren't tracked, but computed from others."""


@dataclass(frozen=True, slots=True)
class Found:
    """
    The outcome of one frame.

    :param result: smoothed landmarks, with the face transform.
    :param rig: the avatar's pose, if it was requested and somebody was seen.
    """

    result: HolisticResult
    rig: Rig | None


class Pipeline:
    """
    Processes one stream of frames, in order, on one thread.

    :param find: finds some parts of the person in an image, ``(height, width, 3)`` uint8 RGB, at a time in
        milliseconds, like :meth:`holistic_rtc.tracking.engine.Tracker.track`.
    """

    def __init__(self, find: Callable[[Image, int, frozenset[Part]], HolisticResult]) -> None:
        self._find = find
        self._refiner = Refiner()
        self._solver: RigSolver | None = None

    def process(self, image: Image, timestamp_ms: int, *, smoothing: bool, parts: frozenset[Part]) -> Found:
        """
        Process the next frame.

        :param image: ``(height, width, 3)`` uint8 RGB.
        :param timestamp_ms: greater than that of the previous frame.
        :param smoothing: whether to smooth face and hands; may change from frame to frame.
        :param parts: what to find; may change from frame to frame. After a frame without the rig, the avatar's motion
            starts over.
        :raises TrackerError: the engine failed; the pipeline can't be used any more.
        """
        height, width = image.shape[:2]
        wanted = parts.union(*(sources for part, sources in _MADE_FROM.items() if part in parts))
        result = self._find(image, timestamp_ms, wanted - _MADE_FROM.keys())
        result = self._refiner.refine(result, width, height, timestamp_ms, smoothing=smoothing)
        self._solver = (self._solver or RigSolver()) if Part.RIG in parts else None
        return Found(result, self._solver.solve(result, timestamp_ms) if self._solver else None)
