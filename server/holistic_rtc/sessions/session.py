"""A running session and its peers, as the front process knows them."""

import hmac
import math
import re
import secrets
import string
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from holistic_rtc.ipc.messages import Ended
from holistic_rtc.ipc.process import Process
from holistic_rtc.model.stats import SessionStats
from holistic_rtc.sessions.quotas import Client
from holistic_rtc.sessions.trace import Trace

ID = re.compile("[0-9A-Za-z]{22}")
"""What the id of a session looks like."""


def make_key() -> str:
    return secrets.token_urlsafe(16)


def make_etag() -> str:
    return secrets.token_hex(8)


@dataclass(eq=False)
class Resource:
    """
    A WHIP or WHEP resource, which its peer can modify and delete.

    :param client: where the peer's request came from.
    :param places: how many it takes: one for each video that it sends, or one.
    :param answered: when its offer was answered, on the monotonic clock; infinity before that.
    :param live: whether its peer has connected, and its first frame has come if it sends video.
    :param trace: of the request, and of what its peer does until the first landmark message.
    :param key: unguessable; knowing it is enough to use the resource.
    :param etag: identifies its ICE session (RFC 9725, section 4.3.1).
    """

    client: Client
    places: int = 1
    answered: float = math.inf
    live: bool = False
    trace: Trace = field(default_factory=Trace)
    key: str = field(default_factory=make_key)
    etag: str = field(default_factory=make_etag)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    joined: bool = False
    """Whether the peer has got its answer."""
    _since: float = field(default_factory=time.monotonic, init=False)

    @property
    def address(self) -> str:
        return self.client.address

    @property
    def for_worker(self) -> dict[str, Any]:
        """Names the peer in a request to a worker."""
        return {"address": self.address, "trace_id": self.trace.id}

    @property
    def age(self) -> float:
        """In seconds."""
        return time.monotonic() - self._since


@dataclass
class Session:
    """
    :param id: unguessable, too, but no secret.
    :param public: whether everyone may list and watch it.
    :param name: chosen by its publisher; sessions that follow each other may have the same.
    """

    id: str
    process: Process
    publisher: Resource
    public: bool = False
    name: str | None = None
    subscribers: dict[str, Resource] = field(default_factory=dict)
    """By key."""
    stats: SessionStats | None = None
    """The latest statistics."""
    end: Ended | None = None
    """Why it ended, if it was told to or its process could still report it."""

    @property
    def started(self) -> datetime:
        return self.publisher.started

    @property
    def labels(self) -> tuple[str, ...]:
        """What it may be called in a request: its id, and its name if it has one."""
        return (self.id,) if self.name is None else (self.id, self.name)

    @property
    def viewing_key(self) -> str:
        """
        Knowing it is enough to watch the session. It follows from the publisher's key, which doesn't follow from it,
        and from the name, so a link to watch lasts as long as the publisher keeps these.
        """
        digest = hmac.digest(self.publisher.key.encode(), f"viewing key of {self.name or self.id}".encode(), "sha256")
        return urlsafe_b64encode(digest[:16]).decode().rstrip("=")


class TrackDescription(msgspec.Struct):
    track: int
    width: int
    height: int
    fps: float


class SessionDescription(msgspec.Struct):
    """A session as it is listed."""

    id: str
    name: str | None
    public: bool
    started: str
    """In ISO format"""
    subscribers: int
    tracks: list[TrackDescription]

    @classmethod
    def of(cls, session: Session) -> "SessionDescription":
        tracks = [
            TrackDescription(track["track"], track["width"], track["height"], track["fps_out"])
            for track in (session.stats["tracks"] if session.stats else [])
        ]
        started = session.started.isoformat(timespec="seconds")
        return cls(session.id, session.name, session.public, started, len(session.subscribers), tracks)

    @property
    def labels(self) -> tuple[str, ...]:
        return (self.id,) if self.name is None else (self.id, self.name)


def make_id() -> str:
    """A random id with 131 bits. Without hyphens, since one at the start would make it an option on a command line."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(22))
