"""
All modifications of aiortc are made here. tests/unit/test_aiortc_tuning.py checks for each of them whether aiortc still
needs it. Upstream issues are referenced where they exist.
"""

from functools import partial

from aioice import ice
from aiortc import codecs, rtcicetransport, rtcpeerconnection, rtcrtpreceiver, rtp
from aiortc.codecs import h264, vpx

from holistic_rtc.media import extensions
from holistic_rtc.media.audio import PacketBuffer, Passthrough
from holistic_rtc.media.clock import RtpClock
from holistic_rtc.media.codecs import FastVp8Encoder, H264Decoder, H264Encoder, Vp8Decoder
from holistic_rtc.media.dtls import Certificate
from holistic_rtc.media.ice import BudgetedProtocol, PatientConnection
from holistic_rtc.media.jitter import FrameBuffer
from holistic_rtc.media.pacing import PacedTransport
from holistic_rtc.media.receiver import TolerantReceiver
from holistic_rtc.media.sctp import RateControlledSctp
from holistic_rtc.media.sender import LOWEST_BITRATE, BudgetedSender

DEFAULT_BITRATE = 1_500_000
MAX_BITRATE = 2_000_000
"""Bits per second of each annotated track: the initial bit rate, and the maximum if the receiver's estimate allows it.
Each packet costs 0.2 ms of CPU, so a higher bit rate must be visible to be worth it."""


MAX_FRAME_PIXELS = 1920 * 1080


def tune(max_frame_pixels: int = MAX_FRAME_PIXELS) -> None:
    """
    Modify aiortc. Call this before creating the first peer connection.

    :param max_frame_pixels: the limit on width times height of incoming video.
    """
    # 0.5 and 1.5 Mbit/s blur a 640x480 picture (aiortc/aiortc#402).
    vpx.DEFAULT_BITRATE = h264.DEFAULT_BITRATE = DEFAULT_BITRATE
    vpx.MAX_BITRATE = h264.MAX_BITRATE = MAX_BITRATE
    vpx.MIN_BITRATE = h264.MIN_BITRATE = LOWEST_BITRATE
    # aiortc's codecs start a thread per CPU, and its VP8 encoder takes twice as long (aiortc/aiortc#1313).
    codecs.Vp8Encoder = FastVp8Encoder  # type: ignore[attr-defined]
    codecs.H264Encoder = H264Encoder  # type: ignore[attr-defined]
    # Its decoders do, too. They also take memory for frames of any size, and end silently on some errors.
    codecs.Vp8Decoder = partial(Vp8Decoder, max_frame_pixels)  # type: ignore[attr-defined,assignment]
    codecs.H264Decoder = partial(H264Decoder, max_frame_pixels)  # type: ignore[attr-defined,assignment]
    # aiortc answers payload types outside this range with ones that weren't offered; Chromium uses some from 35 on.
    rtp.DYNAMIC_PAYLOAD_TYPES = range(128)
    # aiortc can't tell the layers of a simulcast apart, nor does it know which way up a video is.
    extensions.negotiate(codecs.HEADER_EXTENSIONS["video"])
    # aiortc's buffer holds each frame back until the first packet of the next one, and audio for four packets.
    rtcrtpreceiver.JitterBuffer = _make_buffer  # type: ignore[assignment,attr-defined]
    # Audio isn't decoded.
    codecs.OpusDecoder = Passthrough  # type: ignore[attr-defined,assignment]
    # aiortc takes a sender's clock that steps back for one that has wrapped around (aiortc/aiortc#1041).
    rtcrtpreceiver.TimestampMapper = RtpClock  # type: ignore[assignment,misc]
    # Peers with an RSA key can't connect (aiortc/aiortc#1434), nor can some that check only one of several fingerprints
    # (aiortc/aiortc#1216).
    rtcpeerconnection.RTCCertificate = Certificate  # type: ignore[attr-defined]
    # aiortc disconnects peers that send connectivity checks but don't answer them.
    rtcicetransport.Connection = PatientConnection  # type: ignore[attr-defined]
    # aioice sends any number of checks of any size to whatever addresses a peer names.
    ice.StunProtocol = BudgetedProtocol  # type: ignore[misc]
    # aiortc sends each frame at once, whatever the path carries, and in front of the data channels.
    rtcpeerconnection.RTCDtlsTransport = PacedTransport  # type: ignore[attr-defined]
    # aiortc sends all that a peer asks for again, and a key frame for each request.
    rtcpeerconnection.RTCRtpSender = BudgetedSender  # type: ignore[attr-defined]
    # aiortc's SCTP sends one message a second on a path that loses packets or delivers them out of order.
    rtcpeerconnection.RTCSctpTransport = RateControlledSctp  # type: ignore[assignment,attr-defined]
    # aiortc takes random delay for congestion, and reports random loss, so browsers lower their bit rate for good.
    rtcpeerconnection.RTCRtpReceiver = TolerantReceiver  # type: ignore[attr-defined]


def _make_buffer(capacity: int, prefetch: int = 0, is_video: bool = False) -> FrameBuffer | PacketBuffer:
    return FrameBuffer(capacity) if is_video else PacketBuffer()
