"""Landmarks and rig as CSV: the columns of :mod:`.table`, empty for what wasn't seen."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS
from holistic_rtc.recording.format import Add, Format, Lines, Options
from holistic_rtc.recording.table import FRAME, Table

_DECIMALS = 5


def _lines(options: Options) -> Lines:
    table = Table(options.parts_of(ALL_PARTS))

    def encode(message: LandmarkMessage) -> bytes:
        numbers = np.round(table.row(message), _DECIMALS).tolist()
        frame = (message.seq, message.timestamp_ms, message.width, message.height)
        return _line([*frame, *("" if number != number else number for number in numbers), message.person])

    return Lines(encode, _is_whole, header=_line([*FRAME, *table.columns, "person"]))


def _line(cells: Iterable[object]) -> bytes:
    # None of them needs quotes: all are numbers, or names of columns.
    return (",".join(map(str, cells)) + "\n").encode("ascii")


def _is_whole(line: bytes, header: bytes) -> bool:
    is_ours = header.startswith(",".join(FRAME).encode())
    return is_ours and line.endswith(b"\n") and line.count(b",") == header.count(b",") and b"\0" not in line


def _writing(path: Path, options: Options) -> AbstractContextManager[Add]:
    return _lines(options).writing(path)


FORMAT = Format(".csv", "CSV", ALL_PARTS, _writing, _lines, heeds=frozenset({"parts"}))
