"""A peer connection to the server with its channels: the common base of publications and subscriptions."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from itertools import chain
from typing import Any, Self, TypeVar, cast
from weakref import WeakSet

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame
from msgspec import UNSET
from msgspec.structs import asdict

from holistic_rtc.client.newest import Newest
from holistic_rtc.client.order import FrameOrder
from holistic_rtc.client.signalling import Resource, Server
from holistic_rtc.errors import ClientError, ConnectionFailedError, ConnectionLostError, ControlError, DecodeError
from holistic_rtc.media.audio import OpusPacket, tap
from holistic_rtc.media.dtls import insist
from holistic_rtc.media.ice import check_path, repeat_checks
from holistic_rtc.media.jitter import skip_lost_frames
from holistic_rtc.media.sctp import hurry
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.result import Image
from holistic_rtc.model.stats import Stats
from holistic_rtc.wire import as_flatbuffers
from holistic_rtc.wire.control import (
    Configure,
    Configured,
    End,
    ErrorMessage,
    FromClient,
    Ping,
    Pong,
    StatsMessage,
    decode_from_server,
    encode,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")

CLOSE_TIMEOUT = 5.0
"""Seconds for aiortc to close the connection."""
DELETE_LOST = 1.0
"""Seconds to delete a session whose connection was lost: its machine may be dead, else the server notices by itself."""
CONNECT_DEADLINE = 15.0
"""Seconds from the answer until the control channel must be open."""
PING_INTERVAL = 1.0
QUIET = 1.2
"""Seconds without a message after which the path is checked."""
SILENCE = 3.0
"""Seconds without a message after which the server is considered disconnected."""

NO_PATH = "media can't get through; a firewall may block UDP, and no TURN server could be used"

NORMAL_ENDS = ("deleted", "session_ended")
"""Reasons the server gives when a session ends on purpose."""


class Pictures(AsyncIterator[Image]):
    """Like :class:`Newest`, for the images of a video: ``(height, width, 3)`` uint8 RGB."""

    def __init__(self, frames: Newest[VideoFrame]) -> None:
        self._frames = frames

    @property
    def dropped(self) -> int:
        """How many images were dropped because the consumer was too slow"""
        return self._frames.dropped

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Image:
        frame = await anext(self._frames)
        return cast(Image, await asyncio.to_thread(frame.to_ndarray, format="rgb24"))


class Connection:
    """
    Owns a peer connection, its channels and tasks, and its resource on the server.

    :param path: the path to POST the offer to.
    :param landmarks: whether to receive landmarks.
    """

    def __init__(self, server: Server, ice_servers: list[RTCIceServer], path: str, *, landmarks: bool) -> None:
        self.stats: Stats | None = None
        """The server's latest statistics; None in the first second."""
        self.configuration: dict[str, Any] = {}
        """The configuration in force, as reported by the server."""
        self.round_trip_ms: float | None = None
        """Round-trip time of the latest ping on the control channel; None before the first."""
        self._server = server
        self._path = path
        self._resource: Resource | None = None
        self._error: Exception | None = None
        self._ended = asyncio.Event()
        self._over = False
        self._last_message = self._last_landmarks = time.monotonic()
        self._ping = (0, 0.0)
        self._asked: deque[asyncio.Future[None]] = deque()
        self._order = FrameOrder()
        self._landmarks: WeakSet[Newest[LandmarkMessage]] = WeakSet()
        self._videos: list[WeakSet[Newest[VideoFrame]]] = []
        self._audio: WeakSet[Newest[OpusPacket]] = WeakSet()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: asyncio.Task[None] | None = None
        self._pc = RTCPeerConnection(RTCConfiguration(ice_servers))
        self._pc.on("track", self._on_track)
        self._pc.on("connectionstatechange", self._on_connection_state)
        self._control = self._pc.createDataChannel("control", protocol="holistic.control.v1")
        self._control.on("message", self._on_control)
        self._control.on("close", self._on_close)
        if landmarks:
            channel = self._pc.createDataChannel(
                "landmarks", ordered=False, maxRetransmits=0, protocol="holistic.v1.fb"
            )
            channel.on("message", self._on_landmarks)

    @property
    def session(self) -> str:
        """The session's id, for others to subscribe to."""
        assert self._resource is not None
        return self._resource.session

    @property
    def viewing_key(self) -> str:
        """What others need to subscribe to the session, unless it is public; empty for a subscription."""
        assert self._resource is not None
        return self._resource.viewing_key

    def landmarks(self, *, buffer: int = 1) -> Newest[LandmarkMessage]:
        """
        The landmarks of each frame tracked from now on, of all tracks and persons. Messages that arrive after a newer
        one of the same track and person are skipped.

        The iteration ends when the session ends. It raises a :class:`ClientError` if the connection is lost, a
        :class:`DecodeError` if a message can't be read, and for a publication a :class:`MediaError` if a source fails
        (see :class:`Publication`).

        :param buffer: how many messages of each track and person to keep for a slow consumer. Use 1 for the newest
            only, more to receive every message.
        :raises ValueError: ``buffer`` is less than 1.
        """
        return self._listen(self._landmarks, Newest(buffer))

    def video(self, track: int = 0, *, buffer: int = 1) -> "Pictures":
        """
        The annotated images of a track from now on, ``(height, width, 3)`` uint8 RGB.

        The iteration ends like that of :meth:`landmarks`.

        :param track: index among the received videos.
        :param buffer: how many images to keep for a slow consumer.
        :raises ValueError: this track's video wasn't requested, or doesn't exist.
        """
        if track >= len(self._videos):
            raise ValueError(f"track {track} has no video; the number of videos received is {len(self._videos)}")
        return Pictures(self._listen(self._videos[track], Newest(buffer)))

    def audio(self, *, buffer: int = 50) -> "Newest[OpusPacket]":
        """
        The publisher's audio from now on, as packets of Opus. Their ``pts`` count 1/48000 s; packets that were lost, or
        not sent in silence, are missing, and late ones come out of order. There are none if it wasn't requested, or if
        the publisher sends none.

        The iteration ends like that of :meth:`landmarks`.

        :param buffer: how many packets to keep for a slow consumer.
        """
        return self._listen(self._audio, Newest(buffer))

    async def wait_ended(self) -> None:
        """
        Wait until the session has ended.

        :raises ClientError: it failed, or the connection was lost.
        :raises DecodeError: a landmark message couldn't be read.
        :raises MediaError: a source of the publication failed; see :class:`Publication`.
        """
        await self._ended.wait()
        if self._error:
            raise self._error

    async def open(self) -> None:
        """
        Connect, and wait until landmarks can flow.

        :raises ClientError: the server rejects the offer, or can't be reached.
        """
        await self._pc.setLocalDescription(await self._pc.createOffer())
        self._resource = await self._server.offer(self._path, self._pc.localDescription.sdp)
        # The server sends the configuration in force when the channel opens.
        configured = self._expect_configured()
        for transceiver in self._pc.getTransceivers():
            if transceiver.kind == "audio":
                tap(transceiver.receiver, self._on_audio)
            else:
                skip_lost_frames(transceiver.receiver)
            insist(transceiver.receiver.transport)
        assert self._pc.sctp is not None
        insist(self._pc.sctp.transport)
        hurry(self._pc.sctp)
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(self._resource.answer, "answer"))
        except Exception as error:  # aiortc may raise anything on an answer it can't use
            configured.cancel()
            raise ConnectionFailedError(f"the server's answer can't be used: {error}") from error
        self._start(repeat_checks(self._pc.sctp.transport.transport), "checks")
        try:
            async with asyncio.timeout(CONNECT_DEADLINE):
                await configured
        except TimeoutError:
            raise ConnectionFailedError(NO_PATH) from None
        self._last_message = time.monotonic()
        for run in (self._send_pings, self._keep_path, self._watch_silence):
            self._start(run(), run.__name__)

    async def close(self) -> None:
        """End the session or the subscription, and close the connection. May be called at any time, and repeatedly."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="close")
        # aiortc's own close() can't be resumed after it was cancelled.
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._end(None)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._resource and not self._over:
            # Nothing left to do if the server can't be reached.
            with suppress(ClientError, TimeoutError):
                async with asyncio.timeout(DELETE_LOST if isinstance(self._error, ConnectionLostError) else None):
                    await self._server.delete(self._resource)
        # aiortc waits for ever for tasks that an interrupted event loop has cancelled before they began.
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._pc.close()

    async def _configure(self, message: Configure) -> None:
        """
        :raises ControlError: the server rejects a field.
        """
        configured = self._expect_configured()
        self._send(message)
        await configured

    def _end(self, error: Exception | None) -> None:
        """No-op after the first call, which determines the error."""
        if self._ended.is_set():
            return
        self._error = error
        self._ended.set()
        for message_stream in self._landmarks:
            message_stream.end(error)
        for frame_stream in chain(*self._videos):
            frame_stream.end(error)
        for packet_stream in self._audio:
            packet_stream.end(error)
        self._answer_all(error or ConnectionLostError("the session has ended"))

    def _listen(self, streams: "WeakSet[Newest[T]]", stream: Newest[T]) -> Newest[T]:
        if self._ended.is_set():
            stream.end(self._error)
        streams.add(stream)
        return stream

    def _start(self, task: Coroutine[Any, Any, None], name: str) -> None:
        started = asyncio.create_task(task, name=name)
        started.add_done_callback(self._on_task_done)
        self._tasks.append(started)

    def _send(self, message: FromClient) -> None:
        if self._control.readyState == "open":
            self._control.send(encode(message))

    def _expect_configured(self) -> "asyncio.Future[None]":
        """Returns a future for the server's reply to the next `configure`. The server replies in order."""
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        if self._ended.is_set():
            self._answer_all(self._error or ConnectionLostError("the session has ended"))
        return asked

    def _answer_next(self, error: Exception | None) -> None:
        if self._asked and not (asked := self._asked.popleft()).done():
            if error:
                asked.set_exception(error)
            else:
                asked.set_result(None)

    def _answer_all(self, error: Exception) -> None:
        while self._asked:
            self._answer_next(error)

    async def _send_pings(self) -> None:
        while True:
            number = self._ping[0] + 1
            self._ping = number, time.monotonic()
            self._send(Ping(number))
            await asyncio.sleep(PING_INTERVAL)

    async def _keep_path(self) -> None:
        """
        Check the path whenever the server falls silent: a NAT may have given this client another address, and the
        server sends to the one that last checked it.
        """
        while True:
            await asyncio.sleep(QUIET / 2)
            if time.monotonic() - self._last_message > QUIET and self._pc.sctp:
                await check_path(self._pc.sctp.transport.transport)

    async def _watch_silence(self) -> None:
        while (left := self._last_message + SILENCE - time.monotonic()) > 0:
            due = time.monotonic() + left
            await asyncio.sleep(left)
            if time.monotonic() > due + PING_INTERVAL:
                # This program was busy or stopped, so there may be messages that it hasn't read yet.
                self._last_message = time.monotonic()
        self._end(ConnectionLostError(f"nothing came from the server for {SILENCE:g} s"))

    async def _receive(self, track: MediaStreamTrack, streams: "WeakSet[Newest[VideoFrame]]") -> None:
        """Receive frames even without a listener, since aiortc's queue is unbounded."""
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, VideoFrame)
                for stream in streams:
                    stream.put(frame)

    def _on_audio(self, packet: "OpusPacket") -> None:
        for stream in self._audio:
            stream.put(packet)

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            return
        streams: WeakSet[Newest[VideoFrame]] = WeakSet()
        self._videos.append(streams)
        self._start(self._receive(track, streams), f"video-{len(self._videos) - 1}")

    def _on_landmarks(self, data: bytes) -> None:
        self._last_message = self._last_landmarks = time.monotonic()
        try:
            message = as_flatbuffers.decode(data)
        except DecodeError as error:
            self._end(error)
            return
        if not self._order.accepts(message.track, message.seq, message.person):
            return
        for stream in self._landmarks:
            stream.put(message, (message.track, message.person))

    def _on_control(self, data: str) -> None:
        self._last_message = now = time.monotonic()
        try:
            message = decode_from_server(data)
        except ControlError as error:
            logger.debug("ignoring what a newer server may say: %s", error)
            return
        match message:
            case Ping(id=number):
                self._send(Pong(number))
            case Pong(id=number) if number == self._ping[0]:
                self.round_trip_ms = (now - self._ping[1]) * 1000
            case StatsMessage():
                self.stats = {"session": message.session, "model": message.model, "tracks": message.tracks}
            case Configured():
                self.configuration = {name: value for name, value in asdict(message).items() if value is not UNSET}
                self._answer_next(None)
            case ErrorMessage(code="tracker_failed"):
                logger.warning("the server's tracker failed: %s", message.message)
            case ErrorMessage():
                self._answer_next(ControlError(message.message, code=message.code))
            case End(reason=reason):
                self._over = True
                self._end(None if reason in NORMAL_ENDS else ConnectionLostError(message.message, reason=reason))

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._end(error)

    def _on_close(self) -> None:
        self._end(ConnectionLostError("the server closed the connection"))

    def _on_connection_state(self) -> None:
        if self._pc.connectionState == "failed":
            connected = bool(self.configuration)
            self._end(ConnectionLostError("the connection was lost") if connected else ConnectionFailedError(NO_PATH))
