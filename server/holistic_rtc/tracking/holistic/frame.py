"""A frame on its way through the graph."""

from dataclasses import dataclass

import numpy as np

from holistic_rtc.model.result import FloatArray, Image


@dataclass(frozen=True, slots=True)
class Frame:
    """
    :param image: ``(height, width, 3)`` uint8 RGB.
    :param timestamp_ms: greater than that of the previous frame.
    """

    image: Image
    timestamp_ms: int

    @property
    def width(self) -> int:
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        return int(self.image.shape[0])

    def fractions(self, points: FloatArray) -> FloatArray:
        """
        Points as a :class:`~holistic_rtc.model.result.HolisticResult` has them.

        :param points: ``(n, 3)`` in pixels.
        """
        size: FloatArray = np.array([self.width, self.height, self.width], np.float32)
        return points / size
