"""The order and the rate in which a peer's packets leave."""

import asyncio
import time

from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport

from holistic_rtc.media.congestion import Congestion
from holistic_rtc.media.pacing import Bucket, PacedTransport, Pacer, unpaced

RTP = bytes([0x80, 96]) + bytes(1198)
RTCP = bytes([0x80, 201]) + bytes(30)


class Recorded(PacedTransport):
    """Keeps what would be encrypted and sent."""

    def __init__(self) -> None:
        super().__init__(RTCIceTransport(RTCIceGatherer()), [RTCCertificate.generateCertificate()])
        self.out: list[str] = []


async def record(self: RTCDtlsTransport, data: bytes) -> None:
    assert isinstance(self, Recorded)
    self.out.append("video" if data[:2] == RTP[:2] else "other")


def test_a_bucket_fills_at_its_rate_and_may_be_overdrawn() -> None:
    bucket = Bucket(0.5)
    assert bucket.level(8000, 10.0) == 4000
    bucket.take(1000, 8000, 10.0)
    assert bucket.level(8000, 10.0) == -4000
    assert bucket.level(8000, 10.5) == 0
    assert bucket.level(8000, 20.0) == 4000


async def test_a_burst_is_spread_over_time() -> None:
    congestion = Congestion()
    congestion.rate = 1_000_000
    pacer = Pacer(congestion)
    started = time.monotonic()
    for _ in range(25):
        await pacer.turn()
        pacer.sent(1200)
    assert time.monotonic() - started > 0.15


async def test_data_and_feedback_overtake_the_video_that_waits(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(RTCDtlsTransport, "_send_rtp", record)
    monkeypatch.setattr(RTCDtlsTransport, "_send_data", record)
    transport = Recorded()
    transport.congestion.rate = 200_000

    async def send_frame() -> None:
        for _ in range(8):
            await transport._send_rtp(RTP)

    frame = asyncio.create_task(send_frame())
    await asyncio.sleep(0.01)
    waiting = 8 - transport.out.count("video")
    assert waiting > 0
    await transport._send_data(b"landmarks")
    await transport._send_rtp(RTCP)
    assert transport.out[-2:] == ["other", "other"]
    with unpaced():
        await transport._send_rtp(RTP)
    assert transport.out[-1] == "video"
    await frame
    assert transport.out.count("video") == 9
