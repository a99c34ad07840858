"""Reading still pictures."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from ..errors import MediaError
from ..tracking.base import Image

FORMATS = ("JPEG", "PNG", "WEBP", "BMP")


def read_picture(source: Path) -> Image | None:
    """
    :return: ``(height, width, 3)`` uint8 RGB, turned upright as its EXIF data says; None when it is no picture.
    :raises MediaError: it is damaged or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(source, formats=FORMATS) as picture:
                return _to_rgb(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError:
        return None
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise MediaError(f"{source} is too large: {Pillow.MAX_IMAGE_PIXELS:,} pixels at most are taken") from error
    except Exception as error:
        # Pillow meets a damaged file with whatever exception comes of it.
        raise MediaError(f"the picture {source} can't be read: {error}") from error


def _to_rgb(picture: Pillow.Image) -> Image:
    if picture.mode.startswith("I;16"):
        # Pillow would cut 16 bits off at 255 instead of scaling them.
        return np.repeat((np.asarray(picture) >> 8).astype(np.uint8)[..., None], 3, axis=2)
    if picture.has_transparency_data:
        # What is transparent hides colours of any kind.
        picture = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, "white"), picture.convert("RGBA"))
    return np.array(picture.convert("RGB"))
