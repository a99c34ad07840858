"""The recordings in ``tests/vectors``, with which the page's tests compare their own."""

import base64
from pathlib import Path

import orjson
import pytest

from tests.vectors.make_recorded import HERE, messages, record


def test_the_messages_are_those_that_were_recorded() -> None:
    stored = orjson.loads((HERE / "recorded.messages.json").read_bytes())
    assert {name: list(map(base64.b64decode, some)) for name, some in stored.items()} == messages()


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_the_recordings_are_what_the_formats_write(suffix: str, tmp_path: Path) -> None:
    written = record(suffix, messages()["landmarks"], tmp_path)
    assert written.read_bytes() == (HERE / f"recorded{suffix}").read_bytes(), "run tests/vectors/make_recorded.py"
