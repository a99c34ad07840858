"""Which stream of a track is received, and when it is asked for a key frame."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import pytest_asyncio
from aiortc import RTCRtpReceiver
from aiortc.codecs import h264, vpx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    RtpPacket,
)
from av import VideoFrame

from holistic_rtc.media.receiver import TolerantReceiver
from holistic_rtc.media.streams import KeyFrameRequest, OneStream, is_key_frame

OPUS = RTCRtpCodecParameters("audio/opus", 48_000, channels=2, payloadType=111)
VP8 = RTCRtpCodecParameters("video/VP8", 90_000, payloadType=96)
SIZES = {7: (64, 48), 8: (128, 96), 9: (320, 240)}
"""Of the pictures in each stream"""


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_stream_is_followed_until_it_has_stopped() -> None:
    clock = Clock()
    stream = OneStream(clock)
    for _ in range(20):
        assert stream.follows(7)
        assert not stream.follows(8)
        clock.now += 0.4
    clock.now += 0.2
    assert stream.follows(8)
    assert not stream.follows(7)


def test_a_stream_that_pauses_is_still_followed_if_there_is_no_other() -> None:
    clock = Clock()
    stream = OneStream(clock)
    assert stream.follows(7)
    clock.now += 60
    assert stream.follows(7)


def test_the_end_of_a_stream_is_that_of_the_track_unless_another_one_sends() -> None:
    stream = OneStream(Clock())
    assert not stream.goes_on_without([7])
    stream.follows(7)
    assert stream.goes_on_without([8])
    assert not stream.goes_on_without([7])
    stream.follows(7)
    stream.follows(8)
    assert stream.goes_on_without([7, 9])
    assert stream.follows(8)


def test_a_request_is_repeated_ever_more_slowly_until_a_key_frame_comes() -> None:
    clock = Clock()
    request = KeyFrameRequest(clock)
    asked = []
    request.need()
    for tenth in range(80):
        clock.now = 100 + tenth / 10
        request.need()
        if request.is_due():
            asked.append(tenth / 10)
    assert asked == [0, 0.5, 1.5, 3.5, 5.5, 7.5]
    request.satisfy()
    clock.now += 60
    assert not request.is_due()


@pytest.mark.parametrize(("name", "encoder"), [("VP8", vpx.Vp8Encoder), ("H264", h264.H264Encoder)])
def test_key_frames_are_told_from_others(name: str, encoder: type[vpx.Vp8Encoder | h264.H264Encoder]) -> None:
    encode = encoder().encode
    codec = RTCRtpCodecParameters(f"video/{name}", 90_000, parameters={"packetization-mode": 1})
    found = []
    for number in range(6):
        payloads, _ = encode(picture(number, 64, 48), force_keyframe=number == 3)
        found.append(is_key_frame(name, b"".join(depayload(codec, payload) for payload in payloads)))
    assert found == [True, False, False, True, False, False]


def depayload(codec: RTCRtpCodecParameters, payload: bytes) -> bytes:
    return vpx.vp8_depayload(payload) if codec.name == "VP8" else h264.h264_depayload(payload)


def picture(number: int, width: int, height: int) -> VideoFrame:
    """The largest takes several packets."""
    pixels = np.full((height, width, 3), 40 * number % 256, np.uint8)
    if (width, height) == SIZES[9]:
        pixels = np.random.default_rng(number).integers(0, 256, pixels.shape, np.uint8)
    frame = VideoFrame.from_ndarray(pixels, format="rgb24")
    frame.pts, frame.time_base = 3000 * number, Fraction(1, 90_000)
    return frame


class Sender:
    """Packets of a stream of VP8, in order."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self._encoder = vpx.Vp8Encoder()
        self._sequence_number = 1000 * ssrc
        self._number = 0

    def frame(self, *, key: bool = False) -> Iterator[RtpPacket]:
        payloads, timestamp = self._encoder.encode(picture(self._number, *SIZES[self.ssrc]), force_keyframe=key)
        self._number += 1
        for payload in payloads:
            packet = RtpPacket(
                payload_type=96, sequence_number=self._sequence_number, timestamp=timestamp, ssrc=self.ssrc
            )
            packet.payload, packet.marker = payload, int(payload is payloads[-1])
            self._sequence_number += 1
            yield packet


class Section:
    """A receiver whose feedback goes to the test."""

    def __init__(self, kind: str = "video") -> None:
        self.asked: list[int] = []
        self.reported: list[int] = []
        self.clock = Clock()
        transport = SimpleNamespace(
            state="connected",
            _stats_id="",
            transport=SimpleNamespace(_connection=None),
            _send_rtp=self._take,
            _register_rtp_receiver=lambda receiver, parameters: None,
            _unregister_rtp_receiver=lambda receiver: None,
        )
        self.receiver = TolerantReceiver(kind, transport)  # type: ignore[arg-type]
        self.receiver._track = RemoteStreamTrack(kind)
        self.receiver._set_rtcp_ssrc(1)
        self.receiver._stream = OneStream(self.clock)
        self.receiver._key_frame = KeyFrameRequest(self.clock)

    async def receive(self, packets: Iterator[RtpPacket], *, lost: bool = False) -> None:
        for packet in packets:
            if not lost:
                await self.receiver._handle_rtp_packet(RtpPacket.parse(packet.serialize()), 0)

    async def widths(self, count: int) -> list[int]:
        """Of the next pictures."""
        async with asyncio.timeout(10):
            return [(await self.receiver.track.recv()).width for _ in range(count)]  # type: ignore[union-attr]

    async def _take(self, data: bytes) -> None:
        for packet in RtcpPacket.parse(data):
            if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI:
                self.asked.append(packet.media_ssrc)
            if isinstance(packet, RtcpRrPacket):
                self.reported = [report.ssrc for report in packet.reports]


@pytest_asyncio.fixture
async def section() -> AsyncIterator[Section]:
    section = Section()
    await section.receiver.receive(RTCRtpReceiveParameters(codecs=[VP8]))
    yield section
    await section.receiver.stop()


async def test_of_several_streams_each_picture_of_one_is_received(section: Section) -> None:
    small, large = Sender(7), Sender(8)
    for _ in range(10):
        for packets in zip(small.frame(), large.frame(), strict=False):
            await section.receive(iter(packets))
        section.clock.now += 1 / 30
    assert await section.widths(10) == 10 * [64]
    assert section.asked == []


async def test_a_stream_that_takes_over_is_asked_for_a_key_frame_until_that_comes(section: Section) -> None:
    small, large = Sender(7), Sender(8)
    await section.receive(small.frame())
    await section.receive(large.frame())
    for _ in range(3):
        section.clock.now += 0.6
        await section.receive(large.frame())
    assert section.asked == [8, 8]
    await section.receive(large.frame(key=True))
    section.clock.now += 60
    await section.receive(large.frame())
    assert section.asked == [8, 8]
    assert (await section.widths(6))[-2:] == [128, 128]


async def test_the_end_of_another_stream_does_not_end_the_track(section: Section) -> None:
    small, large = Sender(7), Sender(8)
    await section.receive(small.frame())
    await section.receive(large.frame())
    await section.receiver._handle_rtcp_packet(RtcpByePacket(sources=[7]))
    await section.receive(large.frame(key=True))
    assert await section.widths(2) == [64, 128]


async def test_a_request_that_gets_lost_is_repeated_though_only_one_frame_was(section: Section) -> None:
    sender = Sender(7)
    await section.receive(sender.frame())
    await section.receive(sender.frame(), lost=True)
    for _ in range(120):
        section.clock.now += 1 / 30
        await section.receive(sender.frame())
    assert len(section.asked) == 3
    assert len(await section.widths(120)) == 120, "those that have waited for the lost frame come, too"
    await section.receive(sender.frame(key=True))
    section.clock.now += 60
    await section.receive(sender.frame())
    assert len(section.asked) == 3


async def test_frames_that_waited_for_the_same_packet_follow_one_another_so_that_each_can_be_tracked(
    section: Section,
) -> None:
    sender = Sender(9)
    frames = [list(sender.frame(key=True)) for _ in range(10)]
    assert all(len(packets) > 1 for packets in frames)
    late = frames[1].pop()
    for packets in frames[:8]:
        await section.receive(iter(packets))
    buffer = section.receiver._frames
    for packets in ([late], *frames[8:]):  # Those of the next frames don't push them.
        await section.receive(iter(packets))
        assert buffer.newest is not None
        assert (buffer.newest.timestamp, buffer.has_frame) == (frames[1][0].timestamp, True)
    assert len(await section.widths(10)) == 10
    assert not buffer.has_frame


@pytest.mark.parametrize("codec", [OPUS, VP8], ids=["audio", "video"])
async def test_of_the_streams_before_nothing_is_kept(codec: RTCRtpCodecParameters) -> None:
    section = Section(codec.mimeType.split("/")[0])
    receiver = section.receiver
    await receiver.receive(RTCRtpReceiveParameters(codecs=[codec]))
    for ssrc in range(100, 400):
        section.clock.now += 1
        for sender in (ssrc, ssrc + 1000):
            for number in (1, 3):
                packet = RtpPacket(payload_type=codec.payloadType or 0, ssrc=sender, sequence_number=number)
                packet.extensions.abs_send_time, packet.payload = 1, b"x" * 20
                await receiver._handle_rtp_packet(packet, 0)
            await receiver._handle_rtcp_packet(RtcpSrPacket(sender, RtcpSenderInfo(1, 1, 1, 1)))
        await receiver._send_rtcp(RtcpRrPacket(ssrc=1, reports=[report(ssrc)]))
    name = "_RTCRtpReceiver__"
    kept = ["_seen", *(name + each for each in ("remote_streams", "active_ssrc", "lsr", "lsr_time"))]
    await receiver.stop()
    assert [list(getattr(receiver, each)) for each in kept] == len(kept) * [[399]]
    assert receiver._estimator._ssrcs == ({399} if codec is VP8 else set())
    assert receiver.packets_lost == 300


async def test_the_stream_that_is_received_is_reported_first(section: Section) -> None:
    await section.receive(Sender(7).frame())
    await section.receiver._send_rtcp(RtcpRrPacket(ssrc=1, reports=[report(ssrc) for ssrc in (*range(100, 140), 7)]))
    assert section.reported == [7, *range(100, 130)]


def report(ssrc: int) -> RtcpReceiverInfo:
    return RtcpReceiverInfo(ssrc, fraction_lost=0, packets_lost=1, highest_sequence=3, jitter=0, lsr=0, dlsr=0)


async def test_aiortc_mixes_the_packets_of_all_streams() -> None:
    assert not hasattr(RTCRtpReceiver("video", Section().receiver.transport), "_stream")
