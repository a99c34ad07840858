"""Decodes and encodes still pictures."""

import io
import math
import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import ExifTags, ImageCms, ImageFile, ImageOps, UnidentifiedImageError
from PIL import Image as Pillow

from holistic_rtc.errors import MediaError, NotAPictureError, TooManyPixelsError
from holistic_rtc.files.metadata import CLEANED
from holistic_rtc.model.result import Image

pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)

_SIGNATURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG": "PNG", b"II*\0": "TIFF", b"MM\0*": "TIFF"}
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"), "HEIF"),
    **dict.fromkeys((b"avci", b"avcs"), "HEIF"),
}
"""Formats by the brand of an ISO base media file, which may also be a video"""
_FORMATS = (
    *("WEBP", "GIF", "TIFF", "JPEG2000", "BMP", "DIB", "PPM", "PSD", "QOI", "ICO", "ICNS", "CUR", "DDS"),
    *("SGI", "SUN", "PCX", "DCX", "PIXAR", "MSP", "XBM", "XPM", "XVTHUMB", "BLP", "FTEX", "GBR", "FITS"),
    # Recognised by more than a signature, so they come last.
    *("PCD", "IM", "SPIDER", "TGA"),
)
"""What else Pillow can read by itself. EPS would run Ghostscript."""
MAX_PIXELS = 80_000_000
MAX_SCANS = 32
"""Of a JPEG. Each takes the decoder through the whole picture, 0.1 s for 24 megapixels, even if it has 40 bytes only;
programs write about 10."""

_SCAN = b"\xff\xda"
"""The marker of a scan, which occurs nowhere else in a JPEG, but in a thumbnail's (ISO/IEC 10918-1, annex B)"""
_END = b"\xff\xd9"
"""The marker of a JPEG's end"""
_FILLER = 64 * b"\xaa"
"""Pixels of any kind"""

_SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that swap width and height"""
_STRIP = 250_000
"""Number of pixels that are converted at a time, so that a picture isn't in memory several times"""
_DEEP = ("I", "F")
"""First letters of Pillow's modes for more than 8 bits"""
_WHITES = (255, 1023, 4095, 65_535)
"""Values of white that such a picture may have"""
MAX_SIDES = {"JPEG": 65_500, "WEBP": 16_383, "AVIF": 65_535, "HEIF": 16_384}
"""Of the formats that limit the width and height of a picture"""
_SAVE_OPTIONS = {"JPEG": {"quality": 90}, "PNG": {"compress_level": 1}, "WEBP": {"quality": 85, "method": 0}}
"""Optimised for speed, not for size, since clients wait for the result"""
_FILE_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "JPEG": {"quality": 92},
    "WEBP": {"quality": 92},
    "AVIF": {"quality": 85},
    "HEIF": {"quality": 85},
    "TIFF": {"compression": "tiff_lzw"},
}
"""Of annotated files, which are kept"""
_SUFFIXES = {
    **{"JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp", "AVIF": ".avif", "HEIF": ".heic"},
    **{"TIFF": ".tiff", "BMP": ".bmp", "JPEG2000": ".jp2"},
}
"""By Pillow's name of a format, unless it is written as PNG"""


def decode_picture(source: Path | BinaryIO, max_pixels: int = MAX_PIXELS) -> Image:
    """
    Decode a picture, or the first frame of an animation. Transparent areas become white.

    :param max_pixels: the limit on width times height, checked in the header before any pixel is decoded.
    :return: ``(height, width, 3)`` uint8 RGB, turned upright according to its metadata.
    :raises NotAPictureError: the content has no known picture format, whatever the file name says.
    :raises TooManyPixelsError: the picture exceeds ``max_pixels``.
    :raises MediaError: the picture is damaged.
    """
    image, _ = decode_reduced(source, max_pixels, None)
    return image


def decode_reduced(source: Path | BinaryIO, max_pixels: int, max_size: int | None) -> tuple[Image, tuple[int, int]]:
    """
    Like :func:`decode_picture`, but may decode a JPEG at a half, a quarter or an eighth of its size, which saves time.

    :param max_size: the length to which its longer side will be scaled later. It is decoded with at least twice that,
        so that people who take a part of the picture are still found in detail. None for the original size.
    :return: the picture, and the width and height of the original.
    """
    with _opened(source, max_pixels) as picture:
        width, height = picture.size
        if picture.format == "JPEG":
            if _count_scans(picture) > MAX_SCANS:
                raise MediaError(f"the JPEG has more than {MAX_SCANS} scans; save it again")
            if max_size is not None:
                scale = min(1.0, 2 * max_size / max(width, height))
                picture.draft(None, (math.ceil(width * scale), math.ceil(height * scale)))
        _load(picture)
        if _turn_upright(picture):
            width, height = height, width
        return _to_rgb(picture), (width, height)


def is_picture(source: Path) -> bool:
    """Whether the content has a known picture format. It may still be damaged."""
    try:
        with _opened(source):
            return True
    except NotAPictureError:
        return False
    except MediaError:
        return True


def has_picture_suffix(path: Path) -> bool:
    return Pillow.registered_extensions().get(path.suffix.lower()) in (*_FORMATS, *CLEANED, "MPO")


def suffix_of(source: Path) -> str:
    """
    The suffix of the format that a picture is annotated in: its own, or PNG if that can't be written or lacks colours.

    :raises MediaError: see :func:`decode_picture`.
    """
    with _opened(source) as picture:
        return _SUFFIXES.get(picture.format or "", ".png")


def is_moving(source: Path) -> bool:
    """Whether it is an animation that FFmpeg can read as a video, too: a GIF or AVIF of several frames."""
    try:
        with _opened(source) as picture:
            return picture.format in ("GIF", "AVIF") and bool(getattr(picture, "is_animated", False))
    except MediaError:
        return False


@contextmanager
def _opened(source: Path | BinaryIO, max_pixels: int = MAX_PIXELS) -> Iterator[ImageFile.ImageFile]:
    """
    A picture of which only the header has been read. Errors within the block are explained, too.

    :raises MediaError: see :func:`decode_picture`.
    """
    max_pixels_before = Pillow.MAX_IMAGE_PIXELS
    try:
        with warnings.catch_warnings(), source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            # Also for the pictures within a picture, such as the PNG in an ICO.
            Pillow.MAX_IMAGE_PIXELS = max_pixels
            with _open(file) as picture:
                yield picture
    except UnidentifiedImageError:
        raise NotAPictureError("this isn't a picture that can be read; convert it to JPEG or PNG") from None
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        raise TooManyPixelsError(f"the picture is too large: at most {max_pixels:,} pixels are accepted") from None
    except MediaError:
        raise
    except Exception as error:
        # Pillow may raise anything on a damaged file.
        raise MediaError(f"the picture can't be read: {error}") from error
    finally:
        Pillow.MAX_IMAGE_PIXELS = max_pixels_before


def _open(file: BinaryIO) -> ImageFile.ImageFile:
    kind = _format(file.read(64))
    file.seek(0)
    if kind is None:
        return Pillow.open(file, formats=_FORMATS)
    try:
        return Pillow.open(io.BytesIO(CLEANED[kind](file.read())), formats=[kind])
    except (UnidentifiedImageError, struct.error):
        raise MediaError(f"the {kind} picture can't be read; convert it to JPEG or PNG") from None


def _format(start: bytes) -> str | None:
    """
    :return: one whose metadata have to be removed, or None.
    :raises UnidentifiedImageError: it is a video.
    """
    for signature, kind in _SIGNATURES.items():
        if start.startswith(signature):
            return kind
    if start[4:8] != b"ftyp":
        return None
    brand, *compatible = start[8:12], *(start[place : place + 4] for place in range(16, start[3], 4))
    if brand not in _BRANDS:
        raise UnidentifiedImageError
    return "AVIF" if b"avif" in compatible else _BRANDS[brand]


def encode_picture(image: Image, picture_format: str) -> bytes:
    """
    :param image: ``(height, width, 3)`` uint8 RGB.
    :param picture_format: JPEG, PNG or WEBP.
    """
    encoded = io.BytesIO()
    Pillow.fromarray(image).save(encoded, picture_format, **_SAVE_OPTIONS[picture_format])
    return encoded.getvalue()


def save_picture(image: Image, path: Path) -> None:
    """
    :param image: ``(height, width, 3)`` uint8 RGB.
    :param path: its suffix, one of :data:`.picture_format.PICTURE_TYPES`, sets the format.
    :raises MediaError: the format can't hold the picture.
    :raises OSError: it can't be written.
    """
    kind = Pillow.registered_extensions()[path.suffix.lower()]
    limit = MAX_SIDES.get(kind)
    if limit and max(image.shape) > limit:
        raise MediaError(f"a {kind} is at most {limit:,} pixels wide and high; end the name in .png")
    try:
        Pillow.fromarray(image).save(path, kind, **_FILE_OPTIONS.get(kind, {}))
    except OSError:
        raise
    except Exception as error:
        # Encoders differ in what they raise.
        raise MediaError(f"the picture can't be written as {kind}: {error}; end the name in .png") from error


def _load(picture: ImageFile.ImageFile) -> None:
    """
    A JPEG may lack the mark of its end.

    :raises OSError: pixels are missing.
    """
    file, tiles = picture.fp, list(picture.tile)
    try:
        picture.load()
    except OSError:
        if picture.format != "JPEG":
            raise
        assert file is not None
        file.seek(0)
        data = file.read()
        shades = []
        # What follows the pixels doesn't change them, unless it fills a gap.
        for rest in (b"", _FILLER):
            picture.fp, picture.tile = io.BytesIO(data + rest + _END), list(tiles)
            picture.load()
            shades.append(picture.histogram())
        if shades[0] != shades[1]:
            raise


def _count_scans(picture: ImageFile.ImageFile) -> int:
    assert picture.fp is not None
    place = picture.fp.tell()
    picture.fp.seek(0)
    scans = picture.fp.read().count(_SCAN)
    picture.fp.seek(place)
    return scans


def _turn_upright(picture: Pillow.Image) -> bool:
    """
    As far as the picture's metadata can be read.

    :return: whether width and height are swapped.
    """
    orientation = None
    # Pillow may raise anything on damaged metadata, here as late as when it writes them back.
    with suppress(Exception):
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
        ImageOps.exif_transpose(picture, in_place=True)
    return orientation in _SIDEWAYS


def _to_rgb(picture: Pillow.Image) -> Image:
    width, height = picture.size
    scale = _scale(np.asarray(picture)) if picture.mode.startswith(_DEEP) else None
    image = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        strip = picture.crop((0, top, width, bottom))
        image[top:bottom] = _shades(np.asarray(strip), scale) if scale else _strip_to_rgb(strip)
    return image


def _scale(values: NDArray[Any]) -> float:
    """
    :param values: of a grey picture, from black to any white.
    :return: the factor to 8 bits.
    """
    brightest = np.max(values, where=np.isfinite(values), initial=0)
    if values.dtype.kind == "f" and brightest <= 1:
        return 255
    return next((256 / (white + 1) for white in _WHITES if brightest <= white), 255 / brightest)


def _shades(values: NDArray[Any], scale: float) -> Image:
    """What Pillow would do to these modes is clip them at 255."""
    shades = np.clip(np.nan_to_num(values * scale), 0, 255).astype(np.uint8)
    return np.repeat(shades[..., None], 3, axis=2)


def _strip_to_rgb(picture: Pillow.Image) -> Image:
    if picture.mode == "LAB":
        picture = cast(Pillow.Image, ImageCms.applyTransform(picture, _lab_to_rgb()))
    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.has_transparency_data:
        # Transparent pixels may have any colour.
        picture = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
    return np.asarray(picture.convert("RGB"))


@cache
def _lab_to_rgb() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
