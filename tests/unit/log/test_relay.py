import asyncio
import json
import logging
import os
import sys

import pytest

from holistic_rtc.log.lines import Json, Text
from holistic_rtc.log.relay import MAX_LINE, Relay, ToFront

pytestmark = pytest.mark.asyncio

PID = 4_000_000


def as_worker(level: int, message: str, *arguments: object, error: bool = False, **extra: object) -> bytes:
    """What a worker writes."""
    try:
        raise ValueError("broken\nINFO forged")
    except ValueError:
        trace = sys.exc_info() if error else None
    record = logging.LogRecord("holistic_rtc.workers.live", level, "file.py", 12, message, arguments, trace)
    vars(record).update(extra)
    return ToFront().format(record).encode() + b"\n"


async def relayed(caplog: pytest.LogCaptureFixture, *chunks: bytes) -> list[logging.LogRecord]:
    reader = asyncio.StreamReader()
    relay = Relay(PID)
    relay.session, relay.peer, relay.trace_id = "abc", "192.0.2.1", "4bf9"
    running = asyncio.create_task(relay.run(reader))
    for chunk in chunks:
        reader.feed_data(chunk)
        await asyncio.sleep(0)
    reader.feed_eof()
    await running
    return caplog.records


async def test_a_worker_s_record_is_the_front_s(caplog: pytest.LogCaptureFixture) -> None:
    line = as_worker(logging.ERROR, "%s: a track failed", "the publisher", error=True, track=2)
    [record] = await relayed(caplog, line[:50], line[50:])
    document = json.loads(Json().format(record))
    assert document.pop("time").startswith("20")
    assert document.pop("exception").endswith("ValueError: broken\nINFO forged")
    assert document == {
        "level": "ERROR",
        "logger": "holistic_rtc.workers.live",
        "pid": PID,
        "message": "the publisher: a track failed",
        "event": "%s: a track failed",
        "session": "abc",
        "peer": "192.0.2.1",
        "trace_id": "4bf9",
        "track": 2,
    }
    first, *others = Text().format(record).split("\n")
    assert f" ERROR [{PID}] the publisher: a track failed" in first
    assert all(line.startswith("    ") for line in others)


async def test_a_record_that_names_its_peer_and_its_trace_keeps_them(caplog: pytest.LogCaptureFixture) -> None:
    [record] = await relayed(caplog, as_worker(logging.INFO, "hello", peer="192.0.2.2", trace_id="0af7"))
    assert json.loads(Json().format(record)).items() >= {("peer", "192.0.2.2"), ("trace_id", "0af7")}


async def test_what_native_code_writes_becomes_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    [record] = await relayed(caplog, b"INFO: Created delegate\n", b"100%\x1b of it broke\xff\n")
    assert record.levelno == logging.WARNING
    line = Text().format(record)
    assert line.isprintable()
    assert "100%" in line


async def test_a_line_without_end_is_cut_and_read_on(caplog: pytest.LogCaptureFixture) -> None:
    endless = [b"x" * MAX_LINE] * 40
    first, second, third = await relayed(caplog, *endless, b"\nnext\nlast")
    assert first.getMessage() == "x" * MAX_LINE
    assert (second.getMessage(), third.getMessage()) == ("next", "last")


@pytest.mark.parametrize("line", [b"{}", b'{"type": "log"}', b"[1]", b"\xff", b'{"type":"log","created":"now"}'])
async def test_what_only_looks_like_a_record_is_a_line(caplog: pytest.LogCaptureFixture, line: bytes) -> None:
    [record] = await relayed(caplog, line + b"\n")
    assert record.name == "holistic_rtc.workers.stderr"
    assert record.process == PID != os.getpid()
