"""The worker of a live session: warms up, waits for an offer, serves that one session, and ends."""

import functools
import time
from collections.abc import Callable

from holistic_rtc.files.person import picture_of_a_person
from holistic_rtc.ipc.channel import Channel
from holistic_rtc.ipc.messages import (
    AddCandidates,
    Answer,
    Close,
    Done,
    Drain,
    Ended,
    Progress,
    Publish,
    Reply,
    Request,
    Subscribe,
    ToWorker,
    Unsubscribe,
    Unsubscribed,
)
from holistic_rtc.media.tracker_thread import TrackerThread
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.figures import SessionFigures
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.stats import ModelInfo, SessionStats
from holistic_rtc.sdp.answer import advertise
from holistic_rtc.sdp.offer import Offer
from holistic_rtc.tracking.engine import Tracker
from holistic_rtc.workers.live.peer import PeerLimits
from holistic_rtc.workers.live.session import Session
from holistic_rtc.workers.worker import Worker


class LiveWorker(Worker):
    """
    :param make_tracker: makes a track's tracker; called on the tracker's thread.
    :param quality: how exactly to track, unless a track is overloaded.
    :param model: description of the model in use, for clients.
    :param limits: the most that a session's peers get.
    :param advertised: an additional address at which peers can reach this process.
    """

    def __init__(
        self,
        channel: Channel[ToWorker],
        make_tracker: Callable[[], Tracker],
        quality: Quality,
        model: ModelInfo,
        limits: PeerLimits,
        advertised: str | None,
    ) -> None:
        super().__init__(channel)
        self._make_tracker_thread = functools.partial(TrackerThread, make_tracker, parts=limits.parts)
        self._quality = quality
        self._model = model
        self._limits = limits
        self._advertised = advertised
        self._spare = self._make_tracker_thread()
        self._session: Session | None = None

    async def warm_up(self) -> float:
        return round(await self._spare.warm_up(picture_of_a_person(), self._quality), 1)

    async def serve(self, request: Request) -> Reply:
        match request:
            case Publish():
                return self._answer(await self._publish(request))
            case Subscribe() if self._session:
                offer = Offer.parse(request.offer).require_receiving()
                return self._answer(await self._session.subscribe(request.subscriber, offer))
            case AddCandidates() if self._session:
                restarted = await self._session.add_candidates(request.subscriber, request.fragment)
                return Done(request.number) if restarted is None else self._answer(restarted)
        raise ValueError(f"a request that can't be served now: {type(request).__name__}")

    def tell(self, message: Unsubscribe | Drain | Close) -> None:
        if self._session is None:
            return
        match message:
            case Unsubscribe(subscriber):
                self._session.unsubscribe(subscriber)
            case Drain(seconds):
                self._session.tell_draining(seconds)
            case Close(reason, words):
                self._session.end(reason, words)

    def stats(self) -> SessionStats | None:
        return self._session.tick() if self._session else None

    async def figures(self) -> SessionFigures | None:
        return await self._session.figures() if self._session else None

    def can_serve_again(self, request: Request) -> bool:
        # After an offer has failed half-way, the peer connection can't be used for another one.
        return not isinstance(request, Publish) or self._session is None

    async def close(self) -> None:
        if self._session is None:
            await self._spare.close()
            return
        if self._session.ended.done():
            end = self._session.ended.result()
            self.channel.send(Ended(EndReason(end.reason), end.message))
        await self._session.close()

    async def _publish(self, request: Publish) -> str:
        offer = Offer.parse(request.offer).require_sending()
        self._session = Session(
            request.session,
            self._model,
            request.ice_servers,
            self._limits,
            self._spare,
            self._make_tracker_thread,
            self._quality,
            lambda id, step: self.channel.send(Progress(id, step, time.time_ns())),
            lambda id, end: self.channel.send(Unsubscribed(id, EndReason(end.reason), end.message)),
        )
        self._session.ended.add_done_callback(lambda _: self.over.set())
        return await self._session.publish(offer)

    def _answer(self, sdp: str) -> Answer:
        return Answer(0, advertise(sdp, self._advertised) if self._advertised else sdp)
