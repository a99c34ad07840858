"""The real clip that all live measurements use."""

import os
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import av
import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from holistic_rtc.model.result import Image
from holistic_rtc.sample import portrait

WIDTH, HEIGHT, FPS = 640, 480, 30

_PANNED_FRAMES = 60
# A strip at the left stays black, since the bar code of the delay measurement is there.
_STRIP = 60


def frames() -> list[Image]:
    """
    640x480 RGB pictures of a person, to be played forth and back.

    They are ``wave.mp4`` of the folder that HOLISTIC_TEST_MEDIA names. Without that they pan and zoom over the
    portrait that is on every machine.
    """
    clip = Path(os.environ.get("HOLISTIC_TEST_MEDIA", "")) / "wave.mp4"
    pictures = _read(clip) if clip.is_file() else _pan()
    return [np.asarray(ImageOps.pad(picture, (WIDTH, HEIGHT))) for picture in pictures]


def forth_and_back(pictures: list[Image]) -> Iterator[Image]:
    """For ever, without a cut."""
    return cycle(pictures + pictures[-2:0:-1])


def as_i420(pictures: list[Image]) -> bytes:
    """All pictures as planes of Y, U and V, one after the other."""
    return b"".join(
        av.VideoFrame.from_ndarray(picture, format="rgb24").to_ndarray(format="yuv420p").tobytes()
        for picture in pictures
    )


def _read(path: Path) -> Iterator[Pillow.Image]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield Pillow.fromarray(frame.to_ndarray(format="rgb24"))


def _pan() -> Iterator[Pillow.Image]:
    width, height = WIDTH - 2 * _STRIP, HEIGHT
    with Pillow.open(portrait()) as picture:
        for position in np.linspace(0, 1, _PANNED_FRAMES):
            side = picture.width * (0.85 + 0.15 * np.sin(np.pi * position))
            x, y = (picture.width - side) * position, 40 * position
            box = (x, y, x + side, y + side * height / width)
            yield picture.convert("RGB").resize((width, height), box=box)
