"""Writes the log off the thread that logs, so that a full pipe or a slow disk stops nobody."""

import hashlib
import hmac
import logging
import queue
import secrets
import sys
import threading
import time
from contextvars import ContextVar
from typing import Literal

from holistic_rtc.atomic import Unbuffered
from holistic_rtc.log.lines import Json, Text, message_of
from holistic_rtc.log.repeats import Repeats

logger = logging.getLogger(__name__)

Format = Literal["text", "json"]
Peers = Literal["address", "hash"]

MOST = 1000
"""Lines that wait to be written; more are dropped, and counted"""
FLUSH_SECONDS = 1.0
"""To write the rest at the end"""
_TICK = 0.5
"""Seconds between two looks at what is to be summed up"""

peer: ContextVar[str | None] = ContextVar("peer", default=None)
"""Address of the peer that the current task works for"""
trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)
"""Of its trace"""


class Writer(logging.Handler):
    """
    :param descriptor: of the file to write to.
    :param peers: how to name peers: by address, or by a hash that is the same for an address until the process ends.
    """

    def __init__(self, descriptor: int, formatter: logging.Formatter, *, peers: Peers = "address") -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.dropped = 0
        """Lines that nobody could read"""
        self._file = Unbuffered(descriptor, "w", closefd=False)
        self._key = secrets.token_bytes(16) if peers == "hash" else None
        self._lines: queue.Queue[str | None] = queue.Queue(MOST)
        self._repeats = Repeats()
        self._ended = False
        # A daemon, because it may be writing to a pipe that nobody reads.
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Called by :meth:`handle`, which lets one thread in at a time. Never waits for the file."""
        if address := getattr(record, "peer", None) or peer.get():
            self._name_peer(record, address)
        vars(record).setdefault("trace_id", trace_id.get())
        if self._repeats.admit(record, time.monotonic()):
            self._enqueue(record)

    def close(self) -> None:
        """Write what is left, if it can be written within :data:`FLUSH_SECONDS`. Idempotent."""
        with self._lock():
            if self._ended:
                return
            self._ended = True
            for record in self._repeats.sums(float("inf")):
                self._enqueue(record)
            deadline = time.monotonic() + FLUSH_SECONDS
        try:
            self._lines.put(None, timeout=FLUSH_SECONDS)
            self._thread.join(deadline - time.monotonic())
        except queue.Full:
            pass
        super().close()

    def _lock(self) -> threading.RLock:
        assert self.lock is not None
        return self.lock

    def _name_peer(self, record: logging.LogRecord, address: str) -> None:
        """In the message, too."""
        fields = vars(record)
        if self._key is not None:
            name = hmac.new(self._key, address.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()[:12]
            fields.setdefault("event", record.msg)
            record.msg, record.args = "%s", (message_of(record).replace(address, name),)
            address = name
        fields["peer"] = address

    def _enqueue(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self.dropped += 1
        except Exception as error:
            # A message that doesn't fit its arguments is a bug, and no reason to end what logs it.
            record.msg, record.args = "can't format the log record %r: %r", (str(record.msg), error)
            self._enqueue(record)

    def _run(self) -> None:
        reported = 0
        while True:
            try:
                line = self._lines.get(timeout=_TICK)
            except queue.Empty:
                if self._ended:
                    return
                line = ""
            if line is None:
                return
            if line:
                self._write(line)
            with self._lock():
                for record in self._repeats.sums(time.monotonic()):
                    self._enqueue(record)
            if self.dropped > reported and self._lines.qsize() < MOST // 2:
                reported, count = self.dropped, self.dropped - reported
                logger.warning("%d log lines were dropped, because they couldn't be written in time", count)

    def _write(self, line: str) -> None:
        try:
            self._file.write(f"{line}\n".encode("utf-8", "backslashreplace"))
        except OSError:
            self.dropped += 1


def log_to_stderr(level: str, formatter: logging.Formatter, *, peers: Peers = "address") -> Writer:
    """
    Send all records of this process to standard error, those of threads that fail and Python's warnings, too. Close the
    writer at the end.
    """
    writer = Writer(sys.__stderr__.fileno() if sys.__stderr__ else 2, formatter, peers=peers)
    logging.basicConfig(level=level, handlers=[writer], force=True)
    logging.captureWarnings(True)
    threading.excepthook = _log_failed_thread
    return writer


def make_formatter(format: Format) -> logging.Formatter:
    return Json() if format == "json" else Text()


def _log_failed_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and failed.thread is not None:
        trace = (failed.exc_type, failed.exc_value, failed.exc_traceback)
        logger.error("the thread %s failed", failed.thread.name, exc_info=trace)
