"""Encoded frames, and a track that sends them as they are."""

import asyncio
import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
from aiortc.mediastreams import MediaStreamTrack
from av.video.codeccontext import VideoCodecContext

from .publisher import VIDEO_CLOCK


class PacketTrack(MediaStreamTrack):
    """Sends encoded frames as they are, over and over."""

    kind = "video"

    def __init__(self, frames: Sequence[bytes], fps: int = 10) -> None:
        super().__init__()
        self._frames = itertools.cycle(frames)
        self._fps = fps
        self._count = 0

    async def recv(self) -> "av.Packet[Any]":
        await asyncio.sleep(1 / self._fps)
        packet: av.Packet[Any] = av.Packet(next(self._frames))
        packet.pts = self._count = self._count + VIDEO_CLOCK // self._fps
        packet.time_base = Fraction(1, VIDEO_CLOCK)
        return packet


def encode(
    codec: str, width: int, height: int, pixels: str = "yuv420p", options: dict[str, str] | None = None
) -> list[bytes]:
    """A key frame and one that isn't."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pixels
    encoder.time_base, encoder.options = Fraction(1, 30), options or {}
    packets = []
    for number in range(2):
        frame = av.VideoFrame(width, height, pixels)
        frame.pts = number
        for plane in frame.planes:
            # Memory that isn't cleared may hold values that 10 bits don't have, of which x264 dies.
            plane.update(bytes(plane.buffer_size))
        packets += encoder.encode(frame)
    return [bytes(packet) for packet in [*packets, *encoder.encode(None)]]


def vp8_of_size(width: int, height: int) -> bytes:
    """A key frame that claims to be of this size; what it has is enough for a small one."""
    data = encode("libvpx", 64, 64)[0]
    return data[:6] + width.to_bytes(2, "little") + height.to_bytes(2, "little") + data[10:]


def h264_of_size(width: int, height: int, crop: int = 0) -> bytes:
    """
    A frame with a parameter set that claims to be of this size, a multiple of 16, and an empty picture.

    :param crop: how many pairs of pixels of it aren't shown, at the right and the bottom.
    """

    def unsigned(number: int) -> str:
        digits = f"{number + 1:b}"
        return "0" * (len(digits) - 1) + digits

    sps = f"{66:08b}{0:08b}{51:08b}" + "".join(map(unsigned, (0, 0, 2, 1))) + "0"
    sps += unsigned(width // 16 - 1) + unsigned(height // 16 - 1) + "1" + "1"
    sps += ("1" + "".join(map(unsigned, (0, crop, 0, crop))) if crop else "0") + "0" + "1"
    pps = unsigned(0) + unsigned(0) + "00" + "".join(map(unsigned, (0, 0, 0))) + "000" + "111" + "000" + "1"
    picture = "".join(map(unsigned, (0, 7, 0))) + "0000" + unsigned(0) + "00" + "1" * 64
    nals = [(0x67, sps), (0x68, pps), (0x65, picture)]
    return b"".join(b"\0\0\0\1" + bytes([kind]) + _bytes(bits) for kind, bits in nals)


def _bytes(bits: str) -> bytes:
    padded = bits + "0" * (-len(bits) % 8)
    return int(padded, 2).to_bytes(len(padded) // 8)
