"""Between decoded video frames (YUV 4:2:0) and the RGB pictures that trackers and drawing work on."""

from typing import cast

import cv2
from av import VideoFrame

from holistic_rtc.model.result import Image


def to_rgb(frame: VideoFrame) -> Image:
    """
    :return: ``(height, width, 3)`` uint8, with an odd last row or column left off, as encoders want even sizes.
    """
    rgb = cast(Image, frame.to_ndarray(format="rgb24"))
    return rgb[: frame.height & ~1 or 1, : frame.width & ~1 or 1]


def from_rgb(image: Image, like: VideoFrame) -> VideoFrame:
    """
    :param image: ``(height, width, 3)`` uint8 with an even height and width.
    :param like: the frame whose ``pts`` and ``time_base`` the new one carries.
    """
    # OpenCV's conversion takes a tenth of the time of FFmpeg's.
    frame = VideoFrame.from_ndarray(cast(Image, cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420)), format="yuv420p")
    frame.pts = like.pts
    frame.time_base = like.time_base
    return frame
