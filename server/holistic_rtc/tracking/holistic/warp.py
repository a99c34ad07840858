"""
Cuts rotated regions out of frames, as ``image_to_tensor_converter_opencv.cc`` does.

MediaPipe calls ``warpPerspective`` of OpenCV 4, which rounds the place of each pixel to 1/32. OpenCV 5 doesn't, so its
pixels differ by up to 4. ``remap`` with rounded places gives OpenCV 4's pixels in both versions, and is faster.
"""

from functools import cache
from math import cos, sin

import cv2
import numpy as np

from holistic_rtc.model.result import FloatArray, Image
from holistic_rtc.tracking.holistic.regions import Region

REPLICATE = cv2.BORDER_REPLICATE
"""Beyond the frame's edge is the colour of the edge"""
BLACK = cv2.BORDER_CONSTANT


def crop(image: Image, region: Region, side: int, border: int) -> Image:
    """
    Cut out a region and scale it to a square.

    The corners of the region become the corners of the square, without half a pixel's offset.

    :param image: ``(height, width, 3)`` uint8.
    :param side: of the result, in pixels.
    :param border: :data:`REPLICATE` or :data:`BLACK`.
    :return: ``(side, side, 3)`` uint8.
    """
    c, s = cos(region.rotation) / side, sin(region.rotation) / side
    right, down = (region.width * c, region.width * s), (-region.height * s, region.height * c)
    x, y = (
        np.add.outer(_steps(side) * along_y + (middle - (along_x + along_y) * side / 2), _steps(side) * along_x)
        for middle, along_x, along_y in zip((region.x, region.y), right, down, strict=True)
    )
    places, fractions = cv2.convertMaps(x, y, cv2.CV_16SC2)
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


@cache
def _steps(side: int) -> FloatArray:
    return np.arange(side, dtype=np.float32)
