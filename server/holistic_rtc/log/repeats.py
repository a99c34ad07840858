"""Sums up what is logged again and again."""

import copy
import logging
import math
from dataclasses import dataclass

from holistic_rtc.log.lines import message_of

SECONDS = 10.0
"""A window: begins with the first record of its kind"""
BURST = 10
"""Records of a kind that are logged in a window. A record's ``burst`` overrides this"""
MOST = 1000
"""Kinds that are told apart by peer and session"""

_Kind = tuple[object, ...]


@dataclass(slots=True)
class _Window:
    start: float
    logged: int = 0
    left_out: int = 0
    latest: logging.LogRecord | None = None


class Repeats:
    """
    Records are alike if the same line of code logs them for the same peer and session, so one peer can't hide what
    another does. Debugging records are never left out. Not thread-safe.
    """

    def __init__(self) -> None:
        self._windows: dict[_Kind, _Window] = {}

    def admit(self, record: logging.LogRecord, now: float) -> bool:
        """
        Count a record.

        :param now: on the monotonic clock.
        :return: whether to log it.
        """
        burst = getattr(record, "burst", BURST)
        if record.levelno < logging.INFO or burst == math.inf:
            return True
        kind: _Kind = (record.name, record.lineno)
        if len(self._windows) < MOST:
            kind = (*kind, getattr(record, "peer", None), getattr(record, "session", None))
        window = self._windows.setdefault(kind, _Window(now))
        if window.logged < burst:
            window.logged += 1
            return True
        window.left_out += 1
        window.latest = record
        return False

    def sums(self, now: float) -> list[logging.LogRecord]:
        """A record for each kind of which some were left out, in the windows that have ended."""
        over = [kind for kind, window in self._windows.items() if now - window.start >= SECONDS]
        ended = [self._windows.pop(kind) for kind in over]
        return [_sum(window.latest, window.left_out) for window in ended if window.latest]


def _sum(latest: logging.LogRecord, count: int) -> logging.LogRecord:
    record = copy.copy(latest)
    record.msg = "repeated %d times in %g s: %s"
    record.args = (count, SECONDS, message_of(latest))
    record.exc_info = record.exc_text = None
    record.__dict__.setdefault("event", latest.msg)
    record.__dict__["repeated"] = count
    return record
