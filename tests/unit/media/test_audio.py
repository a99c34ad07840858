"""The way of audio from a publisher to its subscribers."""

import asyncio
import itertools
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet

from holistic_rtc.media.audio import MAX_PACKET, MAX_WAITING, TIME_BASE, AudioTrack, InboundAudio


def opus(number: int, content: bytes = b"20 ms") -> "Packet[Any]":
    packet = Packet(content)
    packet.pts, packet.time_base = 960 * number, TIME_BASE
    return packet


class Source(MediaStreamTrack):
    """Has these packets at once, and ends."""

    kind = "audio"

    def __init__(self, packets: Iterable["Packet[Any]"]) -> None:
        super().__init__()
        self._packets = iter(packets)

    async def recv(self) -> "Packet[Any]":
        if packet := next(self._packets, None):
            return packet
        raise MediaStreamError


async def heard(packets: Iterable["Packet[Any]"]) -> list["Packet[Any]"]:
    """What comes out for a subscriber that takes everything."""
    inbound, output = InboundAudio(Source(packets)), AudioTrack()
    passed: list[Packet[Any]] = []
    output.put = lambda packet, captured: passed.append(packet)  # type: ignore[method-assign]
    inbound.feed(output)
    await inbound.run()
    return passed


async def test_packets_and_their_gaps_are_passed_on() -> None:
    packets = await heard([opus(0, b"a"), opus(1, b"b"), opus(10, b"c"), opus(9, b"late")])
    assert [bytes(packet) for packet in packets] == [b"a", b"b", b"c", b"late"]
    assert [packet.pts for packet in packets] == [0, 960, 9600, 8640]


async def test_a_clock_that_starts_anew_leaves_no_gap() -> None:
    packets = await heard(opus(number) for number in [*range(500, 510), *range(10)])
    times = [packet.pts for packet in packets]
    assert all(abs(later - earlier) < 4800 for earlier, later in itertools.pairwise(times) if later and earlier)


async def test_what_opus_never_needs_is_dropped(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr("holistic_rtc.media.audio.time", SimpleNamespace(monotonic=lambda: 1.0))
    assert await heard([opus(0, bytes(MAX_PACKET + 1))]) == []
    flood = await heard(opus(number) for number in range(5000))
    assert len(flood) == pytest.approx(100, abs=1)
    large = await heard(opus(number, bytes(MAX_PACKET)) for number in range(5000))
    assert len(large) == pytest.approx(50, abs=1)
    assert [record.message for record in caplog.records] == 3 * ["dropping audio that is more than Opus needs"]


async def test_each_subscriber_hears_until_it_leaves_and_a_slow_one_loses_the_oldest() -> None:
    packets = [opus(number) for number in range(MAX_WAITING + 5)]
    inbound, slow, gone = InboundAudio(Source(packets)), AudioTrack(), AudioTrack()
    for output in (slow, gone):
        inbound.feed(output)
    gone.stop()
    await inbound.run()
    assert [(await slow.recv()).pts for _ in range(MAX_WAITING)] == [packet.pts for packet in packets[5:]]
    with pytest.raises(MediaStreamError):
        await gone.recv()


async def test_a_subscriber_that_waits_is_released_by_the_end() -> None:
    output = AudioTrack()
    receiving = asyncio.create_task(output.recv())
    await asyncio.sleep(0)
    output.stop()
    with pytest.raises(MediaStreamError):
        await receiving
