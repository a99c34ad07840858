"""What a peer may ask of the sender, and what it gets."""

import asyncio
import itertools
import time
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from aiortc import RTCCertificate, RTCIceGatherer, RTCIceTransport, RTCRtpSender, clock
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcdtlstransport import State
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpSendParameters
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    is_rtcp,
    pack_remb_fci,
)
from av import VideoFrame

from holistic_rtc.media.audio import AudioTrack, make_packet
from holistic_rtc.media.congestion import Congestion
from holistic_rtc.media.outbound import AnnotatedTrack
from holistic_rtc.media.pacing import PacedTransport
from holistic_rtc.media.sender import LOWEST_BITRATE, BudgetedSender, _interval


@pytest.fixture
def resent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    numbers: list[int] = []

    async def retransmit(self: RTCRtpSender, number: int) -> None:
        numbers.append(number)

    monkeypatch.setattr(RTCRtpSender, "_retransmit", retransmit)
    return numbers


@pytest.fixture
async def sender() -> BudgetedSender:
    transport = PacedTransport(RTCIceTransport(RTCIceGatherer()), [RTCCertificate.generateCertificate()])
    return BudgetedSender("video", transport)


def nack(*numbers: int) -> RtcpRtpfbPacket:
    return RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=1, media_ssrc=2, lost=list(numbers))


def remb(sender: BudgetedSender, bitrate: int) -> RtcpPsfbPacket:
    return RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=pack_remb_fci(bitrate, [sender._ssrc]))


async def test_a_packet_is_sent_again_once_per_round_trip(sender: BudgetedSender, resent: list[int]) -> None:
    for _ in range(5):
        await sender._handle_rtcp_packet(nack(7, 8))
    assert resent == [7, 8]


async def test_retransmissions_keep_to_their_share(sender: BudgetedSender, resent: list[int]) -> None:
    sender._paced.congestion.rate = 300_000
    await sender._handle_rtcp_packet(nack(*range(200)))
    assert 0 < len(resent) * 1200 * 8 < 0.5 * 300_000


async def test_what_a_later_report_leaves_out_is_not_sent_again(sender: BudgetedSender, resent: list[int]) -> None:
    sender._paced.congestion.rate = 80_000
    await sender._handle_rtcp_packet(nack(*range(20)))
    await sender._handle_rtcp_packet(nack(19))
    assert list(sender._missing) == [19]


async def test_key_frames_wait_for_their_turn(sender: BudgetedSender, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[float] = []
    monkeypatch.setattr(RTCRtpSender, "_send_keyframe", lambda self: forced.append(time.monotonic()))

    async def encode(self: RTCRtpSender, codec: Any) -> None:
        return None

    monkeypatch.setattr(RTCRtpSender, "_next_encoded_frame", encode)
    sender._key_frame_at = time.monotonic() - 0.7
    pli = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=sender._ssrc)
    await sender._handle_rtcp_packet(pli)
    started = time.monotonic()
    while not forced:
        await sender._next_encoded_frame(None)  # type: ignore[arg-type]
    assert forced[0] - started > 0.2


async def test_the_bitrate_is_what_the_peer_can_receive_and_the_path_carries(sender: BudgetedSender) -> None:
    await sender._handle_rtcp_packet(remb(sender, 400_000))
    assert sender._bitrate() == pytest.approx(400_000, rel=0.01)
    sender._paced.congestion.rate = 200_000
    assert sender._bitrate() == 200_000
    sender._paced.congestion.rate = 10_000
    assert sender._bitrate() == LOWEST_BITRATE


async def test_an_encoder_is_replaced_for_large_changes_only(sender: BudgetedSender) -> None:
    encoder = Vp8Encoder()
    sender._RTCRtpSender__encoder = encoder  # type: ignore[attr-defined]
    before = encoder.target_bitrate
    assert not sender._set_bitrate(0.9 * before)
    assert sender._set_bitrate(0.8 * before)


def test_a_low_bitrate_is_spent_on_fewer_frames() -> None:
    assert _interval(1_500_000) == 0
    assert _interval(150_000) == pytest.approx(1 / 15)
    assert _interval(30_000) == pytest.approx(1 / 6)


async def test_a_report_says_when_a_frame_came_not_when_it_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[RtcpSrPacket] = []

    async def send(self: PacedTransport, data: bytes) -> None:
        if is_rtcp(data):
            reports.extend(packet for packet in RtcpPacket.parse(data) if isinstance(packet, RtcpSrPacket))

    monkeypatch.setattr(PacedTransport, "_send_rtp", send)
    transport = PacedTransport(RTCIceTransport(RTCIceGatherer()), [RTCCertificate.generateCertificate()])
    track = AnnotatedTrack()
    sender = BudgetedSender(track, transport)
    codec = RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90_000, payloadType=96)
    await sender.send(RTCRtpSendParameters(codecs=[codec]))
    frame = VideoFrame(64, 48, "yuv420p")
    frame.time_base = Fraction(1, 90_000)
    async with asyncio.timeout(30):
        for count in itertools.count():
            frame.pts = 3000 * count
            track.put(frame, time.monotonic() - 5.0)
            if reports and reports[-1].sender_info.packet_count > 2:
                break
            await asyncio.sleep(0.01)
    await sender.stop()
    info = reports[-1].sender_info
    assert (clock.current_ntp_time() - info.ntp_timestamp) / 2**32 > 5.0


async def test_audio_takes_from_the_videos_share_and_counts_as_none(sender: BudgetedSender) -> None:
    transport, congestion = sender._paced, sender._paced.congestion
    audio = BudgetedSender("audio", transport)
    for each in (sender, audio):
        transport._rtp_router.register_sender(each, each._ssrc)
    congestion.rate = 400_000
    assert sender._bitrate() == 400_000
    for _ in range(40):
        transport.audio_sent(100)
    spent = transport.audio_rate
    assert spent > 30_000
    assert sender._bitrate() == pytest.approx(400_000 - spent, rel=0.05)


async def test_audio_does_not_wait_behind_video(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []

    async def send(data: bytes) -> None:
        sent.append(data)

    transport = PacedTransport(RTCIceTransport(RTCIceGatherer()), [RTCCertificate.generateCertificate()])
    transport.transport._send = send
    transport._state = State.CONNECTED
    transport._tx_srtp = SimpleNamespace(protect=bytes, protect_rtcp=bytes)
    transport.congestion.rate = 80_000
    transport._pacer.sent(100_000)  # ten seconds of video
    track = AudioTrack()
    sender = BudgetedSender(track, transport)
    codec = RTCRtpCodecParameters(mimeType="audio/opus", clockRate=48_000, channels=2, payloadType=111)
    await sender.send(RTCRtpSendParameters(codecs=[codec]))
    track.put(make_packet(b"opus", 960), time.monotonic())
    async with asyncio.timeout(5):
        while not sent:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await sender.stop()
    assert b"opus" in sent[0]


@pytest.mark.parametrize(("rate", "least", "most"), [(100_000, 1, 5), (Congestion.HIGHEST, 50, 50)])
async def test_audio_that_the_path_can_not_carry_is_dropped(rate: float, least: int, most: int) -> None:
    transport = PacedTransport(RTCIceTransport(RTCIceGatherer()), [RTCCertificate.generateCertificate()])
    transport.congestion.rate = rate
    track = AudioTrack()
    sender = BudgetedSender(track, transport)
    codec = RTCRtpCodecParameters(mimeType="audio/opus", clockRate=48_000, channels=2, payloadType=111)
    for number in range(50):
        track.put(make_packet(bytes(400), 960 * number), time.monotonic())
    passed = [await sender._next_encoded_frame(codec) for _ in range(50)]
    assert least <= sum(packet is not None for packet in passed) <= most
