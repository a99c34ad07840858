"""Which of a track's streams to receive, and when to ask it for a key frame."""

import re
import time
from collections.abc import Callable

_IDR = re.compile(rb"\x00\x00\x01[\x05\x25\x45\x65]")
"""The start of a slice of a picture that needs no other (ITU-T H.264, section 7.4.1)"""


class OneStream:
    """
    Follows one of the streams (SSRCs) that a peer sends for a track, since their packets and pictures don't fit
    together. When that one stops, another takes its place: a sender may go on with a new SSRC at any time.

    :param clock: a monotonic clock, in seconds.
    """

    SILENCE = 0.5
    """Seconds without a packet after which a stream is replaced by another one that sends"""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.ssrc: int | None = None
        """The one that is followed"""
        self._heard_at = self._other_heard_at = 0.0

    def follows(self, ssrc: int) -> bool:
        """
        :param ssrc: of a packet that has come.
        """
        now = self._clock()
        if self.ssrc is None or (ssrc != self.ssrc and now - self._heard_at > self.SILENCE):
            self.ssrc = ssrc
        if ssrc != self.ssrc:
            self._other_heard_at = now
            return False
        self._heard_at = now
        return True

    def goes_on_without(self, ssrcs: list[int]) -> bool:
        """
        :param ssrcs: streams that have ended.
        :return: whether there is another one.
        """
        if self.ssrc not in ssrcs:
            return self.ssrc is not None
        self._heard_at = -self.SILENCE
        return self._clock() - self._other_heard_at <= self.SILENCE


class KeyFrameRequest:
    """
    Repeats the request for a key frame until one has come, since a request may be lost, too.

    :param clock: a monotonic clock, in seconds.
    """

    FIRST, LAST = 0.5, 2.0
    """Seconds between the first two requests, and at most. They double each time: some encoders never send one"""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wait = self._next_at = 0.0

    def need(self) -> None:
        self._wait = self._wait or self.FIRST

    def satisfy(self) -> None:
        self._wait = 0.0

    def is_due(self) -> bool:
        """Whether to send a request now, which counts as sent then."""
        now = self._clock()
        if not self._wait or now < self._next_at:
            return False
        self._next_at = now + self._wait
        self._wait = min(2 * self._wait, self.LAST)
        return True


def is_key_frame(codec: str, data: bytes) -> bool:
    """
    :param codec: its name in SDP.
    :param data: an encoded frame.
    """
    match codec.upper():
        case "VP8":
            return not data[0] & 1
        case "H264":
            return _IDR.search(data) is not None
    return True
