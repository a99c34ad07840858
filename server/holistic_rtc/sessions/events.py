"""What happens to sessions, for those who count, log or report it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from holistic_rtc.errors import Code
from holistic_rtc.model.end_reason import EndReason


class Role(StrEnum):
    PUBLISHER = "publisher"
    SUBSCRIBER = "subscriber"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """
    A session has started, or got a subscriber.

    :param address: the IP address that the peer's request came from.
    """

    session: str
    role: Role
    address: str
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
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """
    :param seconds: from when the picture was complete.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class CredentialGiven:
    """A client got credentials for the TURN servers."""


Event = Joined | Left | Refused | SnapshotTaken | CredentialGiven
Listener = Callable[[Event], object]


def ignore(event: Event) -> None:
    """The default listener."""
