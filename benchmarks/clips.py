"""The clips that engines are compared on, 640x480: two full bodies, two upper bodies, and a head."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

from holistic_rtc.sample import portrait
from tests.kit.clips import SIZE, media
from tests.kit.publisher import Picture

FRAME_MS = 33
HEAD = "portrait"
"""The clip that shows a head and shoulders only"""


def clips() -> dict[str, list[Picture]]:
    """Those whose media are there; the head always is."""
    return {name: pictures for name, make in _CLIPS.items() if (pictures := make())}


def _video(name: str) -> list[Picture]:
    path = media(name)
    if path is None:
        return []
    with av.open(path) as container:
        pictures = [np.asarray(ImageOps.pad(frame.to_image(), SIZE)) for frame in container.decode(video=0)]
    return [*pictures, *pictures[-2:0:-1]]


def _picture(path: Path | None, zoom: float) -> list[Picture]:
    """A picture that is panned, zoomed and rolled, 120 frames. Its background is the colour of its corner."""
    if path is None:
        return []
    with Image.open(path) as file:
        picture = file.convert("RGB")
    background = picture.getpixel((0, 0))
    width, height = SIZE
    frames = []
    for phase in np.linspace(0, 2 * np.pi, 120, endpoint=False):
        scale = zoom * picture.height / height * (1 + 0.2 * np.sin(2 * phase))
        roll = 0.2 * np.sin(phase)
        along, across = scale * np.cos(roll), scale * np.sin(roll)
        x = picture.width * (0.5 + 0.12 * np.sin(phase)) - (along * width - across * height) / 2
        y = picture.height * (0.5 + 0.08 * np.sin(3 * phase)) - (across * width + along * height) / 2
        moved = picture.transform(
            SIZE,
            Image.Transform.AFFINE,
            (along, -across, x, across, along, y),
            Image.Resampling.BILINEAR,
            fillcolor=background,
        )
        frames.append(np.asarray(moved))
    return frames


_CLIPS: Mapping[str, Callable[[], list[Picture]]] = {
    "squats": cache(lambda: _video("squats.mp4")),
    "wave": cache(lambda: _video("wave.mp4")),
    "hands": cache(lambda: _picture(media("both_hands.png"), 1.0)),
    "road": cache(lambda: _picture(media("full_body.jpg"), 1.0)),
    HEAD: cache(lambda: _picture(portrait(), 1.0)),
}
