"""Pictures and clips of real people for the tests."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from holistic_rtc.sample import portrait

from .clips import media
from .publisher import Picture


def grace_hopper(width: int = 640, height: int = 480) -> Picture:
    """A portrait that is on every machine, fitted onto a grey picture of the given size."""
    with Image.open(portrait()) as picture:
        scale = min(width / picture.width, height / picture.height)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        canvas = Image.new("RGB", (width, height), "grey")
        canvas.paste(picture.convert("RGB").resize(size), ((width - size[0]) // 2, (height - size[1]) // 2))
    return np.asarray(canvas)


def shared_media(name: str) -> Path:
    """A file of the folder that HOLISTIC_TEST_MEDIA names; the test skips where it is absent."""
    path = media(name)
    if path is None:
        pytest.skip(f"{name} is not there; set HOLISTIC_TEST_MEDIA to the folder that holds it")
    return path
