"""A record as a line of text or JSON. Whatever strangers had written into it, it is cut and escaped here."""

import logging
import os
import re
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

MAX_MESSAGE = 1000
MAX_VALUE = 200
MAX_EXCEPTION = 8000
"""Characters; of what is longer, the middle is left out"""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What moves the cursor, ends a line or reorders text, and what isn't Unicode"""
_PLAIN = re.compile(r"[^\s\"=]+")
_OF_EVERY_RECORD = {
    *vars(logging.makeLogRecord({})),
    "message",
    "asctime",
    "taskName",
    "burst",
    "told",
    "peer",
    "event",
}


class Text(logging.Formatter):
    """
    ``TIME LEVEL [PID] message key=value``: the process's id if it is another one, and the fields that aren't in the
    message anyway. None is added to a record with the attribute ``told``. The lines of a traceback are indented, so
    none of them can be mistaken for a record.
    """

    def format(self, record: logging.LogRecord) -> str:
        message = message_of(record)
        place = "" if record.process in (None, os.getpid()) else f"[{record.process}] "
        fields = "".join(
            f" {name}={value if _PLAIN.fullmatch(str(value)) else msgspec.json.encode(value).decode()}"
            for name, value in fields_of(record).items()
            if name != "event" and str(value) not in message and not hasattr(record, "told")
        )
        line = f"{_local_time(record)} {record.levelname} {place}{_escape(message)}{fields}"
        return "\n    ".join([line, *map(_escape, exception_of(record).splitlines())])


class Json(logging.Formatter):
    """An object per line, with the fields that docs/deploy.md lists."""

    def format(self, record: logging.LogRecord) -> str:
        document: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "pid": record.process,
            "message": _escape(message_of(record)),
            **fields_of(record),
        }
        if exception := exception_of(record):
            document["exception"] = exception
        return msgspec.json.encode(document).decode()


def message_of(record: logging.LogRecord) -> str:
    return _cut(record.getMessage(), MAX_MESSAGE)


def exception_of(record: logging.LogRecord) -> str:
    """The traceback, if there is one."""
    if not record.exc_text and record.exc_info:
        record.exc_text = logging.Formatter().formatException(record.exc_info)
    return _cut(_without_surrogates(record.exc_text or ""), MAX_EXCEPTION)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """
    The event, the peer, and whatever else was given as ``extra``. An event without a name has that of its message,
    without the values in it.
    """
    given = {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
    fields = {"event": getattr(record, "event", record.msg), "peer": getattr(record, "peer", None), **given}
    return {
        name: value if isinstance(value, int | float) else _escape(_cut(str(value), MAX_VALUE))
        for name, value in fields.items()
        if value is not None
    }


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    tail = most // 4
    return f"{text[: most - tail]}[... {len(text) - most} characters ...]{text[-tail:]}"


def _escape(text: str) -> str:
    return _CONTROL.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _local_time(record: logging.LogRecord) -> str:
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(record.created))},{int(record.msecs):03d}"
