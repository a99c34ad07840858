"""Audio, which is passed through: Opus packets go from one peer to others, neither decoded nor encoded."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from aiortc import RTCRtpReceiver
from aiortc.codecs.base import Decoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtp import RtpPacket
from av.packet import Packet

from holistic_rtc.media.clock import RtpClock, SteadyClock
from holistic_rtc.media.pacing import Bucket

logger = logging.getLogger(__name__)

OpusPacket: TypeAlias = "Packet[Any]"

TIME_BASE = Fraction(1, 48_000)
MAX_PACKET = 1275
"""Bytes of an Opus frame (RFC 6716, section 3.2.1)"""
MAX_BITRATE = 510_000
"""Bits per second of Opus, at most"""
MAX_PACKETS = 100
"""Per second: WebRTC's packets hold 10 ms or more"""
BURST = 1.0
"""Seconds of which packets may come at once, after a delay"""
MISORDER = 0.5
"""Seconds by which a packet may be late"""
MAX_WAITING = 50
"""Packets that wait to be sent to a peer"""


def make_packet(data: bytes, time: int) -> "OpusPacket":
    """
    :param time: in units of :data:`TIME_BASE`.
    """
    packet = Packet(data)
    packet.pts, packet.time_base = time, TIME_BASE
    return packet


class PacketBuffer:
    """
    Hands on each packet as it comes. Those who decode the audio put them in order, by their timestamps.

    Replaces aiortc's ``JitterBuffer`` for audio, which waits for four more packets.
    """

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        data = packet._data  # type: ignore[attr-defined]
        return False, JitterFrame(data=data, timestamp=packet.timestamp) if data else None


class Passthrough(Decoder):
    """Replaces aiortc's Opus decoder: the track's reader gets packets."""

    def decode(self, encoded_frame: JitterFrame) -> "list[Any]":
        return [make_packet(encoded_frame.data, encoded_frame.timestamp)]


class PacketTap:
    """Takes packets from a receiver before they are decoded, if it is in the place of its buffer."""

    def __init__(self, on_packet: Callable[["OpusPacket"], object]) -> None:
        self._on_packet = on_packet
        self._clock = RtpClock()

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        if data := packet._data:  # type: ignore[attr-defined]
            self._on_packet(make_packet(data, self._clock.map(packet.timestamp)))
        return False, None


def tap(receiver: RTCRtpReceiver, on_packet: Callable[["OpusPacket"], object]) -> None:
    """
    Let a receiver of audio that hasn't started yet hand on its packets, as they come, instead of decoding them.
    """
    receiver._RTCRtpReceiver__jitter_buffer = PacketTap(on_packet)  # type: ignore[attr-defined]


class AudioTrack(MediaStreamTrack):
    """The audio for one peer. aiortc sends its packets as they are."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.captured: float | None = None
        """Of the last packet that was taken."""
        self._packets: asyncio.Queue[tuple[OpusPacket, float] | None] = asyncio.Queue(MAX_WAITING)

    def put(self, packet: "OpusPacket", captured: float) -> None:
        """
        :param captured: when it came from the publisher, less its own delay, on the monotonic clock.
        """
        self._put((packet, captured))

    async def recv(self) -> "OpusPacket":
        waiting = await self._packets.get()
        if waiting is None:
            raise MediaStreamError
        packet, self.captured = waiting
        return packet

    def stop(self) -> None:
        super().stop()
        self._put(None)

    def _put(self, waiting: "tuple[OpusPacket, float] | None") -> None:
        if self._packets.full():
            self._packets.get_nowait()
        self._packets.put_nowait(waiting)


class InboundAudio:
    """
    Passes each packet of `source` on, as far as Opus may have so many.

    :param source: the peer's audio, whose decoder is a :class:`Passthrough`.
    """

    def __init__(self, source: MediaStreamTrack) -> None:
        self._source = source
        self._outputs: set[AudioTrack] = set()
        self._clock = SteadyClock(TIME_BASE, MISORDER)
        self._budget = Bucket(BURST)
        self._excessive = False

    async def run(self) -> None:
        """Pass packets on until the source ends."""
        with contextlib.suppress(MediaStreamError):
            while True:
                packet = await self._source.recv()
                assert isinstance(packet, Packet)
                now = time.monotonic()
                if self._admits(packet, now):
                    self._pass_on(packet, self._clock.set_time(packet, now))

    def feed(self, output: AudioTrack) -> None:
        """Pass each packet to `output` from now on, until it is stopped."""
        self._outputs.add(output)

    def _pass_on(self, packet: "OpusPacket", captured: float) -> None:
        self._outputs = {output for output in self._outputs if output.readyState == "live"}
        for output in self._outputs:
            output.put(packet, captured)

    def _admits(self, packet: "OpusPacket", now: float) -> bool:
        # Each costs at least its share of a second.
        cost = max(packet.size, MAX_BITRATE // 8 // MAX_PACKETS)
        admitted = packet.size <= MAX_PACKET and self._budget.level(MAX_BITRATE, now) > 0
        if admitted:
            self._budget.take(cost, MAX_BITRATE, now)
        elif not self._excessive:
            self._excessive = True
            logger.info("dropping audio that is more than Opus needs")
        return admitted
