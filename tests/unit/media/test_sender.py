"""What a peer may ask of the sender, and what it gets."""

import time
from typing import Any

import pytest
from aiortc import RTCCertificate, RTCIceGatherer, RTCIceTransport, RTCRtpSender
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    pack_remb_fci,
)

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
