"""Frames as a video player shows them: turned, mirrored, and with square pixels."""

import struct
from collections.abc import Mapping
from fractions import Fraction
from typing import cast

import cv2
import numpy as np
from av import VideoFrame
from av.sidedata.sidedata import SideData, Type

from holistic_rtc.model.result import Image
from holistic_rtc.pipeline.frames import to_rgb

_MATRIX = struct.Struct("=5i")
"""The start of FFmpeg's display matrix: a, b, -, c, d. A point (x, y) is shown at (ax + cy, bx + dy)."""
_UPRIGHT = (1, 0, 0, 1)
_MAX_ASPECT = 8
"""Of pixels. Real ones have 2 at most; larger frames than this makes aren't worth their memory."""


def is_shown_as_it_is(frame: VideoFrame, pixel_aspect: Fraction) -> bool:
    """
    :param pixel_aspect: a pixel's width divided by its height.
    """
    return pixel_aspect == 1 and _orientation(frame) == _UPRIGHT


def shown(frame: VideoFrame, pixel_aspect: Fraction) -> Image:
    """
    :return: ``(height, width, 3)`` uint8 RGB.
    """
    image = _with_square_pixels(to_rgb(frame), pixel_aspect)
    a, b, c, d = _orientation(frame)
    if not a:
        image = image.transpose(1, 0, 2)
    if a + c < 0:
        image = image[:, ::-1]
    if b + d < 0:
        image = image[::-1]
    return np.ascontiguousarray(image)


def square_pixels(aspect: Fraction | None) -> Fraction:
    """
    :param aspect: as a file tells it.
    :return: one to use: 1 if it isn't known or can't be true.
    """
    return aspect if aspect and 1 / _MAX_ASPECT <= aspect <= _MAX_ASPECT else Fraction(1)


def _orientation(frame: VideoFrame) -> tuple[int, int, int, int]:
    """
    :return: the display matrix, to the nearest quarter of a turn.
    """
    matrix = cast(Mapping[Type, SideData], frame.side_data).get(Type.DISPLAYMATRIX)
    if matrix is None:
        return _UPRIGHT
    a, b, _, c, d = _MATRIX.unpack_from(bytes(matrix))
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return -1 if a < 0 else 1, 0, 0, -1 if d < 0 else 1
    return 0, -1 if b < 0 else 1, -1 if c < 0 else 1, 0


def _with_square_pixels(image: Image, aspect: Fraction) -> Image:
    if aspect == 1:
        return image
    height, width = image.shape[:2]
    # One side grows and none shrinks, so no detail is lost. Encoders need even sizes.
    if aspect > 1:
        width = 2 * round(width * aspect / 2)
    else:
        height = 2 * round(height / aspect / 2)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
