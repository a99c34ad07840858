"""
MediaPipe's smoothing of the pose.

The One-Euro filter (Casiez, Roussel and Vogel, CHI 2012) is a first-order low-pass filter whose cutoff frequency rises
with the speed of the signal. Here, each coordinate has its own cutoff (``one_euro_filter.cc``), unlike in
``motion/smoothing.py``, where a point has one for all its coordinates.
"""

from math import pi

import numpy as np

from holistic_rtc.model.result import FloatArray

DERIVATIVE_CUTOFF = 1.0
"""Hz, of the filter for the speed: ``holistic_pose_tracking.cc``"""


class OneEuroFilter:
    """
    Filters an array of coordinates.

    :param cutoff: Hz, for coordinates that don't change.
    :param beta: Hz by which the cutoff rises when a coordinate changes by 1, or by the object's size, per second.
    """

    def __init__(self, cutoff: float, beta: float) -> None:
        self._cutoff = cutoff
        self._beta = beta
        self._timestamp_ms = 0
        self._last: tuple[FloatArray, FloatArray, FloatArray] | None = None
        """The latest values, their speeds, smoothed, and the smoothed values"""

    def apply(self, values: FloatArray, timestamp_ms: int, size: float = 1.0) -> FloatArray:
        """
        :param values: of any shape, the same each time until :meth:`reset`.
        :param timestamp_ms: if it isn't greater than that of the previous call, the filter starts over.
        :param size: the object's size in units of ``values``.
        """
        if self._last is None or timestamp_ms <= self._timestamp_ms:
            self._last = values, np.zeros_like(values), values
        else:
            before, speed, smoothed = self._last
            seconds = (timestamp_ms - self._timestamp_ms) / 1000
            speed = speed + _weight(DERIVATIVE_CUTOFF, seconds) * ((values - before) / (size * seconds) - speed)
            turns = (2 * pi * seconds) * (self._cutoff + self._beta * np.abs(speed))
            smoothed = smoothed + turns / (turns + 1) * (values - smoothed)
            self._last = values, speed, smoothed
        self._timestamp_ms = timestamp_ms
        return self._last[2]

    def reset(self) -> None:
        """Start over with the next values."""
        self._last = None

    def scale(self, factors: FloatArray) -> None:
        """Multiply what is remembered of the values, since their unit changes."""
        if self._last is not None:
            values, speed, smoothed = self._last
            self._last = values * factors, speed, smoothed * factors


def _weight(cutoff: float, seconds: float) -> float:
    """The weight of a new value in a first-order low-pass filter, a time step after the previous one."""
    turns = 2 * pi * seconds * cutoff
    return turns / (turns + 1)
