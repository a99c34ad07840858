"""Reads the size of encoded frames, so that it is known before the memory to decode them is taken."""

import re
from collections.abc import Iterator

from holistic_rtc.errors import MediaError

Size = tuple[int, int]
"""Width and height, in pixels"""

_START_CODE = b"\x00\x00\x01"
_SEQUENCE = re.compile(rb"\x00\x00\x01[" + bytes(n for n in range(256) if n & 0x1F == 7) + rb"]")
"""The start of a sequence parameter set"""
_HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
"""Those whose parameter sets describe colours and scaling (ITU-T H.264, section 7.3.2.1.1)"""
_MACROBLOCK = 16
_MAX_SETS = 32
"""Per frame: as many as there can be numbers for"""
_MAX_SET = 1024
"""Bytes of a parameter set that are read; nothing that matters can be behind them"""


def vp8_size(data: bytes) -> Size | None:
    """
    :param data: an encoded frame (RFC 6386, section 9.1).
    :return: None if it isn't a key frame, and so has the size of the last one.
    :raises MediaError: it is damaged.
    """
    if not data or data[0] & 1:
        return None
    if len(data) < 10 or data[3:6] != b"\x9d\x01\x2a":
        raise MediaError("a VP8 key frame is damaged")
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF


def h264_sizes(data: bytes) -> Iterator[Size]:
    """
    The sizes in all of a frame's sequence parameter sets.

    :param data: an encoded frame, as a byte stream (ITU-T H.264, annex B).
    :raises MediaError: a parameter set is damaged.
    """
    sets = [match.end() for match in _SEQUENCE.finditer(data)]
    if len(sets) > _MAX_SETS:
        raise MediaError(f"an H.264 frame has {len(sets)} parameter sets")
    for start in sets:
        end = data.find(_START_CODE, start)
        payload = data[start : end if end >= 0 else None][:_MAX_SET]
        plain = payload.replace(b"\x00\x00\x03", b"\x00\x00")
        yield _read_sps(plain)
        if plain != payload:
            # FFmpeg reads it as it is if it makes no sense otherwise.
            yield _read_sps(payload)


class _Bits:
    """
    Reads a payload bit by bit (ITU-T H.264, section 9.1).

    :raises MediaError: it ends too early.
    """

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data)
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise MediaError("an H.264 parameter set is damaged")
        return self._bits >> self._left & (1 << count) - 1

    def unsigned(self) -> int:
        """ue(v)"""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise MediaError("an H.264 parameter set is damaged")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        """se(v)"""
        number = self.unsigned()
        return (number + 1) // 2 if number % 2 else -(number // 2)


def _read_sps(payload: bytes) -> Size:
    """
    The size that decoding takes memory for. Only what is cropped of the last macroblocks is left out.

    :param payload: a sequence parameter set (ITU-T H.264, section 7.3.2.1.1).
    """
    bits = _Bits(payload)
    profile = bits.read(8)
    bits.read(16)  # constraints and level
    bits.unsigned()  # its number
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = _read_colours(bits)
    bits.unsigned()  # length of frame numbers
    _skip_picture_order(bits)
    bits.unsigned()  # reference frames
    bits.read(1)  # whether frame numbers may have gaps
    width = (bits.unsigned() + 1) * _MACROBLOCK
    units = bits.unsigned() + 1
    fields = 1 if bits.read(1) else 2
    if fields == 2:
        bits.read(1)
    bits.read(1)  # how motion is derived
    height = units * fields * _MACROBLOCK
    right = bottom = 0
    if bits.read(1):
        _, right, _, bottom = (bits.unsigned() for _ in range(4))
        right *= 2 if chroma in (1, 2) else 1
        bottom *= fields * (2 if chroma == 1 else 1)
    return width - min(right, _MACROBLOCK - 1), height - min(bottom, fields * _MACROBLOCK - 1)


def _read_colours(bits: _Bits) -> int:
    """:return: ``chroma_format_idc``"""
    chroma = bits.unsigned()
    if chroma == 3:
        bits.read(1)
    bits.unsigned()  # bit depths
    bits.unsigned()
    bits.read(1)
    if bits.read(1):
        for number in range(8 if chroma != 3 else 12):
            if bits.read(1):
                _skip_scaling_list(bits, 16 if number < 6 else 64)
    return chroma


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.read(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
