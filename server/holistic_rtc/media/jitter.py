"""From the RTP packets of a video track to its encoded frames."""

from aiortc.jitterbuffer import JitterFrame
from aiortc.rtp import RtpPacket

MAX_MISORDER = 100
"""Packets that one may come late; farther back begins another stream."""
MAX_WAIT = 45_000
"""Ticks of the 90 kHz video clock that a missing packet is waited for: half a second, enough to have it sent again."""


class FrameBuffer:
    """
    Puts packets in order and hands a frame on with its last packet, which has the RTP marker bit.

    Takes the place of aiortc's ``JitterBuffer``, which hands it on with the first packet of the next frame: a whole
    frame interval later. It also waits for a lost packet until 512 others have come, which is 3 s at 1.5 Mbit/s.

    :param capacity: packets kept at most.
    :param prefetch: of no use for video.
    :param is_video: of no use for video.
    """

    def __init__(self, capacity: int, prefetch: int = 0, is_video: bool = False) -> None:
        self._capacity = capacity
        self._packets: dict[int, RtpPacket] = {}
        self._next: int | None = None

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """
        :return: whether a key frame has to be asked for, since a frame was given up; and a complete frame, if any.
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
        """Go on behind the first marker: the frame that it ends lacks a packet, in its middle or at its beginning."""
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
        # Packets that only probe the bandwidth have no data.
        return JitterFrame(data=data, timestamp=packets[0].timestamp) if data else None

    def _place(self, number: int) -> int:
        assert self._next is not None
        return _distance(self._next, number)


def _distance(start: int, end: int) -> int:
    """From one 16-bit sequence number to another, the shorter way around; negative when it leads back."""
    return (end - start + 2**15) % 2**16 - 2**15
