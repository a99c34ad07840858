"""
Cuts rotated regions out of frames, as ``image_to_tensor_converter_opencv.cc`` does.

MediaPipe calls ``warpPerspective`` of OpenCV 4, which rounds the place of each pixel to 1/32. OpenCV 5 doesn't, so its
pixels differ by up to 4. ``remap`` with places that are already rounded gives the same pixels in both versions, in the
same time.
"""

from functools import cache
from math import cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from holistic_rtc.model.result import FloatArray, Image
from holistic_rtc.tracking.holistic.regions import Region

REPLICATE = cv2.BORDER_REPLICATE
"""Beyond the frame's edge is the colour of the edge"""
BLACK = cv2.BORDER_CONSTANT

_FRACTION_BITS = 5
"""Of a place in ``remap``: 1/32 pixel"""
_GUARD_BITS = 10
"""Of further precision, so that the rounded sum of two rounded numbers is that of the exact ones. 16 bits of whole pixels
are left, which is all that ``remap`` can address"""


def crop(image: Image, region: Region, side: int, border: int) -> Image:
    """
    Cut out a region and scale it to a square.

    The corners of the region become the corners of the square, without half a pixel's offset.

    :param image: ``(height, width, 3)`` uint8.
    :param side: of the result, in pixels.
    :param border: :data:`REPLICATE` or :data:`BLACK`.
    :return: ``(side, side, 3)`` uint8.
    """
    c, s = cos(region.rotation), sin(region.rotation)
    right = np.array([region.width * c, region.width * s]) / side
    down = np.array([-region.height * s, region.height * c]) / side
    corner = np.array([region.x, region.y]) - (right + down) * (side / 2)
    places, fractions = _places(corner, right, down, side)
    cut: Image = cv2.remap(image, places, fractions, cv2.INTER_LINEAR, borderMode=border)  # type: ignore[assignment]
    return cut


def zero_to_one(pixels: Image) -> FloatArray:
    """The input of the networks for landmarks: x / 255. That of the networks' own metadata."""
    values = pixels.astype(np.float32)
    values *= np.float32(1 / 255)
    return values


def minus_one_to_one(pixels: Image) -> FloatArray:
    """The input of the detectors: (x - 127.5) / 127.5."""
    values = pixels.astype(np.float32)
    values *= np.float32(2 / 255)
    values -= np.float32(1)
    return values


def _places(
    corner: NDArray[np.float64], right: NDArray[np.float64], down: NDArray[np.float64], side: int
) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """
    Where each pixel of the result comes from, in the fixed-point format of ``remap``.

    :return: ``(side, side, 2)`` whole x and y; ``(side, side)`` their fractions, 5 bits of y, then 5 of x.
    """
    unit = 1 << (_FRACTION_BITS + _GUARD_BITS)
    steps = np.arange(side)
    columns = np.rint(right[:, np.newaxis] * (steps * unit)).astype(np.int32)
    half = 1 << (_GUARD_BITS - 1)
    rows = np.rint((down[:, np.newaxis] * steps + corner[:, np.newaxis]) * unit + half).astype(np.int32)
    sums, fractions = _scratch(side)
    np.add(rows[:, :, np.newaxis], columns[:, np.newaxis, :], out=sums)
    np.right_shift(sums, _GUARD_BITS, out=sums)
    places = np.empty((side, side, 2), np.int16)
    for axis in (0, 1):
        np.right_shift(sums[axis], _FRACTION_BITS, out=places[..., axis], casting="unsafe")
    mask = (1 << _FRACTION_BITS) - 1
    np.bitwise_and(sums, mask, out=sums)
    np.left_shift(sums[1], _FRACTION_BITS, out=sums[1])
    np.bitwise_or(sums[0], sums[1], out=fractions, casting="unsafe")
    return places, fractions


@cache
def _scratch(side: int) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    return np.empty((2, side, side), np.int32), np.empty((side, side), np.uint16)
