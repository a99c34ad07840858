"""
Several publishers in one process that takes little CPU: their video is encoded before the measurement starts.

``python -m benchmarks.publishers URL COUNT SECONDS`` prints the tracked frames a second of each.
"""

import argparse
import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from fractions import Fraction
from typing import Any

import aiohttp
import av
from aiortc.mediastreams import MediaStreamTrack
from av import Packet, VideoFrame

from tests.kit.clips import SIZE, person_clip
from tests.kit.publisher import VIDEO_CLOCK, Publisher

FPS = 30
BITRATE = 1_500_000
SETTLING = 12.0
"""Seconds until a server under load has chosen its quality"""


class EncodedTrack(MediaStreamTrack):
    """
    An endless track of encoded frames.

    :param frames: the first is a key frame.
    """

    kind = "video"

    def __init__(self, frames: list[bytes]) -> None:
        super().__init__()
        self._packets = _play(frames)

    async def recv(self) -> "Packet[Any]":
        return await anext(self._packets)


async def _play(frames: list[bytes]) -> "AsyncIterator[Packet[Any]]":
    started = time.monotonic()
    for count, frame in enumerate(itertools.cycle(frames)):
        await asyncio.sleep(max(0.0, started + count / FPS - time.monotonic()))
        packet: Packet[Any] = Packet(frame)
        packet.pts = count * VIDEO_CLOCK // FPS
        packet.time_base = Fraction(1, VIDEO_CLOCK)
        yield packet


def encode() -> list[bytes]:
    """The clip of a person as VP8."""
    codec = av.CodecContext.create("libvpx", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height = SIZE
    codec.pix_fmt = "yuv420p"
    codec.time_base = Fraction(1, FPS)
    codec.bit_rate = BITRATE
    codec.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}
    packets: list[Packet[Any]] = []
    for number, picture in enumerate(person_clip()):
        frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        packets += codec.encode(frame)
    return [bytes(packet) for packet in [*packets, *codec.encode(None)]]


async def publish(url: str, count: int, seconds: float) -> list[float]:
    """
    :return: tracked frames a second of each session, as the server counts them.
    """
    frames = encode()
    async with aiohttp.ClientSession() as http, AsyncExitStack() as stack:
        publishers = []
        for _ in range(count):
            publisher = await stack.enter_async_context(Publisher(url, http))
            publisher.pc.addTransceiver(EncodedTrack(frames), direction="sendrecv")
            publisher.open_landmarks()
            publishers.append(await publisher.connect())
            await publisher.until_landmarks(1)
        await asyncio.sleep(SETTLING)
        before = await asyncio.gather(*map(_tracked, publishers))
        started = time.monotonic()
        await asyncio.sleep(seconds)
        after = await asyncio.gather(*map(_tracked, publishers))
        took = time.monotonic() - started
    return [(b - a) / took for a, b in zip(before, after, strict=True)]


async def _tracked(publisher: Publisher) -> int:
    """The total in the next statistics."""
    seen = len(publisher.received("stats"))
    await publisher.until(lambda: len(publisher.received("stats")) > seen)
    return int(publisher.received("stats")[-1]["tracks"][0]["tracked"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("count", type=int)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    print(*asyncio.run(publish(options.url, options.count, options.seconds)))
