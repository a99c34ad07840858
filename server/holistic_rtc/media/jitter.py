"""Assembles encoded video frames from RTP packets."""

from aiortc import RTCRtpReceiver
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtp import RtpPacket

from holistic_rtc.media.extensions import orientation_of

MAX_MISORDER = 100
"""Number of packets by which a packet may be late. One that is further back starts a new stream."""
MAX_WAIT = 90_000
"""How long to wait for a missing packet, in ticks of the 90 kHz video clock: a second, since the request or the
retransmission may be lost, too. A key frame after that would take as long again."""
LEAST_WAIT = 18_000
"""The same if it was sent longer ago than that, before a pause of the network: what comes first may be out of order"""


class OrientedFrame(JitterFrame):
    """
    An encoded frame.

    :param orientation: how to turn it, as :func:`.orientation_of` gives it.
    """

    def __init__(self, data: bytes, timestamp: int, orientation: int = 0) -> None:
        super().__init__(data, timestamp)
        self.orientation = orientation


class FrameBuffer:
    """
    Reorders packets, and returns a frame as soon as its last packet, which has the RTP marker bit, has arrived.

    Replaces aiortc's ``JitterBuffer``, which returns a frame with the first packet of the next one: a whole frame
    interval later. That buffer also waits for a lost packet until 512 others have arrived: 3 s at 1.5 Mbit/s.

    :param capacity: maximum number of packets kept.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._packets: dict[int, RtpPacket] = {}
        self._next: int | None = None
        self.newest: JitterFrame | None = None
        """The latest complete frame"""
        self._newest_at = 0
        """Its RTP timestamp"""
        self.holding = False
        """Whether :meth:`add` only keeps packets, until :meth:`take` is called"""
        self._orientation = 0

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """
        :return: whether to request a key frame because a frame was lost; and the frame that is complete now, if any.
        """
        lost = False
        if self._next is None:
            self._next = packet.sequence_number
            self._newest_at = packet.timestamp
        ahead = _distance(self._next, packet.sequence_number)
        if ahead <= -MAX_MISORDER:
            self._packets.clear()
            self._next = packet.sequence_number
            lost = True
        elif ahead < 0:
            return False, None
        self._packets[packet.sequence_number] = packet
        if self.holding and len(self._packets) < self._capacity:
            return lost, None
        frame = self.take()
        if frame is None and self._waited_too_long(packet):
            self._skip_gap()
            lost = True
        return lost, frame

    @property
    def has_frame(self) -> bool:
        """Whether there is another frame to take."""
        return bool(self._complete())

    def _waited_too_long(self, newest: RtpPacket) -> bool:
        if not self._packets:
            return False
        oldest = self._packets[min(self._packets, key=self._place)]
        waited, paused = (newest.timestamp - oldest.timestamp) % 2**32, (oldest.timestamp - self._newest_at) % 2**32
        longest = LEAST_WAIT if MAX_WAIT < paused < 2**31 else MAX_WAIT
        # The sender's clock may have stepped back meanwhile.
        return len(self._packets) >= self._capacity or longest < min(waited, 2**32 - waited)

    def _skip_gap(self) -> None:
        """Continue after the first marker: the frame that it ends lacks a packet, in its middle or at its start."""
        for number in sorted(self._packets, key=self._place):
            packet = self._packets.pop(number)
            self._next = (number + 1) % 2**16
            if packet.marker:
                break

    def take(self) -> JitterFrame | None:
        """
        :return: the next frame, if it is complete. After a gap, there may be several.
        """
        self.holding = False
        if not (packets := self._complete()):
            return None
        for packet in packets:
            del self._packets[packet.sequence_number]
        self._next = (packets[-1].sequence_number + 1) % 2**16
        data = b"".join(packet._data for packet in packets)  # type: ignore[attr-defined]
        for packet in packets:
            # Left out while it stays the same.
            if (orientation := orientation_of(packet)) is not None:
                self._orientation = orientation
        # Packets that only probe the bandwidth carry no data.
        if not data:
            return None
        self._newest_at = packets[0].timestamp
        self.newest = OrientedFrame(data, self._newest_at, self._orientation)
        return self.newest

    def _complete(self) -> list[RtpPacket]:
        """The packets of the next frame; none if some are missing."""
        packets: list[RtpPacket] = []
        number = self._next
        while number is not None and (packet := self._packets.get(number)):
            if packets and packet.timestamp != packets[0].timestamp:
                return packets
            packets.append(packet)
            if packet.marker:
                return packets
            number = (number + 1) % 2**16
        return []

    def _place(self, number: int) -> int:
        assert self._next is not None
        return _distance(self._next, number)


def skip_lost_frames(receiver: RTCRtpReceiver) -> None:
    """
    Let a receiver that hasn't started yet use a :class:`FrameBuffer`. aiortc's own buffer waits for a lost packet until
    512 others have come, which on a slow path takes half a minute.
    """
    if receiver.track is None or receiver.track.kind == "video":
        receiver._RTCRtpReceiver__jitter_buffer = FrameBuffer(512)  # type: ignore[attr-defined]


def _distance(start: int, end: int) -> int:
    """The signed distance between two 16-bit sequence numbers, the shorter way around."""
    return (end - start + 2**15) % 2**16 - 2**15
