"""Real frames whose colours are tagged."""

import io
from dataclasses import dataclass

import av
import cv2
import numpy as np

from .pictures import grace_hopper
from .publisher import Picture

BT709, BT470BG, SMPTE170M, BT2020 = 1, 5, 6, 9
LIMITED, FULL = 1, 2


@dataclass(frozen=True)
class Colours:
    """
    :param matrix: FFmpeg's number of the colour space.
    :param range: FFmpeg's number.
    """

    matrix: int
    range: int
    pix_fmt: str = "yuv420p"


TAGGED = (
    Colours(BT709, LIMITED),
    Colours(BT709, FULL, "yuvj420p"),
    Colours(SMPTE170M, LIMITED),
    Colours(BT470BG, FULL, "yuvj420p"),
    Colours(BT2020, LIMITED),
)


def colourful(width: int = 320, height: int = 240) -> Picture:
    """The portrait and saturated patches, without edges, which 4:2:0 can't keep."""
    picture = grace_hopper(width, height).copy()
    patches = [(230, 20, 30), (20, 200, 40), (30, 40, 220), (240, 230, 20)]
    for i, colour in enumerate(patches):
        picture[: height // 4, i * width // 4 : (i + 1) * width // 4] = colour
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 6), np.uint8)


def h264(colours: Colours, picture: Picture, frames: int = 1) -> bytes:
    """An MP4 file of the picture, almost lossless, with the colours in the video's own header."""
    data = io.BytesIO()
    with av.open(data, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"qp": "1", "preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = colours.pix_fmt
        stream.codec_context.colorspace = colours.matrix
        stream.codec_context.color_range = colours.range
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format=colours.pix_fmt, dst_colorspace=colours.matrix, dst_color_range=colours.range
            )
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return data.getvalue()


def decoded(video: bytes) -> av.VideoFrame:
    """The first frame."""
    with av.open(io.BytesIO(video), "r") as container:
        return next(container.decode(video=0))


def untagged(frame: av.VideoFrame) -> Picture:
    """What a receiver shows that isn't told the colours, and takes BT.601 with limited range for granted."""
    assert frame.format.name == "yuv420p"
    planes = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
    return np.asarray(planes.to_ndarray(format="rgb24"), np.uint8)


def difference(one: Picture, other: Picture) -> tuple[float, float]:
    """:return: mean, and that of 99 in 100 numbers, in steps of 255"""
    steps = np.abs(one.astype(int) - other)
    return float(steps.mean()), float(np.percentile(steps, 99))
