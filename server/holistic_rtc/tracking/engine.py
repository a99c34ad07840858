"""What a tracking engine does, whatever the engine."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from holistic_rtc.model.result import HolisticResult, Image


class PictureTracker(Protocol):
    """A tracking engine for pictures that have nothing to do with each other. Made, used and closed on one thread."""

    def detect(self, image: Image) -> HolisticResult:
        """
        Find the person in a picture.

        :param image: ``(height, width, 3)`` uint8 RGB, of any size.
        :raises TrackerError: the engine failed; the tracker can't be used any more.
        """

    def forget(self) -> None:
        """Get ready for the next picture: what can be done before it comes."""

    def close(self) -> None:
        """Free the engine. May be called twice."""


class Tracker(Protocol):
    """A tracking engine for one stream of frames. Made, used and closed on one thread."""

    def track(self, image: Image, timestamp_ms: int) -> HolisticResult:
        """
        Find the person in the next frame of the stream.

        :param image: ``(height, width, 3)`` uint8 RGB; its size may differ from frame to frame.
        :param timestamp_ms: time of the frame, greater than that of the frame before.
        :raises TrackerError: the engine failed; the tracker can't be used any more.
        """

    def close(self) -> None:
        """Free the engine. May be called twice."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What an engine's module defines as ``ENGINE``. Both take the path of the model bundle."""

    tracker: Callable[[Path], Tracker]
    picture_tracker: Callable[[Path], PictureTracker]
