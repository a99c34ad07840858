"""What is counted on a connection, on two real connections with a lossy link between them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import numpy as np
import pytest
import pytest_asyncio
from aiortc import RTCConfiguration, RTCDtlsTransport, RTCPeerConnection, RTCRtpSender, rtcpeerconnection
from aiortc.rtp import is_rtcp

from holistic_rtc.media.receiver import TolerantReceiver
from holistic_rtc.media.traffic import CountingSender, TrafficMeter
from holistic_rtc.model.figures import Traffic
from tests.kit.publisher import PictureTrack

NOISE = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)


class Link:
    """
    A connection from `sender` to `receiver`.

    :param lose: for each RTP packet, whether to lose it on its way; counted from 0.
    """

    def __init__(self, lose: Callable[[int], bool], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rtcpeerconnection, "RTCRtpSender", CountingSender)
        monkeypatch.setattr(rtcpeerconnection, "RTCRtpReceiver", TolerantReceiver)
        self.sender, self.receiver = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
        self.lost = 0
        self._lose = lose
        self._count = 0

    async def connect(self, *, video: bool = True) -> None:
        if video:
            self.sender.addTrack(PictureTrack(NOISE, fps=20))
        channel = self.sender.createDataChannel("landmarks")
        await self.sender.setLocalDescription(await self.sender.createOffer())
        await self.receiver.setRemoteDescription(self.sender.localDescription)
        await self.receiver.setLocalDescription(await self.receiver.createAnswer())
        await self.sender.setRemoteDescription(self.receiver.localDescription)
        if video:
            transport = self.sender.getSenders()[0].transport.transport
            self._send = transport._send
            transport._send = self._lossy
        opened = asyncio.Event()
        channel.on("open", opened.set)
        async with asyncio.timeout(10):
            await opened.wait()

    async def close(self) -> None:
        await asyncio.gather(self.sender.close(), self.receiver.close())

    async def _lossy(self, data: bytes) -> None:
        if 127 < data[0] < 192 and not is_rtcp(data):
            self._count += 1
            if self._lose(self._count - 1):
                self.lost += 1
                return
        await self._send(data)


MakeLink = Callable[..., Awaitable[Link]]


@pytest_asyncio.fixture
async def make_link(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeLink]:
    links: list[Link] = []

    async def make(lose: Callable[[int], bool] = lambda _: False, **options: bool) -> Link:
        links.append(Link(lose, monkeypatch))
        await links[-1].connect(**options)
        return links[-1]

    yield make
    for link in links:
        await link.close()


async def collect(meter: TrafficMeter, total: Traffic, condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.1)
            total.add(await meter.take())


async def test_what_one_side_sends_the_other_receives(make_link: MakeLink) -> None:
    link = await make_link()
    sent, received = Traffic(), Traffic()
    meter = TrafficMeter(link.receiver)
    await collect(meter, received, lambda: received.bytes_in > 50_000)
    await link.sender.close()
    sent.add(await TrafficMeter(link.sender).take())
    received.add(await meter.take())
    assert received.bytes_in <= sent.bytes_out <= received.bytes_in * 1.2
    assert received.packets_in <= sent.packets_out
    assert (sent.lost_out, received.lost_in, sent.retransmitted) == (0, 0, 0)


async def test_lost_packets_are_counted_on_both_sides_and_when_they_are_sent_again(make_link: MakeLink) -> None:
    link = await make_link(lambda number: number % 10 == 9)
    sent, received = Traffic(), Traffic()
    sender, receiver = TrafficMeter(link.sender), TrafficMeter(link.receiver)
    await collect(receiver, received, lambda: received.lost_in >= 10)
    await collect(sender, sent, lambda: sent.lost_out >= 5 and sent.retransmitted >= 10)
    received.add(await receiver.take())
    assert received.lost_in <= link.lost
    assert sent.retransmitted <= link._count


async def test_a_peer_that_only_wants_landmarks_is_counted_too(make_link: MakeLink) -> None:
    link = await make_link(video=False)
    traffic = await TrafficMeter(link.receiver).take()
    assert traffic.bytes_in > 500 < traffic.bytes_out


async def test_a_connection_that_is_closed_still_tells_what_it_did_and_only_once(make_link: MakeLink) -> None:
    link = await make_link()
    meter, total = TrafficMeter(link.receiver), Traffic()
    await collect(meter, total, lambda: total.bytes_in > 20_000)
    await link.close()
    total.add(await meter.take())
    assert await meter.take() == Traffic()


def test_aiortc_neither_counts_retransmissions_nor_reports_transports_without_media() -> None:
    """If it does, :mod:`holistic_rtc.media.traffic` can use that."""
    from aiortc import stats

    for statistics in (stats.RTCOutboundRtpStreamStats, stats.RTCTransportStats):
        assert not [name for name in statistics.__dataclass_fields__ if "retransmitted" in name.lower()]
    assert not hasattr(RTCDtlsTransport, "getStats")
    assert RTCRtpSender is not CountingSender
