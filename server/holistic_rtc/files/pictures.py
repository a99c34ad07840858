"""Decodes and encodes still pictures."""

import io
import math
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, ImageFile, ImageOps, UnidentifiedImageError
from PIL import Image as Pillow

from holistic_rtc.errors import MediaError, NotAPictureError, TooManyPixelsError
from holistic_rtc.model.result import Image

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
MAX_PIXELS = 80_000_000
MAX_SCANS = 32
"""Of a JPEG. Each takes the decoder through the whole picture, 0.1 s for 24 megapixels, even if it has 40 bytes only;
programs write about 10."""

_SCAN = b"\xff\xda"
"""The marker of a scan, which occurs nowhere else in a JPEG, but in a thumbnail's (ISO/IEC 10918-1, annex B)"""

_SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that swap width and height"""
_STRIP = 250_000
"""Number of pixels that are converted at a time, so that a picture isn't in memory several times"""
_SAVE_OPTIONS = {"JPEG": {"quality": 90}, "PNG": {"compress_level": 1}, "WEBP": {"quality": 85, "method": 0}}
"""Optimised for speed, not for size, since clients wait for the result"""


def decode_picture(source: Path | BinaryIO, max_pixels: int = MAX_PIXELS) -> Image:
    """
    Decode a picture, or the first frame of an animation. Transparent areas become white.

    :param max_pixels: the limit on width times height, checked in the header before any pixel is decoded.
    :return: ``(height, width, 3)`` uint8 RGB, turned upright according to its EXIF data.
    :raises NotAPictureError: the content is none of :data:`FORMATS`, whatever the file name says.
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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(source, formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > max_pixels:
                    raise _too_many(max_pixels)
                if picture.format == "JPEG" and _count_scans(picture) > MAX_SCANS:
                    raise MediaError(f"the JPEG has more than {MAX_SCANS} scans; save it again")
                if max_size is not None:
                    scale = min(1.0, 2 * max_size / max(width, height))
                    picture.draft(None, (math.ceil(width * scale), math.ceil(height * scale)))
                if picture.getexif().get(ExifTags.Base.Orientation, 1) in _SIDEWAYS:
                    width, height = height, width
                ImageOps.exif_transpose(picture, in_place=True)
                return _to_rgb(picture), (width, height)
    except UnidentifiedImageError:
        raise NotAPictureError(f"this isn't a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} picture") from None
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        raise _too_many(max_pixels) from None
    except MediaError:
        raise
    except Exception as error:
        # Pillow may raise anything on a damaged file.
        raise MediaError(f"the picture can't be read: {error}") from error


def encode_picture(image: Image, picture_format: str) -> bytes:
    """
    :param image: ``(height, width, 3)`` uint8 RGB.
    :param picture_format: JPEG, PNG or WEBP.
    """
    encoded = io.BytesIO()
    Pillow.fromarray(image).save(encoded, picture_format, **_SAVE_OPTIONS[picture_format])
    return encoded.getvalue()


def _too_many(max_pixels: int) -> TooManyPixelsError:
    return TooManyPixelsError(f"the picture is too large: at most {max_pixels:,} pixels are accepted")


def _count_scans(picture: ImageFile.ImageFile) -> int:
    assert picture.fp is not None
    place = picture.fp.tell()
    picture.fp.seek(0)
    scans = picture.fp.read().count(_SCAN)
    picture.fp.seek(place)
    return scans


def _to_rgb(picture: Pillow.Image) -> Image:
    picture.load()
    width, height = picture.size
    image = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        image[top:bottom] = _strip_to_rgb(picture.crop((0, top, width, bottom)))
    return image


def _strip_to_rgb(picture: Pillow.Image) -> Image:
    if picture.mode.startswith("I;16"):
        # Pillow would clip 16-bit values at 255 instead of scaling them.
        return np.repeat((np.asarray(picture) >> 8).astype(np.uint8)[..., None], 3, axis=2)
    if picture.has_transparency_data:
        # Transparent pixels may have any colour.
        picture = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
    return np.asarray(picture.convert("RGB"))
