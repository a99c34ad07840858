"""Packets of peers that send several streams, or turned video."""

import asyncio
from collections.abc import Iterable

import pytest
from aiortc import RTCCertificate, RTCIceGatherer, RTCIceTransport
from aiortc.rtcrtpparameters import (
    RTCRtpCodecParameters,
    RTCRtpDecodingParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpReceiveParameters,
)
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from aiortc.rtp import RtpPacket, pack_header_extensions, wrap_rtx
from av import VideoFrame

from holistic_rtc.media.codecs import Vp8Decoder
from holistic_rtc.media.extensions import ORIENTATION, Layer, MidRouter, OrientedMap
from holistic_rtc.media.jitter import FrameBuffer
from holistic_rtc.media.pacing import PacedTransport
from holistic_rtc.media.receiver import TolerantReceiver
from tests.kit.encoded import encode


def packet(ssrc: int, *, rid: str | None = None, repaired: str | None = None, mid: str | None = None) -> RtpPacket:
    made = RtpPacket(payload_type=96, ssrc=ssrc, payload=b"x")
    made.extensions.rtp_stream_id, made.extensions.repaired_rtp_stream_id = rid, repaired
    made.extensions.mid = mid
    return made


def receiver() -> TolerantReceiver:
    transport = PacedTransport(RTCIceTransport(RTCIceGatherer()), [RTCCertificate.generateCertificate()])
    return TolerantReceiver("video", transport)


def taken(layer: Layer, packets: Iterable[RtpPacket]) -> list[bool]:
    return [layer.takes(packet) for packet in packets]


def test_without_a_simulcast_everything_is_taken() -> None:
    assert taken(Layer(""), [packet(1), packet(2, rid="x")]) == [True, True]


def test_of_a_simulcast_one_layer_is_taken_also_when_its_packets_do_not_name_it_any_more() -> None:
    layer = Layer("h")
    packets = [packet(1, rid="q"), packet(2, rid="h"), packet(1), packet(2), packet(3)]
    assert taken(layer, packets) == [False, True, False, True, False]
    assert layer.ssrc == 2


def test_retransmissions_of_the_layer_are_taken() -> None:
    layer = Layer("h")
    assert taken(layer, [packet(2, rid="h"), packet(7, repaired="h"), packet(8, repaired="q")]) == [True, True, False]
    assert (layer.ssrc, layer.repairs) == (2, 7)


def test_a_sender_may_go_on_with_new_streams_again_and_again_and_the_one_that_sends_is_not_forgotten() -> None:
    layer = Layer("h")
    packets = [packet(1, rid="q"), packet(2, rid="h")]
    for ssrc in range(1000, 2000):
        packets += [packet(ssrc, rid="h"), packet(ssrc), packet(1), packet(2)]
    assert taken(layer, packets) == [False, True] + 1000 * [True, True, False, True]


async def test_a_peer_that_names_ever_more_streams_costs_no_memory() -> None:
    layer, router = Layer("h"), MidRouter()
    router.mid_table["0"] = receiver()
    for ssrc in range(1000):
        layer.takes(packet(ssrc, rid="h"))
        router.route_rtp(packet(ssrc, mid="0"))
    assert len(layer._rids) < 100
    assert len(router.ssrc_table) < 100


async def test_streams_without_a_mid_cost_no_memory_either_and_the_one_that_sends_is_not_forgotten() -> None:
    router, only = MidRouter(), receiver()
    router.register_receiver(only, [7], [96])
    for ssrc in range(1000, 2000):
        assert router.route_rtp(packet(ssrc)) is only
        assert router.route_rtp(packet(7)) is only
    assert len(router.ssrc_table) < 100
    assert router.ssrc_table[7] is only


async def test_two_videos_with_the_same_payload_types_are_told_apart_by_their_mids() -> None:
    router = MidRouter()
    receivers = [receiver(), receiver()]
    for mid, each in enumerate(receivers):
        router.register_receiver(each, [], [96], str(mid))
    packets = [packet(5, mid="1"), packet(4, mid="0"), packet(5), packet(4), packet(6)]
    assert [router.route_rtp(packet) for packet in packets] == [*receivers[::-1], *receivers[::-1], None]


async def test_a_lost_packet_of_a_layer_that_the_offer_gives_no_ssrc_is_recovered() -> None:
    video = receiver()
    video.layer = Layer("f")
    video._track = RemoteStreamTrack("video")
    codecs = [
        RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90_000, payloadType=96),
        RTCRtpCodecParameters(mimeType="video/rtx", clockRate=90_000, payloadType=97, parameters={"apt": 96}),
    ]
    await video.receive(RTCRtpReceiveParameters(codecs=codecs, encodings=list[RTCRtpDecodingParameters]()))
    sent = []
    for number in range(3):
        made = packet(2, rid="f")
        made.sequence_number, made.timestamp, made.marker, made.payload = number, 3000 * number, 1, b"\x10\x01"
        sent.append(made)
    lost = wrap_rtx(sent[1], payload_type=97, sequence_number=9, ssrc=7)
    lost.extensions = packet(7, repaired="f").extensions
    for arriving in (sent[0], sent[2], lost):
        await video._handle_rtp_packet(arriving, 0)
    async with asyncio.timeout(5):
        while video._frames._next != 3:  # noqa: ASYNC110 - it sends no event
            await asyncio.sleep(0.01)
    await video.stop()


def oriented(value: bytes) -> RtpPacket:
    """A packet as it comes over the network."""
    profile, extension = pack_header_extensions([(3, value)])
    header = bytes([0x90, 0x80 | 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1])
    header += profile.to_bytes(2) + (len(extension) // 4).to_bytes(2) + extension
    extensions = OrientedMap()
    extensions.configure(
        RTCRtpReceiveParameters(headerExtensions=[RTCRtpHeaderExtensionParameters(id=3, uri=ORIENTATION)])
    )
    return RtpPacket.parse(header + b"payload", extensions)


@pytest.mark.parametrize(
    ("value", "size"), [(b"\x00", (64, 48)), (b"\x01", (48, 64)), (b"\x0a", (64, 48)), (b"\x03", (48, 64))]
)
def test_video_is_turned_as_its_last_packet_says_and_stays_so(value: bytes, size: tuple[int, int]) -> None:
    buffer, decoder = FrameBuffer(64), Vp8Decoder(64 * 48)
    for number, data in enumerate(encode("libvpx", 64, 48)[:3]):
        part = oriented(value) if number == 0 else RtpPacket(marker=1)
        part.sequence_number, part.timestamp = number, 3000 * number
        part._data = data  # type: ignore[attr-defined]
        _, encoded = buffer.add(part)
        assert encoded is not None
        for frame in decoder.decode(encoded):
            assert isinstance(frame, VideoFrame)
            assert (frame.width, frame.height) == size
