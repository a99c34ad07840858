"""Landmark messages as JSON lines."""

from contextlib import AbstractContextManager
from pathlib import Path

from holistic_rtc.errors import DecodeError
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS
from holistic_rtc.recording.format import Add, Format, Lines, Options
from holistic_rtc.wire import as_json


def lines(options: Options) -> Lines:
    parts = options.parts_of(ALL_PARTS)

    def encode(message: LandmarkMessage) -> bytes:
        return as_json.encode(message, parts) + b"\n"

    return Lines(encode, _is_whole)


def _is_whole(line: bytes, _: bytes) -> bool:
    try:
        as_json.decode(line)
    except DecodeError:
        return False
    return line.endswith(b"\n")


def _writing(path: Path, options: Options) -> AbstractContextManager[Add]:
    return lines(options).writing(path)


FORMAT = Format(".jsonl", "JSON lines", ALL_PARTS, _writing, lines, heeds=frozenset({"parts"}))
