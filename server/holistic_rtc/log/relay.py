"""Carries the log of a worker to the front process, which writes it: over standard error, as that outlives a crash."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator

import msgspec

from holistic_rtc.log.lines import exception_of, fields_of, message_of
from holistic_rtc.native_log import is_noise

MAX_LINE = 64 * 1024
"""Bytes of a line; the rest of a longer one is dropped"""
RAW_BURST = 200
"""Lines of a worker that don't come from its logger, such as the traceback of one that can't start"""

_raw_logger = logging.getLogger("holistic_rtc.workers.stderr")


class _Relayed(msgspec.Struct, frozen=True, tag="log"):
    created: float
    level: int
    logger: str
    line: int
    template: str
    message: str
    exception: str
    fields: dict[str, str | int | float]


_encoder, _decoder = msgspec.json.Encoder(), msgspec.json.Decoder(_Relayed)


class ToFront(logging.Formatter):
    """For the worker: a record as :class:`Relay` reads it."""

    def format(self, record: logging.LogRecord) -> str:
        fields = fields_of(record)
        relayed = _Relayed(
            *(record.created, record.levelno, record.name, record.lineno),
            str(fields.pop("event")),
            message_of(record).encode("utf-8", "backslashreplace").decode(),
            exception_of(record),
            fields,
        )
        return _encoder.encode(relayed).decode()


class Relay:
    """
    For the front process: logs what a worker writes to its standard error.

    :param pid: of the worker.
    """

    def __init__(self, pid: int) -> None:
        self.session: str | None = None
        """The session that the worker serves"""
        self.peer: str | None = None
        """Address of its publisher, for lines that don't name another peer"""
        self.trace_id: str | None = None
        """Of its publisher's trace"""
        self._pid = pid

    async def run(self, stderr: asyncio.StreamReader) -> None:
        """Until the worker closes it."""
        async for line in _lines(stderr):
            if not is_noise(line):
                self._log(line)

    def _log(self, line: bytes) -> None:
        try:
            relayed = _decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            text = line.decode(errors="replace")
            self._handle(_raw_logger, logging.WARNING, {"msg": "%s", "args": (text,), "burst": RAW_BURST})
            return
        self._handle(
            logging.getLogger(relayed.logger),
            relayed.level,
            {
                **relayed.fields,
                "created": relayed.created,
                "msecs": relayed.created % 1 * 1000,
                "lineno": relayed.line,
                "event": relayed.template,
                "msg": relayed.message,
                "exc_text": relayed.exception or None,
                # The worker has summed up its own.
                "burst": math.inf,
            },
        )

    def _handle(self, logger: logging.Logger, level: int, attributes: dict[str, object]) -> None:
        own = {
            "name": logger.name,
            "levelno": level,
            "levelname": logging.getLevelName(level),
            "process": self._pid,
            "session": self.session,
        }
        logger.handle(logging.makeLogRecord({"peer": self.peer, "trace_id": self.trace_id, **attributes, **own}))


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The lines, without their ends. Reads on whatever their length."""
    line = bytearray()
    while chunk := await reader.read(MAX_LINE):
        *ended, rest = chunk.split(b"\n")
        for end in ended:
            yield bytes((line + end)[:MAX_LINE])
            line.clear()
        line += rest[: MAX_LINE - len(line)]
    if line:
        yield bytes(line)
