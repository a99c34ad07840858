"""aiortc's video coding, set for a live picture that comes back sharp and soon."""

from aiortc import rtcrtpreceiver
from aiortc.codecs import h264, vpx

from .jitter import FrameBuffer

DEFAULT_BITRATE = 1_500_000
MAX_BITRATE = 4_000_000
"""Bits per second per annotated track: where it starts, and the most that the receiver's estimate can raise it to."""


def tune() -> None:
    """Must run before the first peer connection. aiortc's own limits of 0.5 and 1.5 Mbit/s blur a 640x480 picture."""
    vpx.DEFAULT_BITRATE = h264.DEFAULT_BITRATE = DEFAULT_BITRATE
    vpx.MAX_BITRATE = h264.MAX_BITRATE = MAX_BITRATE
    rtcrtpreceiver.JitterBuffer = FrameBuffer  # type: ignore[assignment,attr-defined]
