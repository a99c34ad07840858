"""
A bare WebRTC peer of the server, for tests that need to see or send what a client doesn't: aiortc, and of the project's
own code the decoders only.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self

import aiohttp
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame
from yarl import URL

from holistic_rtc.wire import as_flatbuffers, as_json

SDP = {"Content-Type": "application/sdp"}


class Peer:
    """Messages and the frames of each track are kept in the order they came. Closed at the end of an ``async with``."""

    def __init__(self, url: str, http: aiohttp.ClientSession, *, channels: bool = True) -> None:
        self.url = url
        self.http = http
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.location = ""
        self.etag = ""
        self.viewing_key = ""
        self.answer = ""
        self.control: list[dict[str, Any]] = []
        self.landmarks: list[Any] = []
        self.frames: dict[int, list[VideoFrame]] = {}
        self.answers_pings = True
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.pc.on("track", self._on_track)
        self.landmarks_channel: RTCDataChannel | None = None
        if channels:
            self.control_channel = self.pc.createDataChannel("control", protocol="holistic.control.v1")
            self.control_channel.on("message", self._on_control)
            self.control_channel.on("close", self._changed.set)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    @property
    def session(self) -> str:
        return self.location.split("/")[2]

    def open_landmarks(self, protocol: str = "holistic.v1.fb") -> None:
        decode: Callable[[Any], Any] = as_flatbuffers.decode if protocol.endswith("fb") else as_json.decode
        channel = self.landmarks_channel = self.pc.createDataChannel(
            "landmarks", ordered=False, maxRetransmits=0, protocol=protocol
        )

        def on_message(data: Any) -> None:
            self.landmarks.append(decode(data))
            self._changed.set()

        channel.on("message", on_message)

    async def offer(self) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def accept(self, answer: str) -> None:
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))

    async def negotiate(self, path: str) -> None:
        """Offer, and accept the answer."""
        async with self.http.post(f"{self.url}{path}", data=await self.offer(), headers=SDP) as response:
            assert response.status == 201, await response.text()
            location = URL(response.headers["Location"])
            if location.absolute:
                self.url, location = str(location.origin()), location.relative()
            self.location = str(location)
            self.etag = response.headers["ETag"]
            if watch := response.links.get("urn:holistic-rtc:watch"):
                self.viewing_key = URL(watch["url"]).query["key"]
            self.answer = await response.text()
        await self.accept(self.answer)

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

    async def until_landmarks(self, count: int, timeout: float = 30) -> None:
        await self.until(lambda: len(self.landmarks) >= count, timeout)

    async def until_ended(self) -> str | None:
        """:return: the server's reason; None if the connection was closed before it came."""
        await self.until(lambda: self.received("end") or self.control_channel.readyState == "closed")
        return next((str(message["reason"]) for message in self.received("end")), None)

    async def until_frames(self, count: int, track: int = 0) -> None:
        await self.until(lambda: len(self.frames.get(track, [])) >= count)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.pc.close()

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            return
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
