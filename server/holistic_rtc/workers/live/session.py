"""A session: a publisher and its subscribers."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.media.inbound import Demand
from holistic_rtc.media.tracker_thread import TrackerThread
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.figures import SessionFigures, Traffic
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.stats import ModelInfo, SessionStats, SessionTrackStats
from holistic_rtc.model.step import Step
from holistic_rtc.sdp.offer import Offer
from holistic_rtc.wire.control import Draining, End
from holistic_rtc.wire.encoded import Encoded
from holistic_rtc.workers.live.peer import Peer, PeerLimits
from holistic_rtc.workers.live.publisher import Publisher
from holistic_rtc.workers.live.subscriber import Subscriber

FAREWELL = 0.1
"""Seconds between the last message on a control channel and the closing of its connection."""


class Session:
    """
    Owns the publisher and the subscribers.

    :param id: the session's public id.
    :param model: description of the model in use, for clients.
    :param limits: the most that its peers get.
    :param tracker: a warm tracker for the first track.
    :param make_tracker_thread: makes trackers for further tracks.
    :param quality: how exactly to track, unless a track is overloaded.
    :param on_step: called with the id of a subscriber, or None for the publisher, and the step that it has taken.
    :param on_unsubscribed: called with the id of a subscriber that has ended, and with why.
    """

    def __init__(
        self,
        id: str,
        model: ModelInfo,
        ice_servers: list[dict[str, Any]],
        limits: PeerLimits,
        tracker: TrackerThread,
        make_tracker_thread: Callable[[], TrackerThread],
        quality: Quality,
        on_step: Callable[[str | None, Step], None],
        on_unsubscribed: Callable[[str, End], None],
    ) -> None:
        self._id = id
        self._model = model
        self._ice_servers = ice_servers
        self._limits = limits
        self._on_step = on_step
        self._on_unsubscribed = on_unsubscribed
        self._publisher = Publisher(
            *(f"session {id}", ice_servers, tracker, make_tracker_thread, quality, limits),
            *(self._demand, self._fan_out),
        )
        self._publisher.on_step = partial(on_step, None)
        self._numbers = itertools.count(1)
        self._subscribers: dict[str, Subscriber] = {}
        self._traffic = Traffic()
        """Of subscribers that have gone, since the last report."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def ended(self) -> "asyncio.Future[End]":
        return self._publisher.ended

    async def publish(self, offer: Offer) -> str:
        """
        :return: the answer, as SDP.
        :raises Refusal: aiortc can't use the offer.
        """
        return await self._publisher.answer(offer)

    async def subscribe(self, id: str, offer: Offer) -> str:
        """
        :return: the answer, as SDP.
        :raises Refusal: aiortc can't use the offer.
        """
        subscriber = Subscriber(
            f"session {self._id}, subscriber {next(self._numbers)}",
            self._ice_servers,
            self._limits,
            self._publisher.tracks,
            self._publisher.audio,
        )
        subscriber.on_step = partial(self._on_step, id)
        # If it were cancelled, aiortc would leave sockets open.
        answering = asyncio.create_task(subscriber.answer(offer), name=f"answer-{id}")
        try:
            answer = await asyncio.shield(answering)
        except BaseException:
            self._keep(asyncio.create_task(self._abandon(subscriber, answering), name=f"abandon-{id}"))
            raise
        self._subscribers[id] = subscriber
        self._keep(asyncio.create_task(self._watch(id, subscriber), name=f"subscriber-{id}"))
        return answer

    def unsubscribe(self, id: str) -> None:
        """End a subscription. No-op if it has already gone."""
        if subscriber := self._subscribers.get(id):
            subscriber.end(EndReason.DELETED, "the subscription was deleted")

    async def add_candidates(self, subscriber: str | None, fragment: str) -> str | None:
        """
        :param subscriber: id of the peer that sent the candidates; None for the publisher.
        :return: the server's fragment if ICE was restarted.
        :raises Refusal: they can't be read or used, or the subscriber doesn't exist.
        """
        peer: Peer | None = self._publisher if subscriber is None else self._subscribers.get(subscriber)
        if peer is None:
            raise Refusal(Code.UNKNOWN_SUBSCRIBER, "no such subscriber; it may have ended")
        return await peer.add_candidates(fragment)

    def tick(self) -> SessionStats:
        """
        Check on the peers, and send them the statistics. Called once a second.

        :return: the statistics: counts are totals, rates and means are since the last tick.
        """
        tracks: list[SessionTrackStats] = [
            {"track": number, **track.report()} for number, track in enumerate(self._publisher.tracks)
        ]
        stats: SessionStats = {"session": self._id, "model": self._model, "tracks": tracks}
        self._for_each_peer(lambda peer: peer.tick(stats))
        return stats

    async def figures(self) -> SessionFigures:
        """The figures since the previous call."""
        figures = SessionFigures(traffic=self._traffic)
        self._traffic = Traffic()
        for track in self._publisher.tracks:
            figures.video.add(track.meter.take_figures())
        for peer in list(self._peers()):
            figures.traffic.add(await peer.take_traffic())
        return figures

    def tell_draining(self, seconds: float) -> None:
        self._for_each_peer(lambda peer: peer.tell(Draining(seconds)))

    def end(self, reason: EndReason, message: str) -> None:
        """End the session. No-op if it has ended already."""
        self._publisher.end(reason, message)

    async def close(self) -> None:
        self.end(EndReason.SERVER_SHUTDOWN, "the server is gone")
        for subscriber in self._subscribers.values():
            subscriber.end(EndReason.SESSION_ENDED, f"the session has ended: {self.ended.result().message}")
        # Let the last messages on the control channels get out before closing the connections.
        await asyncio.sleep(FAREWELL)
        await self._publisher.close()
        await asyncio.gather(*self._tasks)

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _abandon(self, subscriber: Subscriber, answering: "asyncio.Task[str]") -> None:
        await asyncio.wait({answering})
        await self._close_subscriber(subscriber)

    async def _watch(self, id: str, subscriber: Subscriber) -> None:
        await subscriber.ended
        await asyncio.sleep(FAREWELL)
        await self._close_subscriber(subscriber)
        del self._subscribers[id]
        self._on_unsubscribed(id, subscriber.ended.result())
        self._traffic.add(await subscriber.take_traffic())

    async def _close_subscriber(self, subscriber: Subscriber) -> None:
        try:
            await subscriber.close()
        except Exception:
            # aiortc can't always close a connection that failed half-way, and the session must continue.
            subscriber.log.warning("%s could not be closed", subscriber.name, exc_info=True)

    def _peers(self) -> Iterator[Peer]:
        yield self._publisher
        yield from self._subscribers.values()

    def _demand(self) -> Demand:
        peers = list(self._peers())
        return Demand(
            parts=frozenset().union(*(peer.wanted for peer in peers)),
            max_persons=max(peer.max_persons for peer in peers),
        )

    def _fan_out(self, messages: Sequence[LandmarkMessage]) -> None:
        encoded = [Encoded(message) for message in messages]
        self._for_each_peer(lambda peer: peer.send(messages[0].track, encoded))

    def _for_each_peer(self, act: Callable[[Peer], None]) -> None:
        """One peer's failure ends that peer only."""
        for peer in list(self._peers()):
            try:
                act(peer)
            except Exception as error:
                peer.log.exception("%s: an unexpected failure", peer.name)
                peer.end(EndReason.PEER_FAILED, f"the server failed to serve this peer: {type(error).__name__}")
