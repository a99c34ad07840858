"""
Converts between decoded video frames and the RGB images used for tracking and drawing.

All frames that are encoded have the colours of BT.601 with limited range: receivers of VP8, and of H.264 without a
description of its colours, take any other ones for these.
"""

from typing import cast

import cv2
import numpy as np
from av import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace

from holistic_rtc.model.result import Image

FORMAT = "yuv420p"
COLORSPACE = Colorspace.ITU601
COLOR_RANGE = ColorRange.MPEG
"""Of all frames that are encoded"""

_TURNS = (-1, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
_SAME_COLORSPACES = (2, Colorspace.ITU601, 6)
"""FFmpeg's numbers: unspecified, BT.470BG, and SMPTE 170M, which is computed alike"""


def to_rgb(frame: VideoFrame) -> Image:
    """
    :return: ``(height, width, 3)`` uint8. An odd last row or column is cropped, since encoders need even sizes.
    """
    return _even(cast(Image, frame.to_ndarray(format="rgb24")))


def from_rgb(image: Image, like: VideoFrame | None = None) -> VideoFrame:
    """
    :param image: ``(height, width, 3)`` uint8. An odd last row or column is cropped, a single one is doubled.
    :param like: the frame to copy ``pts`` and ``time_base`` from.
    :return: a frame to encode.
    """
    if 1 in image.shape[:2]:
        image = np.pad(image, [(0, int(side == 1)) for side in image.shape], mode="edge")
    # OpenCV's conversion takes a fifth of the time of FFmpeg's.
    planes = cast(Image, cv2.cvtColor(_even(image), cv2.COLOR_RGB2YUV_I420))
    frame = VideoFrame.from_ndarray(planes, format=FORMAT)
    frame.colorspace = COLORSPACE
    frame.color_range = COLOR_RANGE
    if like is not None:
        frame.pts = like.pts
        frame.time_base = like.time_base
    return frame


def encodable(frame: VideoFrame) -> VideoFrame:
    """The frame itself, or one that looks the same, whatever its format, colours and size."""
    is_even = not (frame.width % 2 or frame.height % 2)
    has_colours = frame.colorspace in _SAME_COLORSPACES and frame.color_range != ColorRange.JPEG
    if frame.format.name == FORMAT and has_colours and is_even:
        return frame
    return from_rgb(to_rgb(frame), frame)


def upright(frame: VideoFrame, orientation: int) -> VideoFrame:
    """
    :param orientation: how it was sent: the two lowest bits count the quarters by which to turn it clockwise, and the
        third one says that it is mirrored (3GPP TS 26.114, section 7.4.5).
    :return: the frame itself if it is upright.
    """
    turns, mirrored = orientation & 3, bool(orientation & 4)
    if not turns and not mirrored:
        return frame
    source = frame if frame.format.name == FORMAT else encodable(frame)
    width, height = (source.height, source.width) if turns % 2 else (source.width, source.height)
    turned = VideoFrame(width, height, FORMAT)
    for plane, new in zip(source.planes, turned.planes, strict=True):
        # OpenCV takes a fifth of NumPy's time.
        pixels = cv2.flip(_pixels(plane), 1) if mirrored else _pixels(plane)
        _pixels(new)[:] = cv2.rotate(pixels, _TURNS[turns]) if turns else pixels
    turned.colorspace, turned.color_range = source.colorspace, source.color_range
    turned.pts, turned.time_base = frame.pts, frame.time_base
    return turned


def _pixels(plane: VideoPlane) -> Image:
    """:return: a view"""
    return np.frombuffer(cast(bytes, plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]


def _even(image: Image) -> Image:
    return image[: image.shape[0] & ~1 or 1, : image.shape[1] & ~1 or 1]
