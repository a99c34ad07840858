"""A folder of pictures and videos of many kinds, as people have them, with some that can't be tracked."""

import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

import av
import numpy as np
import pillow_heif
from PIL import Image, ImageOps

from holistic_rtc.sample import portrait

pillow_heif.register_heif_opener()

Make = Callable[[Path], None]


def make_mixed(folder: Path, good: int) -> None:
    """
    :param good: how many files can be tracked, of all kinds in turn, in four folders.
    """
    for number, (suffix, make) in enumerate(islice(cycle(GOOD), good)):
        path = folder / f"day {number % 4}" / f"take {number:03d}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)
    for name, (_, make) in BAD.items():
        make(folder / name)


def _picture(size: tuple[int, int] = (240, 240), mode: str = "RGB", **options: object) -> Make:
    def make(path: Path) -> None:
        with Image.open(portrait()) as file:
            picture = ImageOps.fit(file.convert("RGB"), size).convert(mode)
        picture.save(path, **options)  # type: ignore[arg-type]

    return make


def _sixteen_bits(path: Path) -> None:
    with Image.open(portrait()) as file:
        grey = np.asarray(ImageOps.fit(file.convert("L"), (240, 240))).astype(np.uint16) * 257
    Image.fromarray(grey).save(path)


def _turned(path: Path) -> None:
    """As phones save them."""
    with Image.open(portrait()) as file:
        picture = ImageOps.fit(file.convert("RGB"), (240, 180)).rotate(90, expand=True)
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)


def _moving(size: tuple[int, int] = (160, 120), format: str | None = None) -> Make:
    def make(path: Path) -> None:
        with Image.open(portrait()) as file:
            picture = file.convert("RGB")
        frames = [ImageOps.fit(picture, size, centering=(0.5, x / 10)) for x in range(6)]
        frames[0].save(path, format, save_all=True, append_images=frames[1:], duration=40, loop=0)

    return make


def _video(
    codec: str, size: tuple[int, int] = (160, 120), pixels: str = "yuv420p", rate: Fraction | int = 30, frames: int = 6
) -> Make:
    def make(path: Path) -> None:
        with Image.open(portrait()) as file:
            picture = ImageOps.fit(file.convert("RGB"), size)
        with av.open(path, "w") as container:
            stream = container.add_stream(codec, rate=rate)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = *size, pixels
            for number in range(frames):
                frame = av.VideoFrame.from_image(picture)
                frame.pts, frame.time_base = number, 1 / Fraction(rate)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    return make


def _called(suffix: str, make: Make) -> Make:
    """What is of another kind than its name says."""

    def make_and_rename(path: Path) -> None:
        right = path.with_suffix(suffix)
        make(right)
        right.rename(path)

    return make_and_rename


GOOD: list[tuple[str, Make]] = [
    (".jpg", _picture()),
    (".mp4", _video("libx264")),
    (".png", _picture((300, 200))),
    (".webm", _video("libvpx", (176, 144))),
    (".JPG", _turned),
    (".mov", _video("libx264", (120, 160), rate=Fraction(30000, 1001))),
    (".webp", _picture()),
    (".gif", _moving()),
    (".heic", _picture()),
    (".mkv", _video("libx264", (130, 98), "yuv444p")),
    (".bmp", _picture((64, 64))),
    (".webm", _video("libvpx-vp9", (161, 121))),
    (".tiff", _picture(mode="CMYK")),
    (".avi", _video("mpeg4")),
    (".png", _picture(mode="P")),
    (".mov", _video("mjpeg", pixels="yuvj420p")),
    (".png", _picture(mode="RGBA")),
    (".mp4", _video("libx264", (64, 64), frames=1)),
    (".jpg", _picture(mode="L")),
    (".webp", _moving((120, 120))),
    (".png", _sixteen_bits),
    (".mp4", _called(".webm", _video("libvpx"))),
    (".avif", _picture()),
    (".png", _called(".jpg", _picture())),
    (".mpg", _video("mpeg1video", (160, 128), rate=25)),
    (".png", _moving((100, 120), "PNG")),
]
"""The suffixes of files that can be tracked, and what makes them"""


def _cut(make: Make, share: float) -> Make:
    def make_and_cut(path: Path) -> None:
        make(path)
        os.truncate(path, int(path.stat().st_size * share))

    return make_and_cut


def _words(path: Path) -> None:
    path.write_text("not a video")


def _bomb(path: Path) -> None:
    """A picture of 60,000 times 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1_000_000))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def _archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("take.jpg", b"hello")


def _sound(path: Path) -> None:
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48_000)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXTINF:1,\nday 0/take 000.mp4\n")


BAD: dict[str, tuple[str, Make]] = {
    "cut.jpg": ("the picture can't be read", _cut(_picture(), 0.5)),
    "no index.mp4": ("can't be read as a picture or a video", _cut(_video("libx264"), 0.5)),
    "empty.mov": ("is empty", Path.touch),
    "words.mp4": ("can't be read as a picture or a video", _words),
    "huge.png": ("pixels", _bomb),
    "an archive.png": ("has no frame that can be read", _archive),
    "only sound.mp4": ("has no video in it", _sound),
    "a list.webm": ("can't be read as a picture or a video", _playlist),
    "empty.jpg": ("is empty", Path.touch),
    "lost.mp4": ("there is no file", lambda path: path.symlink_to("elsewhere.mp4")),
}
"""Files that can't, and words about the reason"""
