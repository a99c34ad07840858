"""Landmark messages with all parts, as JSON lines."""

from holistic_rtc.errors import DecodeError
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS
from holistic_rtc.recording.format import Format, Lines
from holistic_rtc.wire import as_json


def _encode(message: LandmarkMessage) -> bytes:
    return as_json.encode(message) + b"\n"


def _is_whole(line: bytes) -> bool:
    try:
        as_json.decode(line)
    except DecodeError:
        return False
    return line.endswith(b"\n")


LINES = Lines(_encode, _is_whole)

FORMAT = Format(".jsonl", "JSON lines", ALL_PARTS, LINES.writing, LINES)
