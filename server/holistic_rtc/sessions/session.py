"""A running session and its peers, as the front process knows them."""

import math
import secrets
import string
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from holistic_rtc.ipc.messages import Ended
from holistic_rtc.ipc.process import Process
from holistic_rtc.model.stats import SessionStats
from holistic_rtc.sessions.quotas import Client
from holistic_rtc.sessions.trace import Trace


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
    :param etag: identifies its only ICE session (RFC 9725, section 4.3.1).
    """

    client: Client
    places: int = 1
    answered: float = math.inf
    live: bool = False
    trace: Trace = field(default_factory=Trace)
    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    etag: str = field(default_factory=lambda: secrets.token_hex(8))
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    joined: bool = False
    """Whether the peer has got its answer."""
    _since: float = field(default_factory=time.monotonic, init=False)

    @property
    def address(self) -> str:
        return self.client.address

    @property
    def age(self) -> float:
        """In seconds."""
        return time.monotonic() - self._since


@dataclass
class Session:
    """
    :param id: unguessable, too, but no secret.
    :param public: whether everyone may list and watch it.
    """

    id: str
    process: Process
    publisher: Resource
    public: bool = False
    viewing_key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    """Unguessable; knowing it is enough to watch the session."""
    subscribers: dict[str, Resource] = field(default_factory=dict)
    """By key."""
    stats: SessionStats | None = None
    """The latest statistics."""
    end: Ended | None = None
    """Why it ended, if it was told to or its process could still report it."""

    @property
    def started(self) -> datetime:
        return self.publisher.started


def make_id() -> str:
    """A random id with 131 bits. Without hyphens, since one at the start would make it an option on a command line."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(22))
