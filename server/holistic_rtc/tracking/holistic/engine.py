"""This engine's trackers."""

from collections.abc import Set
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from holistic_rtc.errors import TrackerError
from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import Image, Persons
from holistic_rtc.tracking.engine import Engine
from holistic_rtc.tracking.holistic import networks
from holistic_rtc.tracking.holistic.crowd import Crowd
from holistic_rtc.tracking.holistic.gates import EXACT, GATES
from holistic_rtc.tracking.holistic.runtimes.choice import make_runtime, runtime_class
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime
from holistic_rtc.tracking.holistic.runtimes.shared import SharedRuntime

MAX_SIDE = 32_000
"""Pixels; ``cv2.remap`` takes 16 bits"""


class HolisticModel:
    """
    A model bundle. Its networks are loaded by the thread that needs them first, and again if they have failed.

    :param path: of a ``holistic_landmarker.task``.
    :param threads: how many may run a network at a time.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._path = path
        self._threads = threads
        self._loaded: SharedRuntime | None = None
        self._closed = False
        self._lock = Lock()

    @property
    def runtime(self) -> str:
        """See :attr:`holistic_rtc.tracking.engine.Model.runtime`."""
        return self._shared().name

    def preload(self) -> None:
        """See :meth:`holistic_rtc.tracking.engine.Model.preload`."""
        if runtime_class().forks and self._threads == 1:
            self._shared()
        else:
            networks.load(self._path)

    def load(self) -> None:
        """See :meth:`holistic_rtc.tracking.engine.Model.load`."""
        self._shared()

    def tracker(self, quality: Quality = Quality.BALANCED) -> "HolisticTracker":
        """See :meth:`holistic_rtc.tracking.engine.Model.tracker`."""
        return HolisticTracker(self._shared(), quality)

    def picture_tracker(self) -> "HolisticPictureTracker":
        """See :meth:`holistic_rtc.tracking.engine.Model.picture_tracker`."""
        return HolisticPictureTracker(self._shared())

    def close(self) -> None:
        """See :meth:`holistic_rtc.tracking.engine.Model.close`."""
        with self._lock:
            self._closed = True
            if self._loaded is not None:
                self._loaded.close()

    def _shared(self) -> SharedRuntime:
        with self._lock:
            if self._closed:
                raise TrackerError("the model is closed")
            if self._loaded is None or self._loaded.failed:
                # A runtime that has failed is freed with the last of its trackers.
                self._loaded = SharedRuntime(make_runtime(networks.load(self._path), self._threads))
            return self._loaded


class HolisticTracker:
    """Tracks one stream of frames, each at its own size."""

    def __init__(self, runtime: Runtime, quality: Quality = Quality.BALANCED) -> None:
        self._crowd: Crowd | None = Crowd(runtime, GATES[quality])
        self._quality = quality
        self._timestamp_ms = -1

    def track(self, image: Image, timestamp_ms: int, parts: Set[Part] = ALL_PARTS, max_persons: int = 1) -> Persons:
        """See :meth:`holistic_rtc.tracking.engine.Tracker.track`."""
        if self._crowd is None:
            raise TrackerError("the tracker is closed")
        image = _checked(image)
        if timestamp_ms <= self._timestamp_ms:
            raise TrackerError(f"timestamps must increase: {timestamp_ms} ms came after {self._timestamp_ms} ms")
        self._timestamp_ms = timestamp_ms
        return self._crowd.track(image, timestamp_ms, parts, max_persons)

    def reset(self) -> None:
        """See :meth:`holistic_rtc.tracking.engine.Tracker.reset`."""
        self._timestamp_ms = -1
        if self._crowd is not None:
            self._crowd.reset()

    @property
    def quality(self) -> Quality:
        """See :attr:`holistic_rtc.tracking.engine.Tracker.quality`."""
        return self._quality

    @quality.setter
    def quality(self, quality: Quality) -> None:
        if quality != self._quality:
            self._quality = quality
            if self._crowd is not None:
                self._crowd.set_gates(GATES[quality])

    def close(self) -> None:
        """See :meth:`holistic_rtc.tracking.engine.Tracker.close`."""
        self._crowd = None


class HolisticPictureTracker:
    """Tracks unrelated pictures, each at its own size and as if it was the first."""

    def __init__(self, runtime: Runtime) -> None:
        self._crowd = Crowd(runtime, EXACT)

    def detect(self, image: Image, parts: Set[Part] = ALL_PARTS, max_persons: int = 1) -> Persons:
        """See :meth:`holistic_rtc.tracking.engine.PictureTracker.detect`."""
        image = _checked(image)
        self._crowd.reset()
        return self._crowd.track(image, 0, parts, max_persons, thorough=True)

    def forget(self) -> None:
        """See :meth:`holistic_rtc.tracking.engine.PictureTracker.forget`."""
        self._crowd.reset()

    def close(self) -> None:
        """No-op: nothing is kept from one picture to the next."""


def _checked(image: Image) -> Image:
    """
    The image, scaled down if it is larger than what OpenCV can address. Results are fractions of its size.

    :raises TrackerError: it isn't an image.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise TrackerError(f"a frame must be (height, width, 3) uint8, this is {image.shape} {image.dtype}")
    height, width = image.shape[:2]
    if max(height, width) <= MAX_SIDE:
        return image
    scale = MAX_SIDE / max(height, width)
    size = max(int(width * scale), 1), max(int(height * scale), 1)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


ENGINE: Engine = HolisticModel
