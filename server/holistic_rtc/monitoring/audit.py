"""
The audit log: a line for each join, end and refusal, with the address that the request came from.

It has a logger of its own, ``holistic_rtc.audit``, with lines of ``name=value`` after the kind of event.
"""

import logging
import math
import re

from holistic_rtc.sessions.events import Event, Joined, Left, Refused

logger = logging.getLogger("holistic_rtc.audit")

MAX_LENGTH = 200
"""Maximum length of a value; longer ones are cut."""
MAX_REFUSALS = 100
"""Lines for an address in 10 s; the log sums up further refusals"""
_PLAIN = re.compile(r"[!#-<>-\[\]-~]+")
"""Printable ASCII without spaces, quotation marks, equals signs and backslashes"""


def log(event: Event) -> None:
    """Write the event's line, if it is one of a join, end or refusal."""
    match event:
        case Joined():
            _write("join", role=event.role, session=event.session, trace_id=event.trace_id, address=event.address)
        case Left():
            _write(
                "end",
                role=event.role,
                session=event.session,
                reason=event.reason,
                seconds=f"{event.seconds:.1f}",
                trace_id=event.trace_id,
                address=event.address,
            )
        case Refused():
            _write(
                "refusal",
                burst=MAX_REFUSALS,
                code=event.code,
                method=event.method,
                path=event.path,
                session=event.session,
                trace_id=event.trace_id,
                address=event.address,
                detail=event.detail,
            )


def _write(
    kind: str, *, address: str, detail: str | None = None, burst: float = math.inf, **values: str | None
) -> None:
    """
    :param burst: see :mod:`holistic_rtc.log.repeats`.
    """
    texts = {**values, "address": address, "detail": detail}
    line = " ".join(f"{name}={_quote(value)}" for name, value in texts.items() if value)
    fields = {**values, "event": f"audit {kind}", "peer": address, "detail": detail, "burst": burst, "told": True}
    logger.info("audit %s %s", kind, line, extra=fields)


def _quote(value: str) -> str:
    """Strings of strangers can neither be mistaken for other values nor begin a new line."""
    cut = value if len(value) <= MAX_LENGTH else value[: MAX_LENGTH - 3] + "..."
    if _PLAIN.fullmatch(cut):
        return cut
    escaped = cut.encode("unicode_escape").decode().replace('"', r"\x22")
    return f'"{escaped}"'
