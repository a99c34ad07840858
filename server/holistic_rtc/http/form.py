"""Extracts a field from a form (multipart/form-data, RFC 7578), in linear time."""

import asyncio
import re

from holistic_rtc.errors import Code, Refusal

MAX_FIELDS = 32
MAX_HEAD = 8 * 1024
"""Maximum size of a field's header, in bytes"""
MAX_BOUNDARY = 70
"""Maximum length in bytes (RFC 2046, section 5.1.1)"""
STRIDE = 256 * 1024
"""Number of bytes to search before yielding to the event loop"""

_DISPOSITION = re.compile(rb"\r\ncontent-disposition:[ \t]*form-data([^\r\n]*)", re.IGNORECASE)
_PARAMETER = re.compile(rb';\s*([^\s=;]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;]*))')


async def find_field(form: bytes | bytearray, content_type: str, name: str) -> bytes:
    """
    :param content_type: the request's Content-Type header, with the boundary.
    :return: the unmodified content of the first field with this name.
    :raises Refusal: the form can't be read, or has no such field.
    """
    boundary = _parameters(content_type.encode("utf-8", "surrogateescape")).get(b"boundary", b"")
    if not 0 < len(boundary) <= MAX_BOUNDARY:
        raise _unreadable(f"its Content-Type needs a boundary of 1 to {MAX_BOUNDARY} characters")
    delimiter = b"\r\n--" + boundary
    # The first boundary may have no line break before it.
    end = -2 if form.startswith(delimiter[2:]) else await _find(form, delimiter, 0)
    for _ in range(MAX_FIELDS):
        position = end + len(delimiter)
        if form.startswith(b"--", position):
            raise Refusal(Code.BAD_REQUEST, f"the form has no field named {name}")
        if not form.startswith(b"\r\n", position):
            raise _unreadable("a boundary is followed by other characters on its line")
        head = form.find(b"\r\n\r\n", position, position + MAX_HEAD)
        if head < 0:
            raise _unreadable(f"the header of a field is cut off or has more than {MAX_HEAD:,} bytes")
        # There may be just one line break between the header of an empty field and the boundary.
        end = await _find(form, delimiter, head + 2)
        if _name(form[position : head + 2]) == name.encode():
            return bytes(memoryview(form)[head + 4 : end])
    raise Refusal(Code.BAD_REQUEST, f"the form has more than {MAX_FIELDS} fields; send the one named {name} first")


async def _find(form: bytes | bytearray, delimiter: bytes, start: int) -> int:
    for place in range(start, len(form), STRIDE):
        position = form.find(delimiter, place, place + STRIDE + len(delimiter) - 1)
        if position >= 0:
            return position
        await asyncio.sleep(0)
    raise _unreadable("a boundary is missing; the form is cut off, or doesn't match its Content-Type")


def _name(head: bytes | bytearray) -> bytes | None:
    disposition = _DISPOSITION.search(head)
    return _parameters(disposition[1]).get(b"name") if disposition else None


def _parameters(value: bytes) -> dict[bytes, bytes]:
    return {match[1].lower(): match[2] if match[3] is None else match[3] for match in _PARAMETER.finditer(value)}


def _unreadable(reason: str) -> Refusal:
    return Refusal(Code.BAD_REQUEST, f"the form can't be read: {reason}")
