"""The structure of JPEG files (ISO/IEC 10918-1, annex B)."""

import re
from collections.abc import Iterator
from pathlib import Path

EXIF = 0xE1
"""The segment, which may also have other metadata in it"""
SCAN = 0xDA
"""The segment after which pixels come"""
_SIZES = (0xC0, 0xC1, 0xC2)
"""Segments with the width and height"""
_MULTI_PICTURE = 0xE2, b"MPF\0"
"""The kind and beginning of the segment that lists the pictures in a file (CIPA DC-007)"""
_NEXT = re.compile(rb"\xff\xd9(\0*\xff\xd8\xff)?")
"""The end of a picture, and the begin of one that follows"""
_LONGEST = 2**25
"""Bytes in which a frame of a video ends"""


def segments(data: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """
    Those before the pixels, as far as they are intact.

    :param place: after the start of the picture.
    :return: the kind, and where it begins and ends.
    """
    while (header := data[place : place + 4]).startswith(b"\xff") and len(header) == 4:
        kind, length = header[1], int.from_bytes(header[2:])
        if kind == 0xFF:
            # Any number of these may precede a segment.
            place += 1
            continue
        if length < 2:
            return
        yield kind, place, place + 2 + length
        if kind == SCAN:
            return
        place += 2 + length


def is_motion_jpeg(source: Path) -> bool:
    """
    Whether it is a video: pictures of one size, one after the other.

    Phones and cameras also append to a picture what belongs to it: depths, previews, a second eye's view, videos. But
    they describe it in its metadata, which frames of a video don't have.

    :raises OSError: the file can't be read.
    """
    with source.open("rb") as file:
        if file.read(3) != b"\xff\xd8\xff":
            return False
        file.seek(0)
        data = file.read(_LONGEST)
    size, pixels = _frame(data, 2)
    following = _NEXT.search(data, pixels)
    if size is None or following is None or following[1] is None:
        return False
    return _frame(data, following.end() - 1)[0] == size


def _frame(data: bytes, place: int) -> tuple[bytes | None, int]:
    """
    :return: the bytes that tell a frame's size, None if it isn't one of a video; and where its pixels begin.
    """
    size = None
    for kind, start, end in segments(data, place):
        content = data[start + 4 : end]
        if kind == EXIF or (kind, content[:4]) == _MULTI_PICTURE:
            return None, end
        if kind in _SIZES:
            size = content[1:5]
        place = end
    return size, place
