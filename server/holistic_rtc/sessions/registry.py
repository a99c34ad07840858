"""The registry of running sessions: admits, looks up and ends them."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.messages import (
    AddCandidates,
    Answer,
    Beat,
    Drain,
    Ended,
    Event,
    Progress,
    Publish,
    Reply,
    Subscribe,
    Unsubscribe,
    Unsubscribed,
)
from holistic_rtc.ipc.pool import Pool
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.step import Step
from holistic_rtc.sessions.capacity import MAX_SUBSCRIBERS, Capacity
from holistic_rtc.sessions.events import Joined, Left, Listener, Role, ignore
from holistic_rtc.sessions.names import Names, is_name
from holistic_rtc.sessions.quotas import LOCAL, RETRY_AFTER, Client, check_share, make_room, session_share
from holistic_rtc.sessions.session import Resource, Session, make_etag, make_id, make_key
from holistic_rtc.sessions.trace import Trace
from holistic_rtc.settings import IceServer

logger = logging.getLogger(__name__)


class Registry:
    """
    :param pool: the pool of session processes; owned by the registry.
    :param capacity: determines how many sessions may run at the same time.
    :param ice_servers: the ICE servers for the session processes.
    :param sessions_per_address: how many sessions one client address may have; a share of all by default.
    :param subscribers_per_address: how many subscribers one client address may have, of all sessions together.
    """

    def __init__(
        self,
        pool: Pool,
        capacity: Capacity,
        ice_servers: Sequence[IceServer],
        *,
        sessions_per_address: int | None = None,
        subscribers_per_address: int = MAX_SUBSCRIBERS,
    ) -> None:
        self._capacity = capacity
        self.pool = pool
        self._ice_servers = [server.model_dump(exclude_none=True) for server in ice_servers]
        self._sessions: dict[str, Session] = {}
        self.names = Names()
        self._sessions_per_address = sessions_per_address
        self._subscribers_per_address = subscribers_per_address
        self._starting: list[Resource] = []
        """The publishers of sessions that aren't in `_sessions` yet."""
        self.draining = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_event: Listener = ignore

    def open(self) -> None:
        self.pool.on_measured = self._tell_room
        self.pool.open()

    @property
    def sessions(self) -> Mapping[str, Session]:
        return self._sessions

    @property
    def subscribers(self) -> int:
        """How many all sessions have."""
        return sum(len(session.subscribers) for session in self._sessions.values())

    @property
    def max_sessions(self) -> int:
        return self._capacity.sessions(self.pool.frame_cpu_ms)

    @property
    def ready(self) -> bool:
        """Whether the next peer can start at once."""
        return not self.draining and self.pool.warm > 0 and self._has_room(1)

    def _has_room(self, tracks: int) -> bool:
        """Whether a session fits in. Each of its tracks takes a place, but an empty server takes any session."""
        return not self.taken or self.taken + tracks <= self.max_sessions

    @property
    def taken(self) -> int:
        return sum(publisher.places for publisher in self._publishers)

    @property
    def _publishers(self) -> list[Resource]:
        """Those that have places. One that is being replaced has left its places to its successor."""
        publishers = [*(session.publisher for session in self._sessions.values()), *self._starting]
        leaving = self.names.leaving
        return [publisher for publisher in publishers if publisher not in leaving]

    async def create(
        self,
        offer: str,
        client: Client = LOCAL,
        tracks: int = 1,
        *,
        name: str | None = None,
        key: str | None = None,
        public: bool = False,
        max_seconds: float | None = None,
        trace: Trace | None = None,
    ) -> tuple[Session, str]:
        """
        Start a session. It replaces the one with its name and key or, if the server is full, one that is long pending.

        :param offer: SDP.
        :param client: where the offer came from.
        :param tracks: how many videos it sends.
        :param name: for the session, or None; see :func:`holistic_rtc.sessions.names.check_name`.
        :param key: the publisher's secret; None to make one.
        :param public: whether everyone may list and watch it.
        :param max_seconds: seconds after which it is ended; None for no limit.
        :param trace: of the request, if it is traced.
        :return: the session, and the answer as SDP.
        :raises Refusal: the offer can't be served, the name is taken, the address has its share, or there is no room.
        """
        self._refuse_if_closing()
        publisher = Resource(client, tracks, trace=trace or Trace(), key=key or make_key())
        with self.names.claiming(name, publisher):
            self._make_room_for_session(client, tracks)
            self._starting.append(publisher)
            try:
                session, answer = await self._start(offer, publisher, public, name)
            finally:
                self._starting.remove(publisher)
        if max_seconds is not None:
            self._spawn(self._limit(session, max_seconds), f"limit-{session.id}")
        return session, answer

    def get(self, label: str) -> Session:
        """
        :param label: the id or the name of a session.
        :raises Refusal: the session doesn't exist, or nobody is publishing under the name.
        """
        if session := self.find(label):
            return session
        if is_name(label):
            raise Refusal(Code.NOT_LIVE, f"nobody is publishing as {label} at the moment", retry_after=1)
        raise Refusal(Code.UNKNOWN_SESSION, "no such session; it may have ended")

    def labels(self, label: str) -> tuple[str, ...]:
        """The id and the name of the session if it exists, else what was given."""
        session = self.find(label)
        return session.labels if session else (label,)

    async def wait(self, name: str, client: Client, seconds: float) -> Session:
        """
        Wait until somebody publishes under the name.

        :raises Refusal: nobody did in time, or too many are waiting.
        """
        waited = await self.names.wait(name, client, seconds)
        try:
            return self.get(name)
        except Refusal as refusal:
            refusal.retry_after = 0 if waited and seconds else 1
            raise

    def find(self, label: str) -> Session | None:
        return next((session for session in self._sessions.values() if label in session.labels), None)

    async def subscribe(
        self, session: Session, offer: str, client: Client = LOCAL, trace: Trace | None = None
    ) -> tuple[Resource, str]:
        """
        Add a subscriber to a session. If the session is full, it replaces one that has been pending for some time.

        :param offer: SDP.
        :param client: where the offer came from.
        :param trace: of the request, if it is traced.
        :return: the subscriber, and the answer as SDP.
        :raises Refusal: the offer can't be served, the session is full, the server has no free port, or the address has
            its share of the subscribers.
        """
        self._make_room_for_subscriber(session, client)
        subscriber = Resource(client, trace=trace or Trace())
        subscriber.trace.session = session.id
        session.subscribers[subscriber.key] = subscriber
        try:
            request = Subscribe(subscriber=subscriber.key, offer=offer, **subscriber.for_worker)
            answer = _with_candidates(await session.process.request(request, Answer))
            subscriber.answered = time.monotonic()
            subscriber.trace.take(Step.NEGOTIATE)
        except BaseException:
            session.subscribers.pop(subscriber.key, None)
            session.process.tell(Unsubscribe(subscriber.key))
            raise
        self._tell_joined(session, subscriber, Role.SUBSCRIBER)
        return subscriber, answer

    async def add_candidates(self, session: Session, subscriber: Resource | None, fragment: str) -> str | None:
        """
        :param subscriber: the peer that sent them; None for the publisher.
        :param fragment: an ``application/trickle-ice-sdpfrag``.
        :return: the server's fragment if they have begun a new ICE session.
        :raises Refusal: they can't be read or used.
        """
        key, peer = (subscriber.key, subscriber) if subscriber else (None, session.publisher)
        request = AddCandidates(subscriber=key, fragment=fragment, **peer.for_worker)
        reply = await session.process.request(request, Reply)
        if not isinstance(reply, Answer):
            return None
        peer.etag = make_etag()
        return reply.sdp

    def unsubscribe(self, session: Session, subscriber: Resource) -> None:
        session.process.tell(Unsubscribe(subscriber.key))
        self._drop(session, subscriber.key, EndReason.DELETED, "the subscription was deleted")

    def end(self, session: Session, reason: EndReason, message: str) -> None:
        """End a session. Its place is free immediately; its process ends in the background."""
        if self._forget(session):
            session.end = Ended(reason, message)
            self._spawn(session.process.close(reason, message), f"end-{session.id}")

    async def drain(self, seconds: float) -> None:
        """Accept no new sessions, tell the running ones, and wait until the last one has ended."""
        self.draining = True
        for session in self._sessions.values():
            session.process.tell(Drain(seconds))
        while self._sessions:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        self.draining = True
        for session in list(self._sessions.values()):
            self.end(session, EndReason.SERVER_SHUTDOWN, "the server is shutting down")
        await self.pool.close()
        await asyncio.gather(*self._tasks)

    def _make_room_for_session(self, client: Client, tracks: int) -> None:
        sessions = {session.publisher: session for session in self._sessions.values()}
        publishers = self._publishers
        places = self.max_sessions
        check_share(
            client,
            [peer.client for peer in publishers for _ in range(peer.places)],
            self._sessions_per_address or session_share(places),
            "videos",
            tracks,
        )
        words = f"the server is full: {self.taken} of {places} places are taken"
        needed = f", and {tracks} videos need {tracks}" if tracks > 1 else ""
        full = Refusal(Code.SERVER_FULL, words + needed, retry_after=RETRY_AFTER)
        if leaving := make_room(publishers, client, places, full, tracks):
            self.end(sessions[leaving], EndReason.REPLACED, "the place was needed before the peer had sent any video")

    def _make_room_for_subscriber(self, session: Session, client: Client) -> None:
        subscribers = [peer for each in self._sessions.values() for peer in each.subscribers.values()]
        check_share(client, [peer.client for peer in subscribers], self._subscribers_per_address, "subscribers")
        full = Refusal(
            Code.SESSION_FULL, f"the session already has {MAX_SUBSCRIBERS} subscribers", retry_after=RETRY_AFTER
        )
        if leaving := make_room(session.subscribers.values(), client, MAX_SUBSCRIBERS, full):
            session.process.tell(Unsubscribe(leaving.key))
            self._drop(session, leaving.key, EndReason.REPLACED, "the place was needed before the peer had connected")

    def _forget(self, session: Session) -> bool:
        """Give away its place and its name, and return whether it had them."""
        self.names.release(session.name, session.publisher)
        return self._sessions.pop(session.id, None) is not None

    async def _start(self, offer: str, publisher: Resource, public: bool, name: str | None) -> tuple[Session, str]:
        process = await self.pool.acquire()
        publisher.trace.take(Step.WAIT)
        id = process.log.session = publisher.trace.session = make_id()
        process.log.peer, process.log.trace_id = publisher.address, publisher.trace.id
        try:
            request = Publish(session=id, offer=offer, ice_servers=self._ice_servers, **publisher.for_worker)
            reply = await process.request(request, Answer)
        except Refusal:
            if process.alive and process.reusable:
                await self.pool.release(process)
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
        if name and (former := self.find(name)):
            self.end(former, EndReason.TAKEN_OVER, "a publisher with the same name and key has taken over")
        self.names.hold(name, publisher)
        publisher.answered = time.monotonic()
        publisher.trace.take(Step.NEGOTIATE)
        session = Session(id, process, publisher, public, name)
        process.on_event = partial(self._take, session)
        self._sessions[id] = session
        self._spawn(self._watch(session), f"watch-{id}")
        self.names.announce(name)
        words = id if name is None else f"{id} ({name})"
        logger.info("session %s started in process %d", words, process.pid, extra={"session": id})
        self._tell_joined(session, session.publisher, Role.PUBLISHER)
        return session, answer

    async def _watch(self, session: Session) -> None:
        await session.process.wait_closed()
        self._forget(session)
        end = session.end or Ended(EndReason.PROCESS_ENDED, "its process has ended")
        logger.info("session %s ended: %s", session.id, end.message, extra={"session": session.id})
        for key in list(session.subscribers):
            self._drop(session, key, EndReason.SESSION_ENDED, f"the session has ended: {end.message}")
        self._tell_left(session, session.publisher, Role.PUBLISHER, end.reason, end.message)

    def _take(self, session: Session, event: Event) -> None:
        """Handle an event of a session's process."""
        match event:
            case Beat(stats) if stats:
                session.stats = stats
            case Progress(None, step, ended):
                session.publisher.trace.take(step, ended)
                session.publisher.live |= step is Step.TRACK
            case Progress(subscriber, step, ended) if subscriber in session.subscribers:
                session.subscribers[subscriber].trace.take(step, ended)
                session.subscribers[subscriber].live = True
            case Ended():
                session.end = event
                self._forget(session)  # Its peers are told next, and come back for its successor.
            case Unsubscribed(subscriber, reason, message):
                self._drop(session, subscriber, reason, message)

    def _drop(self, session: Session, subscriber: str, reason: EndReason, message: str) -> None:
        """No-op if the subscriber has already gone."""
        resource = session.subscribers.pop(subscriber, None)
        if resource and resource.joined:
            self._tell_left(session, resource, Role.SUBSCRIBER, reason, message)

    def _tell_joined(self, session: Session, resource: Resource, role: Role) -> None:
        resource.joined = True
        self.on_event(Joined(session=session.id, role=role, address=resource.address, trace_id=resource.trace.id))

    def _tell_left(self, session: Session, resource: Resource, role: Role, reason: EndReason, message: str) -> None:
        left = Left(
            session=session.id,
            role=role,
            address=resource.address,
            reason=reason,
            message=message,
            seconds=resource.age,
            trace_id=resource.trace.id,
        )
        self.on_event(left)
        if not resource.live:
            resource.trace.fail(reason)

    async def _limit(self, session: Session, seconds: float) -> None:
        """End the session when its time is up, unless it has ended before."""
        try:
            async with asyncio.timeout(seconds):
                await session.process.wait_closed()
        except TimeoutError:
            self.end(session, EndReason.TIME_LIMIT, f"the session has reached its limit of {seconds:g} s")

    def _tell_room(self) -> None:
        sessions = "1 session" if self.max_sessions == 1 else f"{self.max_sessions} sessions"
        logger.info(
            "tracking a frame takes %.0f ms of CPU; there is room for %s at a time", self.pool.frame_cpu_ms, sessions
        )

    def _refuse_if_closing(self) -> None:
        if self.draining:
            raise Refusal(Code.SHUTTING_DOWN, "the server is shutting down", retry_after=5)

    def _spawn(self, coroutine: Any, name: str) -> None:
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _with_candidates(answer: Answer) -> str:
    """
    :return: the answer, as SDP.
    :raises Refusal: it has no candidates, so the peer couldn't connect.
    """
    if "a=candidate:" not in answer.sdp:
        logger.error("no free UDP port for media; `holistic-rtc doctor` shows how many are needed")
        raise Refusal(Code.NO_FREE_PORT, "the server has no free UDP port for media", retry_after=5)
    return answer.sdp
