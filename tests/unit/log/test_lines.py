import json
import logging
import os
from typing import Any

import pytest

from holistic_rtc.log.lines import MAX_EXCEPTION, MAX_MESSAGE, MAX_VALUE, Json, Text

FORMATS = pytest.mark.parametrize("formatter", [Text(), Json()])

HOSTILE = "a\r\n2026-11-30 ERROR forged\x1b[31m\x07\x9b\u2028\u202e\x00\ud800"


def record(message: object, *arguments: object, error: BaseException | None = None, **extra: Any) -> logging.LogRecord:
    trace = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("holistic_rtc.http", logging.WARNING, "file.py", 12, message, arguments, trace)
    vars(made).update(extra)
    return made


def failed(message: str) -> BaseException:
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


def test_a_line_of_text_has_the_time_the_level_and_the_message() -> None:
    made = record("%s failed", "GET /")
    made.created, made.msecs = 1_000_000_000.25, 250.0
    line = Text().format(made)
    assert line.endswith(",250 WARNING GET / failed")
    assert line[:4] == "2001"


def test_text_says_which_other_process_it_is_from() -> None:
    made = record("hello")
    made.process = os.getpid() + 1
    assert Text().format(made).endswith(f"WARNING [{made.process}] hello")


def test_fields_that_the_message_lacks_follow_it_in_text() -> None:
    line = Text().format(record("session %s ended", "abc", session="abc", peer="192.0.2.1", reason="a b=c", count=3))
    assert line.endswith(' session abc ended peer=192.0.2.1 reason="a b=c" count=3')


def test_json_has_every_field() -> None:
    made = record("session %s ended", "abc", session="abc", peer="192.0.2.1", event="session_ended", seconds=1.5)
    made.created = 1_000_000_000.25
    assert json.loads(Json().format(made)) == {
        "time": "2001-09-09T01:46:40.250+00:00",
        "level": "WARNING",
        "logger": "holistic_rtc.http",
        "pid": os.getpid(),
        "message": "session abc ended",
        "event": "session_ended",
        "session": "abc",
        "peer": "192.0.2.1",
        "seconds": 1.5,
    }


def test_an_event_without_a_name_has_that_of_its_message() -> None:
    assert json.loads(Json().format(record("session %s ended", "abc")))["event"] == "session %s ended"


@FORMATS
@pytest.mark.parametrize("where", ["argument", "message", "field", "peer"])
def test_no_stranger_can_begin_a_line_or_move_the_cursor(formatter: logging.Formatter, where: str) -> None:
    made = {
        "argument": record("%s failed", HOSTILE),
        "message": record(HOSTILE),
        "field": record("failed", label=HOSTILE),
        "peer": record("failed", peer=HOSTILE),
    }[where]
    line = formatter.format(made)
    assert "forged" in line
    assert line.isprintable()
    line.encode()


def test_the_lines_of_a_traceback_can_not_be_mistaken_for_records() -> None:
    first, *others = Text().format(record("it failed", error=failed(HOSTILE))).split("\n")
    assert first.endswith("it failed")
    assert all(line.startswith("    ") and line.isprintable() for line in others)
    assert others[0] == "    Traceback (most recent call last):"
    assert any("forged" in line for line in others)


def test_a_traceback_is_a_field_of_json() -> None:
    line = Json().format(record("it failed", error=failed(HOSTILE)))
    assert "\n" not in line
    exception = json.loads(line)["exception"]
    assert exception.startswith("Traceback")
    assert "ValueError" in exception


@FORMATS
def test_what_is_long_is_cut_in_the_middle(formatter: logging.Formatter) -> None:
    made = record("GET %s failed", "x" * 100_000, error=failed("y" * 100_000), label="z" * 100_000)
    line = formatter.format(made)
    assert len(line) < MAX_MESSAGE + MAX_VALUE + MAX_EXCEPTION + 500
    assert "x failed" in line
    assert "[... 99" in line


def test_a_number_stays_a_number() -> None:
    assert json.loads(Json().format(record("done", frames=3, share=0.5)))["frames"] == 3


def test_a_message_need_not_be_a_string() -> None:
    assert Text().format(record(ValueError("broken"))).endswith("WARNING broken")
    assert json.loads(Json().format(record(ValueError("broken"))))["event"] == "broken"
