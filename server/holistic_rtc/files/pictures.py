"""Still pictures, from bytes and to bytes."""

import io
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from holistic_rtc.errors import MediaError, NotAPictureError, TooManyPixelsError
from holistic_rtc.model.result import Image
from holistic_rtc.sample import portrait

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")
MAX_PIXELS = 80_000_000

_SAVE_OPTIONS = {"JPEG": {"quality": 90}, "PNG": {"compress_level": 1}, "WEBP": {"quality": 85, "method": 0}}
"""Fast rather than small, since clients wait for the server"""


def decode_picture(source: Path | BinaryIO, max_pixels: int = MAX_PIXELS) -> Image:
    """
    Of an animation the first frame. What is transparent becomes white.

    :param max_pixels: looked for in the header, before any pixel is decoded.
    :return: ``(height, width, 3)`` uint8 RGB, turned upright as its EXIF data says.
    :raises NotAPictureError: it is none of :data:`FORMATS`, whatever it is called.
    :raises TooManyPixelsError: it is larger than that.
    :raises MediaError: it is damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(source, formats=FORMATS) as picture:
                if picture.width * picture.height > max_pixels:
                    raise _too_many(max_pixels)
                ImageOps.exif_transpose(picture, in_place=True)
                return _to_rgb(picture)
    except UnidentifiedImageError:
        raise NotAPictureError(f"this is no {', '.join(FORMATS[:-1])} or {FORMATS[-1]} picture") from None
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        raise _too_many(max_pixels) from None
    except MediaError:
        raise
    except Exception as error:
        # Pillow may raise anything on a damaged file.
        raise MediaError(f"the picture can't be read: {error}") from error


def picture_of_a_person() -> Image:
    """:return: ``(480, 640, 3)`` uint8 RGB, the shape that most cameras have, to warm a tracker up"""
    with Pillow.open(portrait()) as picture:
        return np.asarray(ImageOps.fit(picture.convert("RGB"), (640, 480), centering=(0.5, 0.2)))


def encode_picture(image: Image, picture_format: str) -> bytes:
    """
    :param image: ``(height, width, 3)`` uint8 RGB.
    :param picture_format: JPEG, PNG or WEBP.
    """
    encoded = io.BytesIO()
    Pillow.fromarray(image).save(encoded, picture_format, **_SAVE_OPTIONS[picture_format])
    return encoded.getvalue()


def _too_many(max_pixels: int) -> TooManyPixelsError:
    return TooManyPixelsError(f"the picture is too large: at most {max_pixels:,} pixels are taken")


def _to_rgb(picture: Pillow.Image) -> Image:
    if picture.mode.startswith("I;16"):
        # Pillow would cut 16 bits off at 255 instead of scaling them.
        return np.repeat((np.asarray(picture) >> 8).astype(np.uint8)[..., None], 3, axis=2)
    if picture.has_transparency_data:
        # What is transparent hides colours of any kind.
        picture = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
    # To convert what is RGB already would copy it once more.
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))
