"""The interface of tracking engines."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import Image, Persons


class PictureTracker(Protocol):
    """Tracks unrelated pictures. Must be made, used and closed on the same thread."""

    def detect(self, image: Image, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1) -> Persons:
        """
        Find the persons in a picture.

        :param image: ``(height, width, 3)`` uint8 RGB, of any size.
        :param parts: what to find. Other parts may be missing.
        :param max_persons: how many persons to find at most. An engine may find fewer.
        :return: the persons by id, from 0.
        :raises TrackerError: the engine failed; the tracker can't be used any more.
        """

    def forget(self) -> None:
        """Prepare for the next picture ahead of time. Optional: :meth:`detect` does it if needed."""

    def close(self) -> None:
        """Free the tracker's state. May be called twice."""


class Tracker(Protocol):
    """Tracks one stream of frames. Must be made, used and closed on the same thread."""

    quality: Quality
    """How exactly to track the next frames. An engine may have fewer qualities, and keep another one than was set."""

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        """
        Find the persons in the next frame of the stream.

        :param image: ``(height, width, 3)`` uint8 RGB; its size may differ from frame to frame.
        :param timestamp_ms: the frame's time, greater than that of the previous frame.
        :param parts: what to find; may change from frame to frame. Other parts may be missing.
        :param max_persons: how many persons to find at most; may change from frame to frame. An engine may find fewer.
        :return: the persons by id. A new person gets the lowest free id; that of a person who has left is free.
        :raises TrackerError: the engine failed; the tracker can't be used any more.
        """

    def reset(self) -> None:
        """Forget the stream, so that another one can begin, at any time of its own."""

    def close(self) -> None:
        """Free the tracker's state. May be called twice."""


class Model(Protocol):
    """A model bundle, whose networks are loaded once for all trackers. Threads may share it."""

    @property
    def runtime(self) -> str:
        """The software that runs the networks, such as ``LiteRT``. Loads them like :meth:`load`."""

    def preload(self) -> None:
        """
        Load ahead what processes forked from this one can share. Leaves no thread running.

        :raises TrackerError: the networks can't be loaded.
        :raises ModelError: the bundle can't be read, or has a missing or foreign network, which the message names.
        """

    def load(self) -> None:
        """
        Load the networks ahead of the first tracker, if trackers share them.

        :raises TrackerError, ModelError: see :meth:`preload`.
        """

    def tracker(self, quality: Quality = Quality.BALANCED) -> Tracker:
        """
        Make a tracker for one stream of frames. If the networks aren't loaded or have failed since, it loads them and
        raises errors like :meth:`load`.
        """

    def picture_tracker(self) -> PictureTracker:
        """Make a tracker for unrelated pictures. See :meth:`tracker`."""

    def close(self) -> None:
        """
        Free the networks. May be called twice. After that, making a tracker raises a TrackerError, and the trackers
        that are left can't be used.
        """


Engine = Callable[[Path, int], Model]
"""Opens a model bundle, whose networks a number of threads may run."""
