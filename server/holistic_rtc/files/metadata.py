"""Removes metadata for which Pillow would reject a picture whose pixels are intact."""

import re
import struct
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from holistic_rtc.files.jpeg import EXIF, segments

_PNG_SIGNATURE = 8
"""Its length in bytes"""
_ANCILLARY = 0x20
"""The bit in a PNG chunk's name that says that decoders don't need it (PNG, section 5.4)"""
_PNG_CHUNKS = (b"tRNS", b"eXIf")
"""Ancillary chunks that count: transparency and orientation"""
_TRANSPARENCY = {0: 2, 2: 6}
"""Bytes of a grey and of an RGB picture's transparent colour, by the colour type (PNG, section 11.3.1.1)"""
_PALETTE = 3
"""The colour type of a picture whose palette's first entries may have a transparency each"""

_JPEG_SEGMENTS = {0xE0: 14, 0xEE: 12}
"""Lengths of the segments that say what the colours are, JFIF's and Adobe's. Decoders ignore shorter ones."""
_APPLICATION = range(0xE0, 0xF0)
_COMMENT = 0xFE

_TIFF_TAGS = frozenset(
    (*range(256, 260), 262, 266, 273, *range(277, 280), 284, *range(292, 294), 317, *range(320, 326))
)
_TIFF_TAGS |= frozenset((338, 339, 347, *range(512, 522), *range(529, 533)))
"""The tags that say where the pixels are, and what they mean (TIFF 6.0, part 1 and sections 10 to 22)"""
_ORIENTATION = 274
_SHORT = 3
"""The type of the orientation (TIFF 6.0, section 2)"""

_EXIF_ITEM = re.compile(rb"(infe.{8}(?:..)?)Exif", re.DOTALL)
"""The entry of the EXIF data in the list of items (ISO/IEC 14496-12, section 8.11.6)"""


def _png(data: bytes) -> bytes:
    kept = bytearray(data[:_PNG_SIGNATURE])
    place = _PNG_SIGNATURE
    colours, palette = data[25:26], 0
    while chunk := data[place : place + 8]:
        length, kind = struct.unpack(">I4s", chunk.ljust(8, b"\0"))
        chunk = data[place : place + length + 12]
        is_intact = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])
        if kind == b"PLTE":
            palette = length // 3
        elif kind == b"tRNS" and colours == bytes([_PALETTE]):
            is_intact &= length <= palette
        elif kind == b"tRNS":
            is_intact &= length == _TRANSPARENCY.get(int.from_bytes(colours))
        if not kind[0] & _ANCILLARY or (kind in _PNG_CHUNKS and is_intact):
            kept += chunk
        place += length + 12
    return bytes(kept)


def _jpeg(data: bytes) -> bytes:
    kept = bytearray(data[:2])
    end = 2
    for kind, start, end in segments(data, 2):
        is_metadata = kind == _COMMENT or (kind in _APPLICATION and kind != EXIF)
        if not is_metadata or end - start - 4 >= _JPEG_SEGMENTS.get(kind, end):
            kept += data[start:end]
    return bytes(kept) + data[end:]


def _tiff(data: bytes) -> bytes:
    order = "<" if data.startswith(b"II") else ">"
    version, directory = struct.unpack_from(f"{order}HI", data, 2)
    if version != 42:
        return data
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    kept = b""
    for place in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, length = struct.unpack_from(f"{order}HHI", data, place)
        if tag in _TIFF_TAGS or (tag, kind, length) == (_ORIENTATION, _SHORT, 1):
            kept += data[place : place + 12]
    # No further directory follows, because only the first picture counts.
    kept = struct.pack(f"{order}H", len(kept) // 12) + kept + bytes(4)
    return data[:directory] + kept + data[directory + len(kept) :]


def _without_exif_item(data: bytes) -> bytes:
    # The orientation of these formats is a property of the image, whatever their EXIF data says.
    return _EXIF_ITEM.sub(rb"\1free", data)


CLEANED: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType(
    {"JPEG": _jpeg, "PNG": _png, "TIFF": _tiff, "AVIF": _without_exif_item, "HEIF": _without_exif_item}
)
"""By the format of the picture: what returns its data without metadata. Pillow ignores those of other formats."""
