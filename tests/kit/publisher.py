"""What the tests publish, and the publisher of a session as a bare peer."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any, Self

import aiohttp
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame
from av.packet import Packet

from .peer import Peer

Picture = np.ndarray[Any, np.dtype[np.uint8]]

VIDEO_CLOCK = 90_000


class Pictures:
    """A source of what `picture` holds, which a test may change at any time; gives nothing while it is None."""

    def __init__(self, picture: Picture | None, fps: int = 10) -> None:
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

    def __init__(self, picture: Picture | None, fps: int = 10) -> None:
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


class OpusTrack(MediaStreamTrack):
    """
    Sends packets as they are, every 20 ms.

    :param packets: the contents of each; None for a pause of the same length.
    """

    kind = "audio"
    TICKS = 960

    def __init__(self, packets: Iterable[bytes | None]) -> None:
        super().__init__()
        self._packets = enumerate(packets)
        self._started = time.monotonic()

    async def recv(self) -> "Packet[Any]":
        for count, content in self._packets:
            await asyncio.sleep(max(0.0, self._started + count / 50 - time.monotonic()))
            if content is not None:
                packet = Packet(content)
                packet.pts, packet.time_base = count * self.TICKS, Fraction(1, 48_000)
                return packet
        raise MediaStreamError


class Publisher(Peer):
    """One session, seen from its peer. Deleted and closed at the end of an ``async with``."""

    async def __aexit__(self, *error: object) -> None:
        if self.location:
            await self.delete()
        await super().__aexit__(*error)

    async def connect(self, path: str = "/whip") -> Self:
        await self.negotiate(path)
        return self


@asynccontextmanager
async def publishing(
    url: str,
    tracks: Iterable[MediaStreamTrack],
    *,
    direction: str = "sendrecv",
    protocol: str = "holistic.v1.fb",
    path: str = "/whip",
    channels: bool = True,
) -> AsyncIterator[Publisher]:
    """A connected session that sends `tracks`."""
    async with aiohttp.ClientSession() as http, Publisher(url, http, channels=channels) as publisher:
        for track in tracks:
            publisher.pc.addTransceiver(track, direction=direction)
        if channels:
            publisher.open_landmarks(protocol)
        yield await publisher.connect(path)
