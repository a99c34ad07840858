"""Landmark messages with all parts, as JSON lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from holistic_rtc.atomic import streaming
from holistic_rtc.model.parts import ALL_PARTS
from holistic_rtc.recording.format import Add, Format, Options
from holistic_rtc.wire import as_json


@contextmanager
def _writing(path: Path, options: Options) -> Iterator[Add]:
    with streaming(path) as file:
        yield lambda message: file.write(as_json.encode(message) + b"\n")


FORMAT = Format(".jsonl", "JSON lines", ALL_PARTS, _writing)
