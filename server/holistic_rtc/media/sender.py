"""aiortc's RTP sender, with a budget for what a peer asks for again, and a bit rate that fits the path."""

import asyncio
import datetime
import time
from contextlib import nullcontext
from typing import cast

from aiortc import RTCDtlsTransport, RTCRtpSender, clock
from aiortc.codecs import h264, vpx
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpsender import RTCEncodedFrame
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)

from holistic_rtc.media.audio import AudioTrack
from holistic_rtc.media.outbound import AnnotatedTrack
from holistic_rtc.media.pacing import Bucket, PacedTransport, unpaced
from holistic_rtc.media.traffic import CountingSender

LOWEST_BITRATE, LOW_BITRATE = 60_000, 100_000
"""Bits per second of video, however bad the path is, and if only the peer's estimate says so"""
FRAME_BITS = 10_000
"""Below this, a 640x480 frame is a blur, so there are fewer frames instead"""
LOWEST_FPS, MOST_FPS = 6, 30
LOWER, HIGHER = 0.85, 1.25
"""Ratios to the encoder's bit rate from which it is changed, since that takes a new encoder and a key frame"""
KEY_FRAME_INTERVAL, LONGEST_INTERVAL = 1.0, 4.0
"""
Seconds between two key frames at least, and between two changes of the bit rate, which need one: the longest for key
frames that take more than their share
"""
KEY_FRAME_SHARE = 0.3
"""Share of the bit rate that key frames may take"""
AUDIO_SHARE = 0.5
"""Share of the path's rate that audio may take. A voice needs less; of better audio, packets are dropped"""
RESENT_SHARE = 0.25
"""Share of the path's rate that retransmissions may take"""
RESENT_DEPTH = 0.5
"""Seconds of which they may be saved up"""
PATIENCE = 0.5
"""Seconds from a request for a packet until the peer has probably given up"""
PACKET = 1200
"""Bytes to expect of a packet"""


class BudgetedSender(CountingSender):
    """
    aiortc sends again whatever a peer reports missing, however often, and a key frame for each request: on a congested
    path that is more than the video itself. It also takes the receiver's estimate without considering what else is
    sent.
    """

    def __init__(self, trackOrKind: MediaStreamTrack | str, transport: RTCDtlsTransport) -> None:  # noqa: N803 - W3C's name
        super().__init__(trackOrKind, transport)
        self._estimate: int | None = None
        """The receiver's own, of the rate at which it can receive video, in bits per second"""
        self._resent = Bucket(RESENT_DEPTH)
        self._missing: dict[int, float] = {}
        """When the peer first reported each packet that it misses, by sequence number"""
        self._resent_at: dict[int, float] = {}
        """When each packet was sent again, by sequence number"""
        self._key_frame_wanted = False
        self._key_frame_at = float("-inf")
        self._key_frame_bits = 0
        self._frame_at = float("-inf")
        self._captured: float | None = None
        """When the frame or packet that is being sent came from the publisher"""
        self._reference: tuple[int, float] | None = None
        """The RTP timestamp of the frame before, and when that came"""

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            try:
                bitrate, ssrcs = unpack_remb_fci(packet.fci)
            except ValueError:
                return
            if self._ssrc in ssrcs:
                self._estimate = bitrate
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            now = time.monotonic()
            # What isn't in there any more has arrived.
            self._missing = {number: self._missing.get(number, now) for number in packet.lost}
            # The caller reads the peer's packets, which mustn't wait.
            with unpaced():
                await self._resend()
        else:
            if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
                for report in packet.reports:
                    if report.ssrc == self._ssrc:
                        self._paced.congestion.reported(report.fraction_lost / 256)
            await super()._handle_rtcp_packet(packet)

    async def _resend(self) -> None:
        """Send again what the peer misses and the budget allows."""
        now = time.monotonic()
        congestion = self._paced.congestion
        rate = RESENT_SHARE * congestion.rate
        pause = max(congestion.round_trip or 0.0, 0.05)
        self._missing = {number: asked_at for number, asked_at in self._missing.items() if now - asked_at < PATIENCE}
        self._resent_at = {number: at for number, at in self._resent_at.items() if now - at < PATIENCE}
        for number in list(self._missing):
            if self._resent.level(rate, now) < 0:
                break
            if now - self._resent_at.get(number, 0.0) > pause:
                self._resent.take(PACKET, rate, now)
                self._resent_at[number] = now
                await self._retransmit(number)

    def _send_keyframe(self) -> None:
        self._key_frame_wanted = True

    async def _run_rtp(self, codec: RTCRtpCodecParameters) -> None:
        # Audio is little, and useless when it is late.
        with unpaced() if self.kind == "audio" else nullcontext():
            await super()._run_rtp(codec)

    async def _next_encoded_frame(self, codec: RTCRtpCodecParameters) -> RTCEncodedFrame | None:
        if self._captured is not None:
            timestamp = self._RTCRtpSender__rtp_timestamp  # type: ignore[attr-defined]
            self._reference = timestamp, self._captured
        frame = await (self._next_video(codec) if self.kind == "video" else self._next_audio(codec))
        track = self.track
        self._captured = track.captured if frame and isinstance(track, AnnotatedTrack | AudioTrack) else None
        return frame

    async def _next_audio(self, codec: RTCRtpCodecParameters) -> RTCEncodedFrame | None:
        packet = await super()._next_encoded_frame(codec)
        congestion = self._paced.congestion
        too_much = congestion.limited and self._paced.audio_rate > AUDIO_SHARE * congestion.rate
        if packet is None or too_much:
            return None
        self._paced.audio_sent(sum(map(len, packet.payloads)))
        return packet

    async def _next_video(self, codec: RTCRtpCodecParameters) -> RTCEncodedFrame | None:
        await self._resend()
        bitrate = self._bitrate()
        await asyncio.sleep(max(0.0, self._frame_at + _interval(bitrate) - time.monotonic()))
        now = self._frame_at = time.monotonic()
        key_frame = self._encoder is None
        pause = min(max(KEY_FRAME_INTERVAL, self._key_frame_bits / (KEY_FRAME_SHARE * bitrate)), LONGEST_INTERVAL)
        due = now - self._key_frame_at >= pause or self._is_far_above(bitrate)
        if due and (self._set_bitrate(bitrate) or self._key_frame_wanted):
            super()._send_keyframe()
            key_frame, self._key_frame_wanted = True, False
        frame = await super()._next_encoded_frame(codec)
        if key_frame and frame is not None:
            self._key_frame_at = now
            self._key_frame_bits = 8 * sum(map(len, frame.payloads))
        return frame

    async def _send_rtcp(self, packets: list[AnyRtcpPacket]) -> None:
        for packet in packets:
            if isinstance(packet, RtcpSrPacket) and self._reference:
                self._refer(packet.sender_info, *self._reference)
        await super()._send_rtcp(packets)

    def _refer(self, info: RtcpSenderInfo, timestamp: int, captured: float) -> None:
        """
        Let a report say when a frame came from the publisher, instead of when it was sent, which is later by the time
        that tracking takes. Receivers synchronise audio, which isn't delayed like that, and video by their reports.
        """
        age = datetime.timedelta(seconds=time.monotonic() - captured)
        info.rtp_timestamp = timestamp
        info.ntp_timestamp = clock.datetime_to_ntp(clock.current_datetime() - age)
        self._RTCRtpSender__lsr = info.ntp_timestamp >> 16 & 0xFFFFFFFF

    @property
    def _paced(self) -> PacedTransport:
        return cast(PacedTransport, self.transport)

    @property
    def _encoder(self) -> vpx.Vp8Encoder | h264.H264Encoder | None:
        return cast("vpx.Vp8Encoder | h264.H264Encoder | None", getattr(self, "_RTCRtpSender__encoder"))  # noqa: B009

    def _bitrate(self) -> float:
        """What fits the path besides the data channels and other videos, and the peer's own estimate."""
        congestion = self._paced.congestion
        estimate = float(self._estimate or vpx.DEFAULT_BITRATE)
        if not congestion.limited:
            return max(estimate, LOW_BITRATE)
        senders = set(self._paced._rtp_router.senders.values())
        videos = sum(isinstance(sender, RTCRtpSender) and sender.kind == "video" for sender in senders) or 1
        available = (congestion.rate - congestion.data_rate - self._paced.audio_rate) / videos
        # A receiver takes long to find that there is room again, above all if it gets little.
        return max(min(max(estimate, LOW_BITRATE), available), LOWEST_BITRATE)

    def _is_far_above(self, bitrate: float) -> bool:
        return self._encoder is not None and self._encoder.target_bitrate > 2 * bitrate

    def _set_bitrate(self, bitrate: float) -> bool:
        """
        :return: whether the encoder starts anew with another bit rate.
        """
        encoder = self._encoder
        if encoder is None:
            return False
        before = encoder.target_bitrate
        if not LOWER * before <= bitrate <= HIGHER * before:
            encoder.target_bitrate = round(bitrate)
        return encoder.target_bitrate != before


def _interval(bitrate: float) -> float:
    """Seconds from one frame to the next; 0 for no limit."""
    fps = max(bitrate / FRAME_BITS, LOWEST_FPS)
    return 1 / fps if fps < MOST_FPS else 0.0
