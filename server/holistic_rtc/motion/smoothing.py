"""Smoothing of what MediaPipe leaves raw, the face and the hands. docs/tracking.md says what it does and costs.

The One-Euro filter (Casiez, Roussel and Vogel, "1€ Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems", CHI 2012) is a low-pass filter of the first order whose cut-off rises with the speed of the
signal: what stands still is smoothed much, what moves is hardly delayed.
"""

from dataclasses import dataclass, replace
from math import pi
from typing import TypeVar

import numpy as np

from holistic_rtc.model.result import FloatArray, HolisticResult

MIN_CUTOFF = 0.5
"""Hz, of a point that stands still"""
HAND_BETA = 4.0
"""By how many Hz the cut-off of a point rises when it moves by the size of its hand in a second"""
FACE_BETA = 16.0
"""The same for a point of the face, which moves less, and is found with less noise"""
SPEED_CUTOFF = 1.0
"""Hz, of the low-pass filter of the speed, as in the paper"""

MAX_GAP_MS = 250
"""Nothing is smoothed over a longer time between two frames,"""
MAX_JUMP = 1.0
"""nor when a part has moved by its own size from one frame to the next, for then it may be another one,"""
MAX_STRETCH = 0.03
"""nor when the shape of the frame has changed by more, for then its fractions mean something else. Rounding, when a
browser makes its frames smaller, changes it by less."""

_WRIST = 0

_Number = TypeVar("_Number", float, FloatArray)


class Smoother:
    """Smooths the results of one stream of frames. A part that isn't seen in a frame is forgotten."""

    def __init__(self) -> None:
        self._face = _OneEuroFilter(FACE_BETA)
        self._left_hand = _OneEuroFilter(HAND_BETA)
        self._right_hand = _OneEuroFilter(HAND_BETA)

    def smooth(self, result: HolisticResult, aspect: float, timestamp_ms: int) -> HolisticResult:
        """
        The result with the landmarks of the face and of the hands smoothed, in the image and in the world.

        :param aspect: width of the frame divided by its height.
        :param timestamp_ms: time of the frame, greater than that of the frame before.
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
    """A part in the frame before."""

    timestamp_ms: int
    aspect: float
    xy: FloatArray
    """(2, n) as it was found, in heights of the frame"""
    velocity: FloatArray
    """(2, n) smoothed, in sizes of the part a second"""
    smoothed: FloatArray
    """(1 or 2, n, 3): the image landmarks, and those in the world about the wrist"""


class _OneEuroFilter:
    """
    The filter of all points of a part.

    A point has one cut-off for all its coordinates, so that its path isn't bent, and for its place in the world, which
    is much noisier than that in the image. It goes by the point's speed in the image in sizes of the part, as in
    MediaPipe's own filter of the pose (``landmarks_smoothing_calculator.cc``), so that a gesture near the camera is
    smoothed like the same one far from it.
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
        # MediaPipe puts a hand's wrist where the pose has it. There it has to stay: at the end of the arm, and smooth,
        # as the pose is.
        wrist = world[_WRIST]
        smoothed = self._filter(np.stack((landmarks, world - wrist)), aspect, timestamp_ms)
        return smoothed[0], smoothed[1] + wrist

    def _filter(self, found: FloatArray, aspect: float, timestamp_ms: int) -> FloatArray:
        # Coordinates come first in memory: along long rows numpy is three times as fast.
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
    """Whether the part is what it was a frame ago, moved."""
    return (
        0 < timestamp_ms - last.timestamp_ms <= MAX_GAP_MS
        and abs(aspect / last.aspect - 1) <= MAX_STRETCH
        and found.shape == last.smoothed.shape
        # False, too, of a part without size, whose speed can't be told.
        and bool(np.linalg.norm(xy - last.xy, axis=0).mean() < MAX_JUMP * size)
    )


def _weight(cutoff: _Number, seconds: float) -> _Number:
    """Of a new value in a low-pass filter of the first order, when it comes so long after the one before."""
    turns = 2 * pi * seconds * cutoff
    return turns / (turns + 1)
