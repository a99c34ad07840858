"""Converts between decoded video frames (YUV 4:2:0) and the RGB images used for tracking and drawing."""

from typing import cast

import cv2
from av import VideoFrame

from holistic_rtc.model.result import Image


def to_rgb(frame: VideoFrame) -> Image:
    """
    :return: ``(height, width, 3)`` uint8. An odd last row or column is cropped, since encoders need even sizes.
    """
    rgb = cast(Image, frame.to_ndarray(format="rgb24"))
    return rgb[: frame.height & ~1 or 1, : frame.width & ~1 or 1]


def from_rgb(image: Image, like: VideoFrame) -> VideoFrame:
    """
    :param image: ``(height, width, 3)`` uint8 with an even height and width.
    :param like: the frame to copy ``pts`` and ``time_base`` from.
    :return: a YUV 4:2:0 frame.
    """
    # OpenCV's conversion is ten times as fast as FFmpeg's.
    frame = VideoFrame.from_ndarray(cast(Image, cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420)), format="yuv420p")
    frame.pts = like.pts
    frame.time_base = like.time_base
    return frame
