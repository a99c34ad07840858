"""Each change to aiortc, and whether it is still needed. A test that fails here says that a change can be taken out."""

import subprocess
import sys

import pytest
from aioice import Connection, stun
from aioice.ice import StunProtocol
from aiortc import RTCCertificate
from aiortc.codecs import h264, vpx
from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtcdtlstransport import SRTP_PROFILES
from aiortc.rtp import RtpPacket
from av import VideoFrame
from OpenSSL import SSL

from holistic_rtc.media import aiortc_tuning
from holistic_rtc.media.dtls import Certificate
from holistic_rtc.media.jitter import FrameBuffer
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


def test_peers_with_an_rsa_key_are_not_taken() -> None:
    assert not any("RSA" in suite for suite in suites(RTCCertificate.generateCertificate()))
    ours = suites(Certificate.generateCertificate())
    assert {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"} <= set(ours)


def test_certificates_have_several_fingerprints() -> None:
    assert len(RTCCertificate.generateCertificate().getFingerprints()) > 1
    assert [print.algorithm for print in Certificate.generateCertificate().getFingerprints()] == ["sha-256"]
