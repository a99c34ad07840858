"""
What the tests publish, and a bare peer for those that need to see or send what a client doesn't: aiortc, and of the
project's own code the decoders only.
"""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any, Self

import aiohttp
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from holistic_rtc.landmarks import codec
from holistic_rtc.landmarks import json as landmarks_json

Picture = np.ndarray[Any, np.dtype[np.uint8]]

VIDEO_CLOCK = 90_000


class Pictures:
    """A source of what `picture` holds, which a test may change at any time; gives nothing while it is None."""

    def __init__(self, picture: Picture | None, fps: int = 30) -> None:
        self.picture = picture
        self.fps = fps

    async def __aiter__(self) -> AsyncIterator[VideoFrame]:
        started = time.monotonic()
        for count in itertools.count(1):
            await asyncio.sleep(max(0.0, started + count / self.fps - time.monotonic()))
            if self.picture is not None:
                frame = VideoFrame.from_ndarray(self.picture, format="rgb24")
                frame.pts = count * VIDEO_CLOCK // self.fps
                frame.time_base = Fraction(1, VIDEO_CLOCK)
                yield frame


class PictureTrack(MediaStreamTrack):
    """The same as a track, for a bare peer."""

    kind = "video"

    def __init__(self, picture: Picture | None, fps: int = 30) -> None:
        super().__init__()
        self._pictures = Pictures(picture, fps)
        self._frames = aiter(self._pictures)

    @property
    def picture(self) -> Picture | None:
        return self._pictures.picture

    @picture.setter
    def picture(self, picture: Picture | None) -> None:
        self._pictures.picture = picture

    async def recv(self) -> VideoFrame:
        return await anext(self._frames)


class Publisher:
    """One session, seen from its peer. Messages and frames are kept in the order they came."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.http = http
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.location = ""
        self.etag = ""
        self.answer = ""
        self.control: list[dict[str, Any]] = []
        self.landmarks: list[Any] = []
        self.frames: dict[int, list[VideoFrame]] = {}
        self.answers_pings = True
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.pc.on("track", self._on_track)
        self.control_channel = self.pc.createDataChannel("control", protocol="holistic.control.v1")
        self.control_channel.on("message", self._on_control)

    @property
    def session(self) -> str:
        return self.location.split("/")[2]

    def open_landmarks(self, protocol: str = "holistic.v1.fb") -> None:
        decode: Callable[[Any], Any] = codec.decode if protocol.endswith("fb") else landmarks_json.decode
        channel = self.pc.createDataChannel("landmarks", ordered=False, maxRetransmits=0, protocol=protocol)

        def on_message(data: Any) -> None:
            self.landmarks.append(decode(data))
            self._changed.set()

        channel.on("message", on_message)

    async def offer(self) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def connect(self) -> Self:
        offer = await self.offer()
        async with self.http.post(
            f"{self.url}/whip", data=offer, headers={"Content-Type": "application/sdp"}
        ) as response:
            assert response.status == 201, await response.text()
            self.location = response.headers["Location"]
            self.etag = response.headers["ETag"]
            self.answer = await response.text()
        await self.accept(self.answer)
        return self

    async def accept(self, answer: str) -> None:
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))

    async def delete(self) -> int:
        async with self.http.delete(f"{self.url}{self.location}") as response:
            return response.status

    def configure(self, **fields: object) -> None:
        self.control_channel.send(json.dumps({"type": "configure", **fields}))

    def received(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.control if message["type"] == kind]

    async def until(self, condition: Callable[[], object], timeout: float = 30) -> None:
        """Wait for anything that comes over the connection to make `condition` true."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.pc.close()

    def _on_track(self, track: MediaStreamTrack) -> None:
        frames = self.frames.setdefault(len(self.frames), [])
        self._tasks.append(asyncio.create_task(self._receive(track, frames)))

    async def _receive(self, track: MediaStreamTrack, frames: list[VideoFrame]) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, VideoFrame)
                frames.append(frame)
                self._changed.set()
        except MediaStreamError:
            pass

    def _on_control(self, data: str) -> None:
        message = json.loads(data)
        self.control.append(message)
        if message["type"] == "ping" and self.answers_pings:
            self.control_channel.send(json.dumps({"type": "pong", "id": message["id"]}))
        self._changed.set()


@asynccontextmanager
async def publishing(
    url: str,
    tracks: Iterable[PictureTrack],
    *,
    direction: str = "sendrecv",
    protocol: str = "holistic.v1.fb",
) -> AsyncIterator[Publisher]:
    """A connected session that sends `tracks`; deleted and closed at the end."""
    async with aiohttp.ClientSession() as http:
        publisher = Publisher(url, http)
        try:
            for track in tracks:
                publisher.pc.addTransceiver(track, direction=direction)
            publisher.open_landmarks(protocol)
            await publisher.connect()
            yield publisher
        finally:
            if publisher.location:
                await publisher.delete()
            await publisher.close()
