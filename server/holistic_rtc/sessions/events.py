"""What happens to sessions, for those who count, log or report it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from holistic_rtc.errors import Code
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.step import Step


class Role(StrEnum):
    PUBLISHER = "publisher"
    SUBSCRIBER = "subscriber"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """
    A session has started, or got a subscriber.

    :param address: the IP address that the peer's request came from.
    :param trace_id: the peer's trace, if it is traced.
    """

    session: str
    role: Role
    address: str
    trace_id: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """
    A session has ended, or lost a subscriber.

    :param message: the reason in words.
    :param seconds: how long it lasted.
    """

    session: str
    role: Role
    address: str
    reason: EndReason
    message: str
    seconds: float
    trace_id: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """
    A request was refused.

    :param detail: the reason in words. May quote the request.
    :param path: of the request, without secrets.
    :param session: the session that the request is for, if there is one.
    """

    code: Code
    detail: str
    address: str
    method: str
    path: str
    session: str | None
    trace_id: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class RedirectReason(StrEnum):
    FULL = "full"
    """This node has no place left, or is shutting down"""
    ELSEWHERE = "elsewhere"
    """The session is on the other node"""


@dataclass(frozen=True, slots=True)
class Redirected:
    """A request was redirected to another node."""

    reason: RedirectReason


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """
    :param seconds: from when the picture was complete.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class JobEnded:
    """
    A file has been tracked, or couldn't be.

    :param code: why it failed; None if it didn't.
    :param frames: how many were tracked.
    :param seconds: from when the file was complete.
    """

    code: Code | None
    frames: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CredentialGiven:
    """A client got credentials for the TURN servers."""


@dataclass(frozen=True, slots=True)
class StepTaken:
    """
    A request that is traced, or its peer, has taken a step. Times are in nanoseconds since 1970.

    :param parent: the ``traceparent`` of the request.
    :param error: why the step failed, if it did.
    """

    parent: str
    session: str | None
    step: Step
    began: int
    ended: int
    error: str | None = None


Event = Joined | Left | Refused | Redirected | SnapshotTaken | JobEnded | CredentialGiven | StepTaken
Listener = Callable[[Event], object]


def ignore(event: Event) -> None:
    """The default listener."""
