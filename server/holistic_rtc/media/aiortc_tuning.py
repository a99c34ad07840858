"""
The one place where aiortc is changed. tests/unit/test_aiortc_tuning.py says for each change whether aiortc still needs
it; upstream issues are named where there is one.
"""

from aiortc import codecs, rtcicetransport, rtcpeerconnection, rtcrtpreceiver, rtp
from aiortc.codecs import h264, vpx

from holistic_rtc.media.codecs import FastVp8Encoder, H264Decoder, H264Encoder, Vp8Decoder
from holistic_rtc.media.dtls import Certificate
from holistic_rtc.media.ice import PatientConnection
from holistic_rtc.media.jitter import FrameBuffer

DEFAULT_BITRATE = 1_500_000
MAX_BITRATE = 2_000_000
"""Bits per second per annotated track: where it starts, and the most that the receiver's estimate can raise it to. Each
packet costs 0.2 ms, so that what is not seen shouldn't be sent."""


def tune() -> None:
    """Must run before the first peer connection."""
    # 0.5 and 1.5 Mbit/s blur a 640x480 picture (aiortc/aiortc#402).
    vpx.DEFAULT_BITRATE = h264.DEFAULT_BITRATE = DEFAULT_BITRATE
    vpx.MAX_BITRATE = h264.MAX_BITRATE = MAX_BITRATE
    # A thread for each CPU of the machine, and an encoder that takes twice the time (aiortc/aiortc#1313).
    codecs.Vp8Encoder = FastVp8Encoder  # type: ignore[attr-defined]
    codecs.Vp8Decoder = Vp8Decoder  # type: ignore[attr-defined]
    codecs.H264Encoder = H264Encoder  # type: ignore[attr-defined]
    codecs.H264Decoder = H264Decoder  # type: ignore[attr-defined]
    # Others than these are answered with payload types that weren't offered; Chromium takes some from 35 on.
    rtp.DYNAMIC_PAYLOAD_TYPES = range(128)
    # A frame waits for the first packet of the next one.
    rtcrtpreceiver.JitterBuffer = FrameBuffer  # type: ignore[assignment,attr-defined]
    # Peers with an RSA key don't connect (aiortc/aiortc#1434), nor do some that check one fingerprint of several
    # (aiortc/aiortc#1216).
    rtcpeerconnection.RTCCertificate = Certificate  # type: ignore[attr-defined]
    # A peer that asks but doesn't answer is disconnected.
    rtcicetransport.Connection = PatientConnection  # type: ignore[attr-defined]
