"""The formats of annotated pictures."""

from collections.abc import Mapping

PICTURE_TYPES: Mapping[str, str] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".tiff": "image/tiff",
    ".tif": "image/tiff",
    ".bmp": "image/bmp",
    ".jp2": "image/jp2",
}
"""Media types by suffix; the first is the default, for pictures in formats that aren't written"""
