"""Assembles encoded video frames from RTP packets."""

from aiortc import RTCRtpReceiver
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtp import RtpPacket

MAX_MISORDER = 100
"""Number of packets by which a packet may be late. One that is further back starts a new stream."""
MAX_WAIT = 90_000
"""How long to wait for a missing packet, in ticks of the 90 kHz video clock: a second, since the request or the
retransmission may be lost, too. A key frame after that would take as long again."""


class FrameBuffer:
    """
    Reorders packets, and returns a frame as soon as its last packet, which has the RTP marker bit, has arrived.

    Replaces aiortc's ``JitterBuffer``, which returns a frame with the first packet of the next one: a whole frame
    interval later. That buffer also waits for a lost packet until 512 others have arrived: 3 s at 1.5 Mbit/s.

    :param capacity: maximum number of packets kept.
    :param prefetch: unused.
    :param is_video: unused.
    """

    def __init__(self, capacity: int, prefetch: int = 0, is_video: bool = False) -> None:
        self._capacity = capacity
        self._packets: dict[int, RtpPacket] = {}
        self._next: int | None = None

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """
        :return: whether to request a key frame because a frame was lost; and the frame that is complete now, if any.
        """
        lost = False
        if self._next is None:
            self._next = packet.sequence_number
        ahead = _distance(self._next, packet.sequence_number)
        if ahead <= -MAX_MISORDER:
            self._packets.clear()
            self._next = packet.sequence_number
            lost = True
        elif ahead < 0:
            return False, None
        self._packets[packet.sequence_number] = packet
        frame = self._take_frame()
        if frame is None and self._waited_too_long(packet):
            self._skip_gap()
            lost = True
        return lost, frame

    def _waited_too_long(self, newest: RtpPacket) -> bool:
        if not self._packets:
            return False
        oldest = self._packets[min(self._packets, key=self._place)]
        waited = (newest.timestamp - oldest.timestamp) % 2**32
        return len(self._packets) >= self._capacity or MAX_WAIT < waited < 2**31

    def _skip_gap(self) -> None:
        """Continue after the first marker: the frame that it ends lacks a packet, in its middle or at its start."""
        for number in sorted(self._packets, key=self._place):
            packet = self._packets.pop(number)
            self._next = (number + 1) % 2**16
            if packet.marker:
                break

    def _take_frame(self) -> JitterFrame | None:
        assert self._next is not None
        packets: list[RtpPacket] = []
        number = self._next
        while packet := self._packets.get(number):
            if packets and packet.timestamp != packets[0].timestamp:
                return self._hand_on(packets)
            packets.append(packet)
            if packet.marker:
                return self._hand_on(packets)
            number = (number + 1) % 2**16
        return None

    def _hand_on(self, packets: list[RtpPacket]) -> JitterFrame | None:
        for packet in packets:
            del self._packets[packet.sequence_number]
        self._next = (packets[-1].sequence_number + 1) % 2**16
        data = b"".join(packet._data for packet in packets)  # type: ignore[attr-defined]
        # Packets that only probe the bandwidth carry no data.
        return JitterFrame(data=data, timestamp=packets[0].timestamp) if data else None

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
