"""One publishing peer connection and everything that hangs on it."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import OperationError

from ..errors import ControlError, SignallingError, TrackerError
from ..landmarks.message import ALL_PARTS, LandmarkMessage, Part
from ..media.inbound import InboundTrack, TrackOptions
from ..media.outbound import AnnotatedTrack
from ..media.tracker_thread import TrackedFrame, TrackerThread
from .channels import CONTROL, LANDMARKS, ControlChannel, LandmarkChannel
from .negotiation import Offer, parse_fragment, reading

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class End:
    """Why a session ended: a word for programs and a sentence for people."""

    reason: str
    message: str


@dataclass
class _Track:
    inbound: InboundTrack
    seq: int = 0
    landmarks_sent: int = 0
    landmarks_dropped: int = 0


class Peer:
    """
    Owns the peer connection of one session, its tracks, its channels and their tasks.

    :param session: the session's id.
    :param model: what clients are told of the model in use.
    :param tracker: a warm tracker for the first track.
    :param make_tracker_thread: makes the trackers of further tracks.
    """

    CONNECT_DEADLINE = 20.0
    """Seconds from the answer until media must flow."""
    SILENCE = 3.5
    """Seconds without a video frame or a control message after which the peer is taken for gone."""

    def __init__(
        self,
        session: str,
        model: Mapping[str, str | None],
        ice_servers: list[dict[str, Any]],
        tracker: TrackerThread,
        make_tracker_thread: Callable[[], TrackerThread],
    ) -> None:
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._session = session
        self._model = model
        self._spare: TrackerThread | None = tracker
        self._make_tracker_thread = make_tracker_thread
        # An empty list, unlike None, keeps aiortc from asking a public STUN server.
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[RTCIceServer(**server) for server in ice_servers]))
        self._pc.on("datachannel", self._on_datachannel)
        self._pc.on("connectionstatechange", self._on_connection_state)
        self._options = TrackOptions()
        self._parts = ALL_PARTS
        self._tracks: list[_Track] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._landmarks: LandmarkChannel | None = None
        self._control: ControlChannel | None = None
        self._ice_username: str | None = None
        self._alive_since = time.monotonic()

    async def answer(self, offer: Offer) -> str:
        """
        Take the offer and start everything that waits for media.

        :return: the answer, as SDP, with all of the server's candidates.
        :raises SignallingError: 400 or 422.
        """
        try:
            with reading("offer"):
                await self._pc.setRemoteDescription(RTCSessionDescription(sdp=offer.sdp, type="offer"))
        except SignallingError as error:
            if isinstance(error.__cause__, OperationError):
                raise SignallingError(422, "no common codec; offer VP8 or H.264 video") from error
            raise
        for transceiver in self._pc.getTransceivers():
            self._take(transceiver, offer.directions.get(transceiver.mid or "", "inactive"))
        await self._pc.setLocalDescription(await self._pc.createAnswer())
        self._ice_username = offer.ice_username
        self._alive_since = time.monotonic()
        return self._pc.localDescription.sdp

    async def add_candidates(self, fragment: str) -> None:
        """
        :raises SignallingError: 400 when the fragment can't be read, 422 when it asks for an ICE restart.
        """
        username, candidates = parse_fragment(fragment)
        if username is not None and username != self._ice_username:
            raise SignallingError(422, "ICE restarts are not supported; end the session and start a new one")
        with reading("candidate fragment"):
            for candidate in candidates:
                await self._pc.addIceCandidate(candidate)

    def tick(self) -> dict[str, Any]:
        """
        To be called once a second: pings the peer, sends it the stats, and ends the session when the peer is gone.

        :return: the stats; counts are totals, rates and means are since the last tick.
        """
        stats = {
            "session": self._session,
            "model": self._model,
            "tracks": [
                {
                    "track": number,
                    **track.inbound.stats.report(),
                    "landmarks_sent": track.landmarks_sent,
                    "landmarks_dropped": track.landmarks_dropped,
                }
                for number, track in enumerate(self._tracks)
            ],
        }
        if self._control:
            self._control.ping()
            self._control.send("stats", **stats)
        self._check_life()
        return stats

    def end(self, reason: str, message: str) -> None:
        """Tell the peer, if it still listens, and resolve `ended`. The first reason counts."""
        if not self.ended.done():
            logger.info("session %s ends: %s", self._session, message)
            if self._control:
                self._control.send("end", reason=reason, message=message)
            self.ended.set_result(End(reason, message))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for track in self._tracks:
            await track.inbound.close()
        if self._spare:
            await self._spare.close()
        await self._pc.close()

    def _take(self, transceiver: RTCRtpTransceiver, direction: str) -> None:
        """
        :param direction: what the offer says of the transceiver, from the peer's point of view.
        """
        if direction not in ("sendrecv", "sendonly"):
            transceiver.direction = "inactive"
            return
        outbound: AnnotatedTrack | None = None
        if direction == "sendrecv":
            outbound = AnnotatedTrack()
            transceiver.sender.replaceTrack(outbound)
            transceiver.direction = "sendrecv"
        thread, self._spare = self._spare or self._make_tracker_thread(), None
        number = len(self._tracks)
        inbound = InboundTrack(
            transceiver.receiver.track,
            thread,
            outbound,
            self._options,
            lambda frame: self._send_landmarks(number, frame),
        )
        self._tracks.append(_Track(inbound))
        self._tasks.add(asyncio.create_task(self._run(inbound), name=f"track-{number}"))

    async def _run(self, track: InboundTrack) -> None:
        try:
            await track.run()
        except* TrackerError as group:
            if self._control:
                self._control.send("error", code="tracker_failed", message=str(group.exceptions[0]))
            self.end("worker_failed", "the tracker failed; connect again")

    def _send_landmarks(self, number: int, frame: TrackedFrame) -> None:
        track = self._tracks[number]
        if self._landmarks is not None:
            message = LandmarkMessage(
                seq=track.seq,
                timestamp_ms=frame.timestamp_ms,
                width=frame.width,
                height=frame.height,
                track=number,
                result=frame.result,
            )
            if self._landmarks.send(message, self._parts):
                track.landmarks_sent += 1
            else:
                track.landmarks_dropped += 1
        track.seq += 1

    def _check_life(self) -> None:
        silent = time.monotonic() - self._last_sign_of_life()
        if self._pc.connectionState == "connected":
            if silent > self.SILENCE:
                self.end("peer_silent", f"nothing came from the peer for {self.SILENCE:g} s")
        elif silent > self.CONNECT_DEADLINE:
            self.end("ice_failed", f"no connection within {self.CONNECT_DEADLINE:g} s")

    def _last_sign_of_life(self) -> float:
        signs = [self._alive_since, *(track.inbound.last_frame for track in self._tracks)]
        if self._control:
            signs.append(self._control.last_message)
        return max(signs)

    def _on_connection_state(self) -> None:
        state = self._pc.connectionState
        logger.info("session %s is %s", self._session, state)
        if state == "connected":
            self._alive_since = time.monotonic()
        elif state == "failed":
            self.end("ice_failed", "the connection could not be made or was lost")
        elif state == "closed":
            self.end("peer_closed", "the peer closed the connection")

    def _on_datachannel(self, channel: RTCDataChannel) -> None:
        if channel.label == CONTROL and self._control is None:
            self._control = ControlChannel(channel, self._configure)
        elif channel.label == LANDMARKS and self._landmarks is None:
            try:
                self._landmarks = LandmarkChannel(channel)
            except ControlError as error:
                if self._control:
                    self._control.send("error", code=error.code, message=str(error))
                channel.close()
        else:
            logger.info("session %s opened a channel %r, which is not known; closing it", self._session, channel.label)
            channel.close()

    def _configure(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """
        Apply the fields of a `configure` message, all or none.

        :return: what is in force now.
        :raises ControlError: a field is unknown or has a value it can't have.
        """
        parts, draw, smoothing, max_fps = (
            self._parts,
            self._options.draw,
            self._options.smoothing,
            self._options.max_fps,
        )
        if "parts" in message:
            parts = _parse_parts(message["parts"])
        if "draw" in message:
            draw = _parse_switch("draw", message["draw"])
        if "smoothing" in message:
            smoothing = _parse_switch("smoothing", message["smoothing"])
        if "max_fps" in message:
            max_fps = message["max_fps"]
            if max_fps is not None and not (type(max_fps) in (int, float) and 1 <= max_fps <= 60):
                raise ControlError('"max_fps" is a number from 1 to 60, or null', code="bad_value")
        self._parts = parts
        self._options.draw, self._options.smoothing, self._options.max_fps = draw, smoothing, max_fps
        return {"parts": sorted(parts), "draw": draw, "smoothing": smoothing, "max_fps": max_fps}


def _parse_switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ControlError(f'"{name}" is true or false', code="bad_value")
    return value


def _parse_parts(names: object) -> frozenset[Part]:
    if not isinstance(names, list):
        raise ControlError('"parts" is a list of names', code="bad_value")
    unknown = [name for name in names if name not in list(Part)]
    if unknown:
        raise ControlError(f"unknown part {unknown[0]!r}; known are {', '.join(Part)}", code="unknown_part")
    return frozenset(Part(name) for name in names)
