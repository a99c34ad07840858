"""The peer that sends a session's video."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiortc import MediaStreamTrack, RTCRtpTransceiver
from msgspec import UNSET

from holistic_rtc.errors import TooManyPixelsError, TrackerError
from holistic_rtc.media.audio import InboundAudio
from holistic_rtc.media.inbound import Demand, InboundTrack, TrackOptions
from holistic_rtc.media.outbound import AnnotatedTrack
from holistic_rtc.media.tracker_thread import TrackedFrame, TrackerThread
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.step import Step
from holistic_rtc.wire.control import Configure, Configured, ErrorMessage
from holistic_rtc.workers.live.peer import Peer, PeerLimits


@dataclass
class _Track:
    inbound: InboundTrack
    seq: int = 0


class Publisher(Peer):
    """
    Owns the session's tracks and their trackers.

    :param tracker: a warm tracker for the first track.
    :param make_tracker_thread: makes trackers for further tracks.
    :param quality: how exactly to track, unless a track is overloaded.
    :param demand: returns what the session's peers want.
    :param on_frame: called with the landmarks of each tracked frame: a message per person, in order of their ids.
    """

    LIVE_AFTER = Step.TRACK

    def __init__(
        self,
        name: str,
        ice_servers: list[dict[str, Any]],
        tracker: TrackerThread,
        make_tracker_thread: Callable[[], TrackerThread],
        quality: Quality,
        limits: PeerLimits,
        demand: Callable[[], Demand],
        on_frame: Callable[[Sequence[LandmarkMessage]], None],
    ) -> None:
        super().__init__(name, ice_servers, limits)
        self._spare: TrackerThread | None = tracker
        self._make_tracker_thread = make_tracker_thread
        self._demand = demand
        self._on_frame = on_frame
        self._options = TrackOptions(quality=quality)
        self._draw = True
        self._tracks: list[_Track] = []
        self._returned: list[AnnotatedTrack] = []
        self.audio: InboundAudio | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = 0
        """How many tracks haven't ended."""

    @property
    def tracks(self) -> list[InboundTrack]:
        return [track.inbound for track in self._tracks]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for track in self.tracks:
            await track.close()
        if self._spare:
            await self._spare.close()
        await super().close()

    def _take(self, transceiver: RTCRtpTransceiver, offered: str) -> str:
        if offered not in ("sendrecv", "sendonly"):
            return "inactive"
        if transceiver.kind == "audio":
            return self._take_audio(transceiver.receiver.track)
        thread, self._spare = self._spare or self._make_tracker_thread(), None
        number = len(self._tracks)
        inbound = InboundTrack(
            transceiver.receiver.track,
            thread,
            self._options,
            self._demand,
            lambda frame: self._publish(number, frame),
        )
        inbound.on_received = partial(self._take_step, Step.DECODE)
        self._tracks.append(_Track(inbound))
        self._tasks.add(asyncio.create_task(self._run(inbound), name=f"track-{number}"))
        if offered == "sendonly":
            return "recvonly"
        annotated = AnnotatedTrack()
        self._returned.append(annotated)
        inbound.feed(annotated)
        transceiver.sender.replaceTrack(annotated)
        return "sendrecv"

    def _take_audio(self, track: MediaStreamTrack) -> str:
        if not self._limits.audio:
            return "inactive"
        self.audio = InboundAudio(track)
        self._tasks.add(asyncio.create_task(self._run_audio(self.audio), name="audio"))
        return "recvonly"

    async def _run_audio(self, audio: InboundAudio) -> None:
        try:
            await audio.run()
        except Exception:
            self.log.exception("%s: the audio failed", self.name)
            self.end(EndReason.WORKER_FAILED, "the server failed; connect again")

    async def _run(self, track: InboundTrack) -> None:
        self._running += 1
        try:
            await track.run()
            self._running -= 1
            if not self._running:
                self.end(EndReason.PEER_CLOSED, "the peer ended its video")
        except* TooManyPixelsError as group:
            self.end(EndReason.VIDEO_TOO_LARGE, str(group.exceptions[0]))
        except* TrackerError as group:
            self.tell(ErrorMessage("tracker_failed", str(group.exceptions[0])))
            self.end(EndReason.WORKER_FAILED, "the tracker failed; connect again")
        except* Exception:
            self.log.exception("%s: a track failed", self.name)
            self.end(EndReason.WORKER_FAILED, "the server failed; connect again")

    def _publish(self, number: int, frame: TrackedFrame) -> None:
        track = self._tracks[number]
        messages = [
            LandmarkMessage(
                seq=track.seq,
                timestamp_ms=frame.timestamp_ms,
                width=frame.width,
                height=frame.height,
                track=number,
                person=found.person,
                result=found.result,
                rig=found.rig,
            )
            for found in frame.persons
        ]
        track.seq += 1
        self._take_step(Step.TRACK)
        self._on_frame(messages)

    def _last_sign_of_life(self) -> float | None:
        control = super()._last_sign_of_life()
        return None if control is None else max([control, *(track.last_frame for track in self.tracks)])

    def _configure(self, message: Configure) -> Configured:
        self._choose_landmarks(message)
        if message.draw is not UNSET:
            self._draw = message.draw
            for annotated in self._returned:
                annotated.draw = message.draw
        options = self._options
        if message.smoothing is not UNSET:
            options.smoothing = message.smoothing
        if message.max_fps is not UNSET:
            options.max_fps = message.max_fps
        return Configured(
            parts=sorted(self.parts),
            max_persons=self.max_persons,
            draw=self._draw,
            smoothing=options.smoothing,
            max_fps=options.max_fps,
        )
