"""A clip of a real person, 640x480 at 30 fps."""

import os
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

from holistic_rtc.sample import portrait

from .publisher import Picture

SIZE = (640, 480)


@cache
def person_clip() -> list[Picture]:
    """The waving person of the shared test media, or where that is absent the portrait, panned and zoomed."""
    path = Path(os.environ.get("HOLISTIC_TEST_MEDIA", "/nowhere")) / "wave.mp4"
    if not path.exists():
        return _pan_and_zoom()
    with av.open(path) as container:
        frames = [frame.to_image() for frame in container.decode(video=0)]
    return [np.asarray(ImageOps.pad(frame, SIZE)) for frame in frames]


def _pan_and_zoom() -> list[Picture]:
    pictures = []
    with Image.open(portrait()) as file:
        picture = file.convert("RGB")
        for phase in np.linspace(0, 2 * np.pi, 60, endpoint=False):
            width = 440 + 60 * np.cos(phase)
            left, top = (512 - width) * (0.5 + 0.4 * np.sin(phase)), 20 + 20 * np.sin(2 * phase)
            box = (left, top, left + width, top + width * 3 / 4)
            pictures.append(np.asarray(picture.resize(SIZE, box=box)))
    return pictures
