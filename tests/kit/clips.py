"""A clip of a real person, 640x480 at 30 fps."""

import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import cycle
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps

from holistic_rtc.sample import portrait

from .publisher import Picture

SIZE = (640, 480)
FPS = 30

_STRIP = 60
_PANNED_FRAMES = 60


def media(name: str) -> Path | None:
    """A file of the folder that HOLISTIC_TEST_MEDIA names, if it is there."""
    path = Path(os.environ.get("HOLISTIC_TEST_MEDIA", "/nowhere")) / name
    return path if path.exists() else None


@cache
def person_clip(*, strips: bool = False) -> list[Picture]:
    """
    The waving person of the shared test media, or where that is absent the portrait, panned and zoomed.

    :param strips: whether the portrait leaves the picture black at its left and right, for what is drawn there.
    """
    path = media("wave.mp4")
    if path is None:
        return _pan_and_zoom(SIZE[0] - 2 * _STRIP * strips, SIZE[1])
    with av.open(path) as container:
        return [_fitted(frame.to_image()) for frame in container.decode(video=0)]


def forth_and_back(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """For ever, without a cut."""
    return cycle([*pictures, *pictures[-2:0:-1]])


def as_i420(pictures: Sequence[Picture]) -> bytes:
    """All pictures as planes of Y, U and V, one after the other."""
    return b"".join(
        av.VideoFrame.from_ndarray(picture, format="rgb24").to_ndarray(format="yuv420p").tobytes()
        for picture in pictures
    )


def make_clip(path: Path, frames: int = 6, rate: int = FPS) -> Path:
    """A small video of the portrait, 160x120. Its folder is made."""
    with Image.open(portrait()) as file:
        frame = av.VideoFrame.from_image(ImageOps.pad(file.convert("RGB"), (160, 120)))
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.width, stream.height = frame.width, frame.height
        for _ in range(frames):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def make_person_clip(path: Path) -> Path:
    """The waving person, slowly: a busy machine tracks enough of a video that is sent at its own speed."""
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=8, options={"qscale": "3"})
        stream.width, stream.height = SIZE
        for picture in person_clip()[::4]:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def make_long(
    path: Path, pictures: Iterable[Picture], times: Iterable[int], *, key_every: int = 30, noise_seconds: float = 0
) -> Path:
    """
    An H.264 video with B-frames, 320x240. Its folder is made.

    :param times: of the frames, in milliseconds.
    :param key_every: frames from one key frame to the next, at most.
    :param noise_seconds: how long its audio is; 0 for none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"preset": "veryfast", "g": str(key_every), "keyint_min": str(key_every), "sc_threshold": "0"}
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height = 320, 240
        stream.codec_context.time_base = Fraction(1, 1000)
        audio = container.add_stream("aac", rate=48_000, layout="mono") if noise_seconds else None
        for picture, time in zip(pictures, times, strict=False):
            frame = av.VideoFrame.from_image(Image.fromarray(picture).resize((320, 240)))
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio:
            noise = np.random.default_rng(0).uniform(-0.5, 0.5, (1, round(48_000 * noise_seconds)))
            heard = av.AudioFrame.from_ndarray(noise.astype(np.float32), format="fltp", layout="mono")
            heard.sample_rate, heard.pts = 48_000, 0
            container.mux(audio.encode(heard))
            container.mux(audio.encode(None))
    return path


def _pan_and_zoom(width: int, height: int) -> list[Picture]:
    pictures = []
    with Image.open(portrait()) as file:
        picture = file.convert("RGB")
    for phase in np.linspace(0, 2 * np.pi, _PANNED_FRAMES, endpoint=False):
        side = 440 + 60 * np.cos(phase)
        left, top = (512 - side) * (0.5 + 0.4 * np.sin(phase)), 20 + 20 * np.sin(2 * phase)
        box = (left, top, left + side, top + side * height / width)
        pictures.append(_fitted(picture.resize((width, height), box=box)))
    return pictures


def _fitted(picture: Image.Image) -> Picture:
    return np.asarray(ImageOps.pad(picture, SIZE))
