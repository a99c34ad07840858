"""
This server as one of several nodes: keeps its entry in the directory, and asks there for the others.

Nothing local depends on Redis. While it can't be reached, nobody waits for it, sessions go on and new ones are served
here.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from holistic_rtc.errors import Code, ConfigError, Refusal
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.sessions.directory import UNREACHABLE, Beat, Directory, Holder, digest_of
from holistic_rtc.sessions.events import Event, Joined, Left, Role
from holistic_rtc.sessions.names import is_name
from holistic_rtc.sessions.registry import Registry
from holistic_rtc.sessions.session import ID, Session, SessionDescription
from holistic_rtc.settings import Settings

logger = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
TELL_SECONDS = 1.0
"""How often the list of its sessions is updated, if none of them starts or ends"""
KEEP_SECONDS = 10.0
"""How often the labels' time is extended"""
RETRY_SECONDS, RETRY_MAX = 0.25, 2.0
"""Until the next attempt to reach Redis, at first and at most"""
POLL_SECONDS = 0.5
"""How often names that requests wait for are looked up"""
ASK_SECONDS = 0.5
"""For all that a request asks of Redis at a time"""
LIST_SECONDS = 1.0
"""How old a list of the other nodes' sessions may be"""

T = TypeVar("T")


def make_node(settings: Settings, guarded: bool, registry: Registry, cpu: Callable[[], float]) -> "Node":
    """
    :param guarded: whether requests need a token.
    :raises ConfigError: a setting that nodes need is missing.
    """
    if settings.redis_url is None or settings.node_url is None:
        raise ConfigError("HOLISTIC_REDIS_URL and HOLISTIC_NODE_URL belong together: set both, or neither")
    if guarded and settings.ticket_secret is None:
        raise ConfigError(
            "HOLISTIC_TICKET_SECRET is missing: nodes that need a token redirect with tickets, by one secret for all"
        )
    if not settings.cors_origins:
        logger.warning(
            "HOLISTIC_CORS_ORIGINS is empty, so browsers don't follow redirects to this node; set it to the origin of "
            "the load balancer's address"
        )
    return Node(settings.redis_url.get_secret_value(), settings.node_url, registry, cpu)


class Node:
    """
    :param redis_url: where the directory is.
    :param url: at which clients reach this node, and no other.
    :param registry: this node's sessions.
    :param cpu: measures how much of the CPUs is in use, from 0 to 1.
    """

    def __init__(self, redis_url: str, url: str, registry: Registry, cpu: Callable[[], float]) -> None:
        self.url = url
        self.id = secrets.token_hex(8)
        """Another one after each start, so that nobody is sent to sessions of the previous run"""
        self.connected = False
        """Whether Redis answered last time"""
        self._directory = Directory(redis_url, self.id)
        self._registry = registry
        self._cpu = cpu
        self._claims: dict[str, Holder] = {}
        """Of names whose sessions are starting"""
        self._after: dict[str, int] = {}
        """When the former sessions began of publishers that have taken over their names from other nodes, by name"""
        self._claiming = asyncio.Lock()
        self._labels: dict[str, Holder] = {}
        """What this node has in the directory"""
        self._kept_at = self._told_at = 0.0
        self._conflicts: set[str] = set()
        self._beating = asyncio.Lock()
        self._changed = asyncio.Event()
        self._listed: tuple[float, list[SessionDescription]] = (-LIST_SECONDS, [])
        self._listing = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False
        self._told = False

    def open(self) -> None:
        self._tasks = [
            asyncio.create_task(self._keep_beating(), name="node-beats"),
            asyncio.create_task(self._poll(), name="node-names"),
        ]

    async def close(self) -> None:
        """Leave the directory."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        async with self._beating:
            if self.connected:
                with suppress(*UNREACHABLE):
                    await self._directory.leave(self._labels)
            self.connected = False
            with suppress(*UNREACHABLE):
                await self._directory.close()

    def touch(self) -> None:
        """Tell the others soon that something has changed."""
        self._changed.set()

    def take(self, event: Event) -> None:
        """Tell the others soon if a session has started or ended."""
        match event:
            case Joined(role=Role.PUBLISHER):
                self.touch()
            case Left(role=Role.PUBLISHER):
                names = {session.name for session in self._registry.sessions.values()}
                self._after = {name: since for name, since in self._after.items() if name in names}
                self.touch()

    async def sync(self) -> None:
        """Tell the others now, unless Redis can't be reached."""
        if self.connected:
            with suppress(TimeoutError):
                async with asyncio.timeout(ASK_SECONDS):
                    await self._beat()

    @asynccontextmanager
    async def claiming(self, name: str | None, key: str) -> AsyncIterator[None]:
        """
        Keep a name from being used on two nodes, while its session starts on this one and, if it does, until it ends.

        :param key: the publisher's.
        :raises Refusal: somebody else is publishing under it on another node, with another key.
        """
        if name is None:
            yield
            return
        claim = Holder(self.id, digest_of(key, name), _now_ms())
        async with self._claiming:
            claimed = await self._claim(name, claim)
        try:
            yield
        except BaseException:
            if claimed:
                # Before the answer, which may lead the publisher to another node.
                self._labels.pop(name, None)
                await self._ask(None, lambda: self._directory.release(name, claim))
            raise
        finally:
            if claimed:
                del self._claims[name]

    async def _claim(self, name: str, claim: Holder) -> bool:
        """
        :return: whether the name has to be released if the session doesn't start.
        :raises Refusal: somebody else is publishing under it on another node, with another key.
        """
        # What is here already, `Names` decides.
        if name in self._claims or self._registry.find(name):
            return False
        other = await self._ask(None, lambda: self._take(name, claim))
        if other is None:
            self._claims[name] = self._labels[name] = claim
            return True
        if other.digest != claim.digest:
            raise Refusal(Code.NAME_TAKEN, f"somebody else is publishing as {name}, with another key")
        # The publisher's former session goes on until this one has started. Then its node ends it, as the older one,
        # which it must be even if its node's clock is fast.
        self._after[name] = other.since
        return False

    async def find(self, label: str) -> str | None:
        """
        :param label: the id or the name of a session, or anything else that a request may give for it.
        :return: the URL of the other node that has it; None if there is none, or Redis can't be reached.
        """
        if not (ID.fullmatch(label) or is_name(label)):
            return None
        return await self._ask(None, lambda: self._directory.find(label))

    async def reserve(self, places: int) -> str | None:
        """
        :return: the URL of the emptiest other node; None if none has so many free places, or Redis can't be reached.
        """
        return await self._ask(None, lambda: self._directory.reserve(places))

    async def list_sessions(self) -> list[SessionDescription]:
        """Those of other nodes, up to a limit; at most :data:`LIST_SECONDS` old."""
        async with self._listing:
            at, listed = self._listed
            if time.monotonic() - at >= LIST_SECONDS:
                listed = await self._ask([], self._directory.list_sessions)
                self._listed = time.monotonic(), listed
        return listed

    async def _ask(self, otherwise: T, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """
        :param otherwise: the answer while Redis can't be reached.
        """
        if not self.connected:
            return otherwise
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await ask()
        except UNREACHABLE as error:
            self._lose(error)
            return otherwise

    async def _take(self, name: str, claim: Holder) -> Holder | None:
        """:return: who has it on another node, which is alive."""
        other = await self._directory.take(name, claim)
        if other and other.node != self.id and not await self._directory.lives(other.node):
            other = await self._directory.take(name, claim, replacing=other)
        return None if other and other.node == self.id else other

    async def _keep_beating(self) -> None:
        retry = RETRY_SECONDS
        while True:
            await self._beat()
            pause, retry = (BEAT_SECONDS, RETRY_SECONDS) if self.connected else (retry, min(2 * retry, RETRY_MAX))
            if self.connected:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), pause)
            else:
                await asyncio.sleep(pause)
            self._changed.clear()

    async def _beat(self) -> None:
        async with self._beating:
            if self._closed:
                return
            try:
                await self._tell()
            except UNREACHABLE as error:
                self._lose(error)
                return
        if not self.connected:
            self.connected = self._told = True
            logger.info("this is node %s at %s; Redis can be reached", self.id, self.url)

    def _lose(self, error: Exception) -> None:
        if self.connected or not self._told:
            logger.warning("Redis can't be reached, so this node serves on its own: %s", error or type(error).__name__)
        self.connected, self._told = False, True

    async def _tell(self) -> None:
        wanted = self._wanted_labels()
        is_new = self._labels.keys() != wanted.keys() or time.monotonic() - self._told_at >= TELL_SECONDS
        for label, holder in list(self._labels.items()):
            if label not in wanted:
                await self._directory.release(label, holder)
                if self._labels.get(label) == holder:
                    del self._labels[label]
        sessions = [SessionDescription.of(session) for session in self._registry.sessions.values()]
        beat = Beat(self.url, self._score(), sessions if is_new else None)
        found = await self._directory.beat(beat, list(wanted))
        if is_new:
            self._told_at = time.monotonic()
        for (label, holder), other in zip(wanted.items(), found, strict=True):
            if other == holder or await self._settle(label, holder, other):
                self._labels[label] = holder
            else:
                self._labels.pop(label, None)
        self._conflicts &= wanted.keys()
        if self._labels and time.monotonic() - self._kept_at > KEEP_SECONDS:
            await self._directory.keep(self._labels)
            self._kept_at = time.monotonic()

    async def _settle(self, label: str, holder: Holder, other: Holder | None) -> bool:
        """
        Make the directory agree with this node about a session, or end the session if its publisher has moved.

        :param other: who has the label instead: nobody after Redis has lost its data; another node if the publisher has
            come from there, has gone there, or has been served by both while Redis couldn't be reached.
        :return: whether this node has the label now.
        """
        if other is None or other.node == self.id or (other.digest == holder.digest and other.since < holder.since):
            return await self._directory.take(label, holder, replacing=other) is None
        if other.digest == holder.digest:
            if session := self._session_of(label, holder):
                self._registry.end(
                    session, EndReason.TAKEN_OVER, "a publisher with the same name and key has taken over"
                )
            return False
        if not await self._directory.lives(other.node):
            return await self._directory.take(label, holder, replacing=other) is None
        if label not in self._conflicts:
            self._conflicts.add(label)
            logger.warning("%s is being published on another node, too, with another key", label)
        return False

    def _session_of(self, label: str, holder: Holder) -> Session | None:
        session = self._registry.find(label)
        return session if session and self._since(session) == holder.since else None

    def _wanted_labels(self) -> dict[str, Holder]:
        labels = {**self._claims}
        for session in self._registry.sessions.values():
            since = self._since(session)
            labels[session.id] = Holder(self.id, "", since)
            if session.name is not None:
                labels[session.name] = Holder(self.id, digest_of(session.publisher.key, session.name), since)
        return labels

    def _since(self, session: Session) -> int:
        started = round(session.started.timestamp() * 1000)
        return max(started, self._after.get(session.name or "", 0) + 1)

    def _score(self) -> float:
        pool = self._registry.pool
        if self._registry.draining or pool.frame_cpu_ms is None:
            return 0.0
        free = max(0, self._registry.max_sessions - self._registry.taken)
        # Of equally empty nodes, those that have a worker ready go first, and then those with idle CPUs.
        idle = 1 - min(max(self._cpu(), 0.0), 1.0)
        return free + (0.98 * idle + 0.01 if pool.warm else 0.0) if free else 0.0

    async def _poll(self) -> None:
        """Wake those who wait here for a name that another node gets."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            for name in await self._ask(list[str](), self._find_awaited):
                self._registry.names.announce(name)

    async def _find_awaited(self) -> list[str]:
        awaited = self._registry.names.awaited
        return await self._directory.find_live(awaited) if awaited else []


def _now_ms() -> int:
    return round(time.time() * 1000)
