"""Smooths the face and the hands, which MediaPipe doesn't filter itself. docs/tracking.md describes effect and cost.

The One-Euro filter (Casiez, Roussel and Vogel, "1€ Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems", CHI 2012) is a first-order low-pass filter whose cutoff frequency rises with the speed of the
signal: it smooths still points strongly, and hardly delays moving ones.
"""

from dataclasses import dataclass, replace
from math import pi
from typing import TypeVar

import numpy as np

from holistic_rtc.model.result import FloatArray, HolisticResult

MIN_CUTOFF = 0.5
"""Hz, the cutoff for a still point"""
HAND_BETA = 4.0
"""Hz by which a point's cutoff rises when it moves by the size of its hand per second"""
FACE_BETA = 16.0
"""The same for the face, whose points move less and are less noisy"""
SPEED_CUTOFF = 1.0
"""Hz, the cutoff of the filter for the speed, as in the paper"""

MAX_GAP_MS = 250
"""Smoothing restarts after a longer gap between two frames"""
MAX_JUMP = 1.0
"""Smoothing restarts when a part moves by this multiple of its size between two frames: it may be a different one"""
MAX_STRETCH = 0.03
"""Smoothing restarts when the frame's aspect ratio changes by more, since image coordinates are fractions of the frame.
Browsers that scale frames down change it by less, through rounding"""

_WRIST = 0

_Number = TypeVar("_Number", float, FloatArray)


class Smoother:
    """Smooths the results of one stream of frames. Smoothing of a part restarts after a frame without it."""

    def __init__(self) -> None:
        self._face = _OneEuroFilter(FACE_BETA)
        self._left_hand = _OneEuroFilter(HAND_BETA)
        self._right_hand = _OneEuroFilter(HAND_BETA)

    def smooth(self, result: HolisticResult, aspect: float, timestamp_ms: int) -> HolisticResult:
        """
        The result with smoothed face and hand landmarks, both in image and in world coordinates.

        :param aspect: the frame's width divided by its height.
        :param timestamp_ms: the frame's time, greater than that of the previous frame.
        """
        frame = aspect, timestamp_ms
        face, _ = self._face.smooth(result.face_landmarks, None, *frame)
        left, left_world = self._left_hand.smooth(result.left_hand_landmarks, result.left_hand_world_landmarks, *frame)
        right, right_world = self._right_hand.smooth(
            result.right_hand_landmarks, result.right_hand_world_landmarks, *frame
        )
        return replace(
            result,
            face_landmarks=face,
            left_hand_landmarks=left,
            left_hand_world_landmarks=left_world,
            right_hand_landmarks=right,
            right_hand_world_landmarks=right_world,
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """A part in the previous frame."""

    timestamp_ms: int
    aspect: float
    xy: FloatArray
    """(2, n) unsmoothed, in units of the frame's height"""
    velocity: FloatArray
    """(2, n) smoothed, in sizes of the part per second"""
    smoothed: FloatArray
    """(1 or 2, n, 3): image landmarks and, for hands, world landmarks relative to the wrist"""


class _OneEuroFilter:
    """
    Filters all points of a part.

    Each point has one cutoff for all its coordinates, so that its path isn't distorted. The cutoff depends on the
    point's speed in the image, also for the world coordinates, which are much noisier. Speeds are relative to the
    part's size, as in MediaPipe's own pose filter (``landmarks_smoothing_calculator.cc``), so gestures are smoothed
    alike near the camera and far from it.
    """

    def __init__(self, beta: float) -> None:
        self._beta = beta
        self._last: _Seen | None = None

    def smooth(
        self, landmarks: FloatArray | None, world: FloatArray | None, aspect: float, timestamp_ms: int
    ) -> tuple[FloatArray | None, FloatArray | None]:
        if landmarks is None:
            self._last = None
            return None, world
        if world is None:
            return self._filter(landmarks[np.newaxis], aspect, timestamp_ms)[0], None
        # MediaPipe places a hand's wrist at the wrist of the pose, which is smooth already. Keep it there.
        wrist = world[_WRIST]
        smoothed = self._filter(np.stack((landmarks, world - wrist)), aspect, timestamp_ms)
        return smoothed[0], smoothed[1] + wrist

    def _filter(self, found: FloatArray, aspect: float, timestamp_ms: int) -> FloatArray:
        # Coordinates are the first dimension: numpy is three times as fast along long rows.
        xy = np.ascontiguousarray(found[0, :, :2].T) * np.array([[aspect], [1]], np.float32)
        size = float(np.ptp(xy, axis=1).mean())
        last = self._last
        if last is None or not _continues(last, found, xy, size, aspect, timestamp_ms):
            velocity, smoothed = np.zeros_like(xy), found
        else:
            seconds = (timestamp_ms - last.timestamp_ms) / 1000
            velocity = (xy - last.xy) / (size * seconds)
            velocity = last.velocity + _weight(SPEED_CUTOFF, seconds) * (velocity - last.velocity)
            cutoff = MIN_CUTOFF + self._beta * np.linalg.norm(velocity, axis=0)[:, np.newaxis]
            smoothed = last.smoothed + _weight(cutoff, seconds) * (found - last.smoothed)
        self._last = _Seen(timestamp_ms, aspect, xy, velocity, smoothed)
        return smoothed


def _continues(last: _Seen, found: FloatArray, xy: FloatArray, size: float, aspect: float, timestamp_ms: int) -> bool:
    """Whether this is plausibly the same part as in the previous frame."""
    return (
        0 < timestamp_ms - last.timestamp_ms <= MAX_GAP_MS
        and abs(aspect / last.aspect - 1) <= MAX_STRETCH
        and found.shape == last.smoothed.shape
        # Also False for a part of size 0, whose relative speed is undefined.
        and bool(np.linalg.norm(xy - last.xy, axis=0).mean() < MAX_JUMP * size)
    )


def _weight(cutoff: _Number, seconds: float) -> _Number:
    """The weight of a new value in a first-order low-pass filter, a time step after the previous one."""
    turns = 2 * pi * seconds * cutoff
    return turns / (turns + 1)
