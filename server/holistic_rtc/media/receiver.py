"""aiortc's RTP receiver, with feedback that doesn't take random delay and loss for congestion."""

import time
from collections import Counter
from collections.abc import Callable

from aiortc import RTCDtlsTransport, RTCRtpReceiver
from aiortc.rtp import AnyRtcpPacket, RtcpReceiverInfo, RtcpRrPacket

from holistic_rtc.media.congestion import Lowest, Meter

CLOCK = 2**18
"""Ticks a second of the 24-bit abs-send-time"""
MAX_REPORTED, MAX_ESTIMATED = 31, 255
"""Streams that a receiver report (RFC 3550, section 6.4.2) and an estimate have room for. A peer may send any number"""


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
    """

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self._tolerance = LossTolerance()
        self._seen: dict[int, tuple[int, int]] = {}
        """The highest sequence number, and how many packets were lost, by the previous report of each stream"""
        self._unreported: Counter[int] = Counter()
        """How many lost packets of each stream have been tolerated"""

    async def _send_rtcp(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpRrPacket):
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
            report.packets_lost -= self._unreported[report.ssrc]
