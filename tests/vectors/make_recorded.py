"""
Makes what the server's recording formats give for some messages, with which the page's own formats are compared.

- ``recorded.messages.json`` has the messages as FlatBuffers in base64: ``landmarks`` and ``motion``, a list for each.
- ``recorded.jsonl`` and ``recorded.csv`` are recordings of ``landmarks``,
  ``recorded.bvh`` and ``recorded.vrma`` of ``motion``.

Run it from the project's root: ``PYTHONPATH=. .venv/bin/python tests/vectors/make_recorded.py``.
"""

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson

from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.recording.format import Options
from holistic_rtc.recording.formats import FORMATS
from holistic_rtc.wire import as_flatbuffers
from tests.kit.takes import TIMES, waving

HERE = Path(__file__).parent
LANDMARKS = ("person", "second_person", "upper_body", "rig", "nobody")
NOBODY_AT = 430
"""Milliseconds at which nobody is seen for a frame"""
FORMATS_OF = {"landmarks": (".jsonl", ".csv"), "motion": (".bvh", ".vrma")}


def messages() -> Mapping[str, list[bytes]]:
    moving = [
        LandmarkMessage(seq, 10_000 + time, 640, 480, 0, HolisticResult(), None if time == NOBODY_AT else waving(time))
        for seq, time in enumerate(TIMES)
    ]
    return {
        "landmarks": [(HERE / f"{name}.bin").read_bytes() for name in LANDMARKS],
        "motion": [as_flatbuffers.encode(message, ALL_PARTS) for message in moving],
    }


def record(suffix: str, messages: Iterable[bytes], folder: Path) -> Path:
    """:return: the recording, as ``holistic-rtc record`` writes it"""
    path = folder / f"recorded{suffix}"
    with FORMATS[suffix].writing(path, Options()) as add:
        for data in messages:
            add(as_flatbuffers.decode(data))
    return path


if __name__ == "__main__":
    recorded = messages()
    encoded = {name: [base64.b64encode(data).decode() for data in some] for name, some in recorded.items()}
    (HERE / "recorded.messages.json").write_bytes(orjson.dumps(encoded, option=orjson.OPT_INDENT_2) + b"\n")
    for name, suffixes in FORMATS_OF.items():
        for suffix in suffixes:
            record(suffix, recorded[name], HERE)
