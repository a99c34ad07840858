"""Each change to aiortc, and whether it is still needed. A test that fails here says that a change can be taken out."""

import asyncio
import contextlib
import random
import struct
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from aioice import Connection, stun
from aioice.ice import StunProtocol
from aiortc import (
    RTCCertificate,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceTransport,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSctpTransport,
)
from aiortc.codecs import h264, vpx
from aiortc.codecs.opus import OpusDecoder
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcdtlstransport import SRTP_PROFILES, RtpRouter, State
from aiortc.rtcrtpreceiver import TimestampMapper
from aiortc.rtcsctptransport import USERDATA_MAX_LENGTH, InitChunk
from aiortc.rtp import (
    RTCP_RTPFB_NACK,
    HeaderExtensions,
    RtcpPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtpPacket,
)
from av import AudioFrame, VideoFrame
from OpenSSL import SSL

from holistic_rtc.media import aiortc_tuning
from holistic_rtc.media.audio import PacketBuffer, Passthrough
from holistic_rtc.media.dtls import Certificate
from holistic_rtc.media.extensions import MidRouter
from holistic_rtc.media.jitter import FrameBuffer
from holistic_rtc.media.pacing import PacedTransport
from holistic_rtc.media.receiver import BitrateEstimator, TolerantReceiver
from holistic_rtc.media.sctp import RateControlledSctp
from tests.kit.encoded import encode


def suites(certificate: RTCCertificate) -> list[str]:
    return SSL.Connection(certificate._create_ssl_context(SRTP_PROFILES)).get_cipher_list()


def test_bitrates_are_constants_that_blur_a_picture() -> None:
    # In a process of its own, since those of this one may have been set.
    code = "from aiortc.codecs import vpx; print(vpx.DEFAULT_BITRATE, vpx.MAX_BITRATE)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    default, most = map(int, printed.split())
    assert default < aiortc_tuning.DEFAULT_BITRATE
    assert most < aiortc_tuning.MAX_BITRATE


@pytest.mark.parametrize("decoder", [vpx.Vp8Decoder, h264.H264Decoder])
def test_decoders_take_as_many_threads_as_there_are_cpus(decoder: type[vpx.Vp8Decoder]) -> None:
    assert decoder().codec.thread_count != 1


@pytest.mark.parametrize(("decoder", "codec"), [(vpx.Vp8Decoder, "libvpx"), (h264.H264Decoder, "libx264")])
def test_decoders_take_memory_for_frames_of_any_size(decoder: type[vpx.Vp8Decoder], codec: str) -> None:
    ours = decoder()
    frames = [ours.decode(JitterFrame(data=data, timestamp=0)) for data in 8 * encode(codec, 2560, 1600)]
    decoded = [frame for several in frames for frame in several if isinstance(frame, VideoFrame)]
    assert {(frame.width, frame.height) for frame in decoded} == {(2560, 1600)}


async def test_a_stranger_is_answered_by_more_than_it_has_sent() -> None:
    sent = []

    class Protocol(StunProtocol):
        def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:
            sent.append(bytes(message))

    connection = Connection(ice_controlling=False)
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    connection.request_received(request, ("192.0.2.1", 1), Protocol(connection))
    assert len(sent[0]) > 2 * len(bytes(request))


def test_a_frame_waits_for_the_next_one() -> None:
    packet = RtpPacket(marker=1, sequence_number=1, timestamp=1)
    packet._data = b"whole"  # type: ignore[attr-defined]
    assert JitterBuffer(capacity=128, is_video=True).add(packet)[1] is None
    frame = FrameBuffer(128).add(packet)[1]
    assert frame is not None
    assert frame.data == b"whole"


async def test_streams_are_told_apart_by_their_payload_types_only_and_are_never_turned() -> None:
    packet = RtpPacket(payload_type=96, ssrc=5)
    packet.extensions.mid = "1"
    for kind, found in ((RtpRouter, False), (MidRouter, True)):
        router = kind()
        for mid in ("0", "1"):
            router.register_receiver(RTCRtpReceiver("video", dtls_transport(RTCDtlsTransport)), [], [96], mid)
        assert (router.route_rtp(packet) is not None) == found
    assert not hasattr(HeaderExtensions(), "orientation")


def test_audio_waits_for_four_more_packets() -> None:
    packets = [RtpPacket(sequence_number=number, timestamp=960 * number, payload=b"opus") for number in range(5)]
    ours, theirs = PacketBuffer(), JitterBuffer(capacity=16, prefetch=4)
    came = []
    for packet in packets:
        packet._data = packet.payload  # type: ignore[attr-defined]
        came.append([buffer.add(packet)[1] is not None for buffer in (theirs, ours)])
    assert came == 4 * [[False, True]] + [[True, True]]


async def test_audio_is_decoded() -> None:
    frame = JitterFrame(data=b"\xf8\xff\xfe", timestamp=960)
    assert isinstance(OpusDecoder().decode(frame)[0], AudioFrame)
    [packet] = Passthrough().decode(frame)
    assert (bytes(packet), packet.pts) == (frame.data, 960)


def test_a_clock_that_steps_back_is_taken_for_one_that_has_wrapped() -> None:
    mapper = TimestampMapper()
    assert mapper.map(90_000) == 0
    assert mapper.map(87_000) == 2**32 - 3000


def test_peers_with_an_rsa_key_are_not_taken() -> None:
    assert not any("RSA" in suite for suite in suites(RTCCertificate.generateCertificate()))
    ours = suites(Certificate.generateCertificate())
    assert {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"} <= set(ours)


def test_certificates_have_several_fingerprints() -> None:
    assert len(RTCCertificate.generateCertificate().getFingerprints()) > 1
    assert [print.algorithm for print in Certificate.generateCertificate().getFingerprints()] == ["sha-256"]


@pytest.mark.parametrize(("kind", "spread"), [(RTCDtlsTransport, False), (PacedTransport, True)])
async def test_a_key_frame_is_sent_in_one_burst(kind: type[RTCDtlsTransport], spread: bool) -> None:
    async def send(data: bytes) -> None:
        pass

    transport = dtls_transport(kind)
    transport.transport._send = send
    transport._state = State.CONNECTED
    transport._tx_srtp = SimpleNamespace(protect=bytes)
    started = time.monotonic()
    for _ in range(100):
        await transport._send_rtp(bytes([0x80, 96]) + bytes(1200))
    assert (time.monotonic() - started > 0.07) == spread


async def test_the_sender_takes_each_request_for_a_packet_as_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    resent = []

    async def retransmit(self: RTCRtpSender, number: int) -> None:
        resent.append(number)

    monkeypatch.setattr(RTCRtpSender, "_retransmit", retransmit)
    sender = RTCRtpSender("video", dtls_transport(RTCDtlsTransport))
    for _ in range(3):
        await sender._handle_rtcp_packet(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=1, media_ssrc=2, lost=[7]))
    assert resent == [7, 7, 7]


async def test_a_lost_message_shrinks_the_window_to_one_packet() -> None:
    windows = {}
    for kind, transport in ((RTCSctpTransport, RTCDtlsTransport), (RateControlledSctp, PacedTransport)):
        sctp = kind(dtls_transport(transport))  # type: ignore[arg-type]
        sctp._t3_expired()
        windows[kind] = sctp._cwnd
        await asyncio.sleep(0)
    assert windows[RTCSctpTransport] == USERDATA_MAX_LENGTH
    assert windows[RateControlledSctp] > 16 * USERDATA_MAX_LENGTH


async def test_a_lost_beginning_of_the_data_channels_costs_seconds() -> None:
    waits: dict[type[RTCSctpTransport], list[float]] = {RTCSctpTransport: [], RateControlledSctp: []}
    for kind, times in waits.items():
        sctp = kind(dtls_transport(PacedTransport))
        sctp._t1_start(InitChunk())
        for _ in range(5):
            assert sctp._t1_handle is not None
            times.append(sctp._t1_handle.when() - asyncio.get_running_loop().time())
            sctp._t1_handle.cancel()
            sctp._t1_expired()
        sctp._t1_cancel()
        await asyncio.sleep(0)
    assert waits[RTCSctpTransport] == pytest.approx(5 * [3], abs=0.1)
    assert waits[RateControlledSctp] == pytest.approx([0.5, 1, 2, 3, 3], abs=0.1)


@pytest.mark.parametrize("ours", [False, True], ids=["aiortc", "ours"])
def test_random_delay_keeps_the_estimate_from_rising(ours: bool) -> None:
    now, noise = 0.0, random.Random(3)
    estimator = BitrateEstimator(lambda: now) if ours else RemoteBitrateEstimator()
    estimates = []
    # 1 Mbit/s for 30 s.
    for now, sent in sorted((0.008 * number + 0.2 * noise.random(), 0.008 * number) for number in range(4000)):
        if estimate := estimator.add(round(1000 * now), round(sent * 2**18) % 2**24, 1000, 7):
            estimates.append(estimate[0])
    assert (estimates[-1] > 1_200_000) == ours


@pytest.mark.parametrize(("kind", "reported"), [(RTCRtpReceiver, [40, 51]), (TolerantReceiver, [20, 0])])
async def test_random_loss_is_reported(kind: type[RTCRtpReceiver], reported: list[int]) -> None:
    sent: list[bytes] = []

    async def send(data: bytes) -> None:
        sent.append(data)

    transport = dtls_transport(RTCDtlsTransport)
    transport._send_rtp = send  # type: ignore[method-assign]
    receiver = kind("video", transport)
    for highest, lost in ((100, 20), (200, 40)):
        info = RtcpReceiverInfo(
            ssrc=2, fraction_lost=51, packets_lost=lost, highest_sequence=highest, jitter=0, lsr=0, dlsr=0
        )
        await receiver._send_rtcp(RtcpRrPacket(ssrc=1, reports=[info]))
    [packet] = RtcpPacket.parse(sent[-1])
    assert isinstance(packet, RtcpRrPacket)
    [report] = packet.reports
    assert [report.packets_lost, report.fraction_lost] == reported


@pytest.mark.parametrize(("kind", "fits"), [(RTCRtpReceiver, False), (TolerantReceiver, True)])
async def test_jitter_may_exceed_what_a_report_has_room_for(kind: type[RTCRtpReceiver], fits: bool) -> None:
    async def send(data: bytes) -> None:
        pass

    transport = dtls_transport(RTCDtlsTransport)
    transport._send_rtp = send  # type: ignore[method-assign]
    info = RtcpReceiverInfo(ssrc=2, fraction_lost=0, packets_lost=0, highest_sequence=1, jitter=2**32, lsr=0, dlsr=0)
    report = RtcpRrPacket(ssrc=1, reports=[info])
    with contextlib.nullcontext() if fits else pytest.raises(struct.error):
        await kind("video", transport)._send_rtcp(report)


def dtls_transport(kind: type[RTCDtlsTransport]) -> RTCDtlsTransport:
    return kind(RTCIceTransport(RTCIceGatherer()), [RTCCertificate.generateCertificate()])
