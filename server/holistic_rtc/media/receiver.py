"""aiortc's RTP receiver, of one stream, with feedback that doesn't take random delay and loss for congestion."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import cast

from aiortc import RTCDtlsTransport, RTCRtpReceiver
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpreceiver import NackGenerator, StreamStatistics
from aiortc.rtp import AnyRtcpPacket, RtcpByePacket, RtcpReceiverInfo, RtcpRrPacket, RtcpSrPacket, RtpPacket

from holistic_rtc.media.congestion import Lowest, Meter
from holistic_rtc.media.extensions import Layer
from holistic_rtc.media.ice import PatientConnection
from holistic_rtc.media.jitter import FrameBuffer
from holistic_rtc.media.streams import KeyFrameRequest, OneStream, is_key_frame

CLOCK = 2**18
"""Ticks a second of the 24-bit abs-send-time"""
MAX_REPORTED, MAX_ESTIMATED = 31, 255
"""Streams that a receiver report (RFC 3550, section 6.4.2) and an estimate have room for. A peer may send any number"""

MAX_JITTER = 2**32 - 1
"""What a receiver report has room for. A peer's timestamps may differ by more"""


class BitrateEstimator:
    """
    Estimates the rate at which a sender can send without queueing on the way, from when its packets were sent
    (abs-send-time) and have arrived.

    Replaces aiortc's ``RemoteBitrateEstimator``, which compares each packet with its predecessor, so random delay keeps
    the rate from rising. Here, only what even the fastest of several packets have waited for counts.

    :param clock: a monotonic clock, in seconds.
    """

    QUEUE = 0.1
    """Seconds that even the fastest packets take longer than usual, above which there is a queue"""
    PERSISTENCE = 0.2
    """Seconds that this has to last: the sender may also be slow for a moment"""
    RECENT, SAMPLES = 0.4, 12
    """Seconds, and at least so many packets, of which the fastest is looked at"""
    MEMORY = 15.0
    """Seconds after which a path's usual delay is learnt anew"""
    WINDOW = 0.8
    """Seconds over which rates are measured"""
    START = 3.0
    """Seconds without an estimate, while the sender looks for its rate"""
    INTERVAL = 0.5
    """Seconds between two estimates"""
    CUT, RISE = 0.7, 1.3
    """What the rate becomes if there is a queue, as a ratio to what arrives, and its growth each second if not"""
    HEADROOM = 1.5
    """Highest ratio to what arrives that it grows to"""
    LOWEST = 60_000

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._incoming = Meter(self.WINDOW)
        self._usual = Lowest(self.MEMORY)
        self._recent = Lowest(self.RECENT, self.SAMPLES)
        self._sent = 0
        """When the last packet was sent, in ticks"""
        self._rate = 0.0
        self._started: float | None = None
        self._clear_at = self._reported_at = self._cut_at = 0.0
        self._ssrcs: set[int] = set()

    def add(
        self, arrival_time_ms: int, abs_send_time: int, payload_size: int, ssrc: int
    ) -> tuple[int, list[int]] | None:
        """
        :param arrival_time_ms: unused, since that clock may jump.
        :param payload_size: in bytes.
        :return: a new estimate in bits per second, and what it is about.
        """
        now = self._clock()
        if self._started is None:
            self._started = self._clear_at = self._reported_at = now
            self._sent = abs_send_time
        # The shorter way around.
        self._sent += (abs_send_time - self._sent + 2**23) % 2**24 - 2**23
        if len(self._ssrcs) < MAX_ESTIMATED:
            self._ssrcs.add(ssrc)
        self._incoming.add(payload_size, now)
        delay = now - self._sent / CLOCK
        self._usual.add(delay, now)
        self._recent.add(delay, now)
        queue = (self._recent.get() or delay) - (self._usual.get() or delay)
        if queue <= self.QUEUE:
            self._clear_at = now
        if now - self._clear_at > self.PERSISTENCE:
            # What was cut shows only when what was queued before has arrived.
            if now - self._cut_at < queue + 2 * self.WINDOW:
                return None
            self._rate = self.CUT * self._incoming.rate(now, self.WINDOW)
            self._cut_at = now
        elif now - max(self._reported_at, self._started + self.START) < self.INTERVAL:
            return None
        else:
            arriving = self._incoming.rate(now, self.WINDOW)
            grown = self._rate * self.RISE ** min(now - self._reported_at, 1.0) if self._rate else arriving
            self._rate = max(self._rate, min(grown, self.HEADROOM * arriving))
        self._rate = max(self._rate, self.LOWEST)
        self._reported_at = now
        return round(self._rate), sorted(self._ssrcs)

    def forget_streams(self) -> None:
        """Those that still send are added again."""
        self._ssrcs.clear()


class LossTolerance:
    """
    Tells the loss that sending less would reduce from that which it wouldn't.

    :param clock: a monotonic clock, in seconds.
    """

    MEMORY = 5.0
    """Seconds after which a loss that has never been lower must be random"""
    MARGIN = 0.1
    """Share of the packets that may be lost in addition"""
    PACKETS = 20
    """Number of packets to judge by, at least"""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._least = Lowest(self.MEMORY)
        self._loss: float | None = None
        self._expected = self._lost = 0
        self._tolerated = True

    def tolerates(self, expected: int, lost: int) -> bool:
        """
        :param expected: how many packets have been sent since the previous call.
        :param lost: how many of them haven't arrived, less those that have arrived late.
        """
        self._expected += expected
        self._lost += lost
        if self._expected >= self.PACKETS:
            loss = max(0.0, self._lost / self._expected)
            self._expected = self._lost = 0
            self._loss = loss if self._loss is None else (self._loss + loss) / 2
            self._least.add(self._loss, self._clock())
            self._tolerated = self._loss <= (self._least.get() or 0.0) + self.MARGIN
        return self._tolerated


class TolerantReceiver(RTCRtpReceiver):
    """
    Reports only the loss that sending less would reduce. Browsers send less and less as long as more than 10 % of the
    packets are reported lost, and don't send more as long as more than 2 % are.

    Receives one layer of a simulcast, one stream at a time, and asks video for a key frame until that comes. Of the
    streams before, which may be any number, nothing is kept.
    """

    CAPACITY = 512
    """Packets that wait for a missing one"""
    SPREAD = 1 / 60
    """Seconds between frames that waited for the same packet, of which the newest would be left if they came at once:
    half of the usual, so that they catch up"""

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self._tolerance = LossTolerance()
        self._seen: dict[int, tuple[int, int]] = {}
        """The highest sequence number, and how many packets were lost, by the previous report of each stream"""
        self._unreported: Counter[int] = Counter()
        """How many lost packets of each stream have been tolerated"""
        self._lost_before = 0
        """Packets that the streams before have lost"""
        self.layer = Layer("")
        """What to receive of a simulcast"""
        self._stream = OneStream()
        self._key_frame = KeyFrameRequest()
        self._frames = FrameBuffer(self.CAPACITY)
        self._next_frame: asyncio.TimerHandle | None = None
        """Takes a frame that waited for another one's packet"""
        self._estimator = BitrateEstimator()
        if kind == "video":
            self._RTCRtpReceiver__remote_bitrate_estimator = self._estimator

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        self._note_life()
        if isinstance(packet, RtcpByePacket) and self._stream.goes_on_without(packet.sources):
            return
        if isinstance(packet, RtcpSrPacket) and packet.ssrc != self._stream.ssrc:
            return
        await super()._handle_rtcp_packet(packet)

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        self._note_life()
        if not self.layer.takes(packet):
            return
        if self.layer.ssrc is not None and self.layer.repairs is not None:
            # aiortc only knows retransmissions that the offer announces.
            self._retransmissions[self.layer.repairs] = self.layer.ssrc
        codec = self._codecs.get(packet.payload_type)
        if codec is None:
            return
        if self.track.kind != "video":
            if self._follow(packet.ssrc):
                await super()._handle_rtp_packet(packet, arrival_time_ms)
            return
        if codec.name.lower() == "rtx":
            media = self._codecs.get(cast(int, codec.parameters.get("apt")))
            if media is None or self._retransmissions.get(packet.ssrc) != self._stream.ssrc:
                return
            codec = media
        elif not self._follow(packet.ssrc):
            return
        before_it = self._frames.newest
        await super()._handle_rtp_packet(packet, arrival_time_ms)
        frame = None if self._frames.newest is before_it else self._frames.newest
        if frame is not None:
            if before_it is None and not is_key_frame(codec.name, frame.data):
                self._key_frame.need()
            self._has_taken(codec, frame)
        await self._ask_for_key_frame(cast(int, self._stream.ssrc))

    def _has_taken(self, codec: RTCRtpCodecParameters, frame: JitterFrame) -> None:
        if is_key_frame(codec.name, frame.data):
            self._key_frame.satisfy()
        if self._next_frame is None and self._frames.has_frame:
            self._frames.holding = True
            self._next_frame = asyncio.get_running_loop().call_later(self.SPREAD, self._take_next, codec)

    def _take_next(self, codec: RTCRtpCodecParameters) -> None:
        self._next_frame = None
        if (frame := self._frames.take()) is not None:
            self._decode(codec, frame)
            self._has_taken(codec, frame)

    def _take_no_more(self) -> None:
        if self._next_frame is not None:
            self._next_frame.cancel()
            self._next_frame = None

    async def stop(self) -> None:
        self._take_no_more()
        await super().stop()

    async def _send_rtcp_pli(self, media_ssrc: int) -> None:
        self._key_frame.need()
        await self._ask_for_key_frame(media_ssrc)

    async def _ask_for_key_frame(self, ssrc: int) -> None:
        if self._key_frame.is_due():
            await super()._send_rtcp_pli(ssrc)

    def _decode(self, codec: RTCRtpCodecParameters, frame: JitterFrame) -> None:
        frame.timestamp = self._RTCRtpReceiver__timestamp_mapper.map(frame.timestamp)  # type: ignore[attr-defined]
        self._RTCRtpReceiver__decoder_queue.put((codec, frame))  # type: ignore[attr-defined]

    def _follow(self, ssrc: int) -> bool:
        """
        :return: whether it is the one stream that is received.
        """
        before = self._stream.ssrc
        follows = self._stream.follows(ssrc)
        if self._stream.ssrc != before:
            self._begin_stream()
        return follows

    def _begin_stream(self) -> None:
        """Its packets are counted anew."""
        self._lost_before = self.packets_lost
        for of_streams in (
            *(self._statistics, self._seen, self._unreported),
            self._RTCRtpReceiver__active_ssrc,  # type: ignore[attr-defined]
            *(self._RTCRtpReceiver__lsr, self._RTCRtpReceiver__lsr_time),  # type: ignore[attr-defined]
        ):
            of_streams.clear()
        if self.track.kind == "video":
            self._estimator.forget_streams()
            self._take_no_more()
            self._frames = FrameBuffer(self.CAPACITY)
            self._RTCRtpReceiver__jitter_buffer = self._frames
            self._RTCRtpReceiver__nack_generator = NackGenerator()

    def _note_life(self) -> None:
        """A packet that has been decrypted comes from the peer."""
        connection = self.transport.transport._connection
        if isinstance(connection, PatientConnection):
            connection.note_life()

    @property
    def _codecs(self) -> dict[int, RTCRtpCodecParameters]:
        """By payload type."""
        return cast("dict[int, RTCRtpCodecParameters]", self._RTCRtpReceiver__codecs)  # type: ignore[attr-defined]

    @property
    def packets_lost(self) -> int:
        """By all streams. aiortc reports one of them, usually that of the retransmissions, in place of all."""
        return self._lost_before + sum(max(0, stream.packets_lost) for stream in self._statistics.values())

    @property
    def _statistics(self) -> dict[int, StreamStatistics]:
        return cast("dict[int, StreamStatistics]", self._RTCRtpReceiver__remote_streams)  # type: ignore[attr-defined]

    @property
    def _retransmissions(self) -> dict[int, int]:
        """Which stream each one retransmits."""
        return cast("dict[int, int]", self._RTCRtpReceiver__rtx_ssrc)  # type: ignore[attr-defined]

    async def _send_rtcp(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpRrPacket):
            packet.reports.sort(key=lambda report: report.ssrc != self._stream.ssrc)
            del packet.reports[MAX_REPORTED:]
            self._tolerate(packet.reports)
        await super()._send_rtcp(packet)

    def _tolerate(self, reports: list[RtcpReceiverInfo]) -> None:
        expected, lost = 0, Counter[int]()
        for report in reports:
            highest, before = self._seen.get(report.ssrc, (report.highest_sequence, report.packets_lost))
            self._seen[report.ssrc] = report.highest_sequence, report.packets_lost
            expected += (report.highest_sequence - highest) % 2**16
            lost[report.ssrc] = report.packets_lost - before
        if self._tolerance.tolerates(expected, lost.total()):
            self._unreported.update(lost)
            for report in reports:
                report.fraction_lost = 0
        for report in reports:
            report.jitter = min(report.jitter, MAX_JITTER)
            report.packets_lost -= self._unreported[report.ssrc]
