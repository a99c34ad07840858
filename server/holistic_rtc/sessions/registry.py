"""The registry of running sessions: admits, looks up and ends them."""

import asyncio
import logging
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.messages import (
    AddCandidates,
    Answer,
    Beat,
    Done,
    Drain,
    Ended,
    Event,
    Publish,
    Subscribe,
    Unsubscribe,
    Unsubscribed,
)
from holistic_rtc.ipc.pool import Pool
from holistic_rtc.ipc.process import Process
from holistic_rtc.model.stats import SessionStats
from holistic_rtc.sessions.capacity import MAX_SUBSCRIBERS, Capacity
from holistic_rtc.settings import IceServer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Resource:
    """
    A WHIP or WHEP resource, which its peer can modify and delete.

    :param key: unguessable; knowing it is enough to use the resource.
    :param etag: identifies its only ICE session (RFC 9725, section 4.3.1).
    """

    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    etag: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass
class Session:
    """
    :param id: unguessable, too, but known to those who may subscribe.
    """

    id: str
    process: Process
    publisher: Resource = field(default_factory=Resource)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    subscribers: dict[str, Resource] = field(default_factory=dict)
    """By key."""
    stats: SessionStats | None = None
    """The latest statistics."""
    end: Ended | None = None
    """Why it ended, if its process could still report it."""

    def take(self, event: Event) -> None:
        """Handle an event of the session's process."""
        match event:
            case Beat(stats):
                self.stats = stats
            case Ended():
                self.end = event
            case Unsubscribed(subscriber):
                self.subscribers.pop(subscriber, None)


class Registry:
    """
    :param pool: the pool of session processes; owned by the registry.
    :param capacity: determines how many sessions may run at the same time.
    :param ice_servers: the ICE servers for the session processes.
    """

    def __init__(self, pool: Pool, capacity: Capacity, ice_servers: Sequence[IceServer]) -> None:
        self._capacity = capacity
        self._pool = pool
        self._ice_servers = [server.model_dump(exclude_none=True) for server in ice_servers]
        self._sessions: dict[str, Session] = {}
        self._starting = 0
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        self._pool.on_measured = self._tell_room
        self._pool.open()

    @property
    def sessions(self) -> Mapping[str, Session]:
        return self._sessions

    @property
    def max_sessions(self) -> int:
        return self._capacity.sessions(self._pool.frame_cpu_ms)

    @property
    def ready(self) -> bool:
        """Whether the next peer can start at once."""
        return not self._closing and self._pool.warm > 0 and not self._full

    @property
    def _full(self) -> bool:
        return len(self._sessions) + self._starting >= self.max_sessions

    async def create(self, offer: str) -> tuple[Session, str]:
        """
        Start a session.

        :param offer: SDP.
        :return: the session, and the answer as SDP.
        :raises Refusal: the offer can't be served, or the server is full, is shutting down or has no free port.
        """
        self._refuse_if_closing()
        if self._full:
            raise Refusal(
                Code.SERVER_FULL, f"the server is full: {self.max_sessions} sessions are running", retry_after=5
            )
        self._starting += 1
        try:
            return await self._start(offer)
        finally:
            self._starting -= 1

    def get(self, id: str) -> Session:
        """
        :raises Refusal: the session doesn't exist.
        """
        try:
            return self._sessions[id]
        except KeyError:
            raise Refusal(Code.UNKNOWN_SESSION, "no such session; it may have ended") from None

    async def subscribe(self, session: Session, offer: str) -> tuple[Resource, str]:
        """
        Add a subscriber to a session.

        :param offer: SDP.
        :return: the subscriber, and the answer as SDP.
        :raises Refusal: the offer can't be served, the session is full, or the server has no free port.
        """
        if len(session.subscribers) >= MAX_SUBSCRIBERS:
            raise Refusal(Code.SESSION_FULL, f"the session already has {MAX_SUBSCRIBERS} subscribers", retry_after=5)
        subscriber = Resource()
        session.subscribers[subscriber.key] = subscriber
        try:
            request = Subscribe(subscriber=subscriber.key, offer=offer)
            return subscriber, _with_candidates(await session.process.request(request, Answer))
        except BaseException:
            self.unsubscribe(session, subscriber)
            raise

    async def add_candidates(self, session: Session, subscriber: Resource | None, fragment: str) -> None:
        """
        :param subscriber: the peer that sent them; None for the publisher.
        :param fragment: an ``application/trickle-ice-sdpfrag``.
        :raises Refusal: they can't be read or used.
        """
        request = AddCandidates(subscriber=subscriber.key if subscriber else None, fragment=fragment)
        await session.process.request(request, Done)

    def unsubscribe(self, session: Session, subscriber: Resource) -> None:
        session.subscribers.pop(subscriber.key, None)
        session.process.tell(Unsubscribe(subscriber.key))

    def end(self, session: Session, reason: str, message: str) -> None:
        """End a session. Its place is free immediately; its process ends in the background."""
        if self._sessions.pop(session.id, None):
            self._spawn(session.process.close(reason, message), f"end-{session.id}")

    async def drain(self, seconds: float) -> None:
        """Accept no new sessions, tell the running ones, and wait until the last one has ended."""
        self._closing = True
        for session in self._sessions.values():
            session.process.tell(Drain(seconds))
        while self._sessions:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        self._closing = True
        for session in list(self._sessions.values()):
            self.end(session, "server_shutdown", "the server is shutting down")
        await self._pool.close()
        await asyncio.gather(*self._tasks)

    async def _start(self, offer: str) -> tuple[Session, str]:
        process = await self._pool.acquire()
        id = make_id()
        try:
            request = Publish(session=id, offer=offer, ice_servers=self._ice_servers)
            reply = await process.request(request, Answer)
        except Refusal:
            if process.alive and process.reusable:
                await self._pool.release(process)
            else:
                process.kill()
            raise
        except BaseException:
            process.kill()
            raise
        try:
            answer = _with_candidates(reply)
            # The server may have started to shut down in the meantime.
            self._refuse_if_closing()
        except Refusal:
            process.kill()
            raise
        session = Session(id, process)
        process.on_event = session.take
        self._sessions[id] = session
        self._spawn(self._watch(session), f"watch-{id}")
        logger.info("session %s started in process %d", id, process.pid)
        return session, answer

    async def _watch(self, session: Session) -> None:
        await session.process.wait_closed()
        self._sessions.pop(session.id, None)
        logger.info("session %s ended: %s", session.id, session.end.message if session.end else "its process is gone")

    def _tell_room(self) -> None:
        sessions = "1 session" if self.max_sessions == 1 else f"{self.max_sessions} sessions"
        logger.info(
            "tracking a frame takes %.0f ms of CPU; there is room for %s at a time", self._pool.frame_cpu_ms, sessions
        )

    def _refuse_if_closing(self) -> None:
        if self._closing:
            raise Refusal(Code.SHUTTING_DOWN, "the server is shutting down", retry_after=5)

    def _spawn(self, coroutine: Any, name: str) -> None:
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def make_id() -> str:
    """A random id with 131 bits. Without hyphens, since one at the start would make it an option on a command line."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(22))


def _with_candidates(answer: Answer) -> str:
    """
    :return: the answer, as SDP.
    :raises Refusal: it has no candidates, so the peer couldn't connect.
    """
    if "a=candidate:" not in answer.sdp:
        logger.error("no free UDP port for media; `holistic-rtc doctor` shows how many are needed")
        raise Refusal(Code.NO_FREE_PORT, "the server has no free UDP port for media", retry_after=5)
    return answer.sdp
