"""The sender's clock: RTP timestamps without wrap-arounds, and times that go on when that clock starts anew."""

from fractions import Fraction
from typing import Any

from aiortc.mediastreams import VIDEO_CLOCK_RATE
from av import VideoFrame
from av.packet import Packet

from holistic_rtc.media.congestion import Lowest


class RtpClock:
    """
    Continues 32-bit timestamps beyond their wrap-around, by the shorter way around.

    Replaces aiortc's ``TimestampMapper``, which takes each step back for a wrap-around: 13 hours of video.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._time = 0

    def map(self, timestamp: int) -> int:
        """:return: ticks since the first timestamp; negative if they are earlier."""
        if self._last is not None:
            self._time += (timestamp - self._last + 2**31) % 2**32 - 2**31
        self._last = timestamp
        return self._time


class SteadyClock:
    """
    Keeps time when the sender's clock doesn't, as when its encoder, camera or file starts anew.

    Delay makes frames late, but never early. So a frame that is far earlier than the fastest ones, or not later than
    the previous one, belongs to another time. It gets the previous one's time and what has passed since that came.

    :param time_base: of the corrected times, in seconds.
    :param misorder: seconds by which what comes later may be earlier.
    """

    JUMP = 0.25
    """Seconds by which a frame may be early: the first ones may all have been slow"""
    MEMORY = 15.0
    """Seconds after which the usual delay is learnt anew, since two clocks never run alike"""
    DRIFT = 0.001
    """Seconds per second by which the usual delay may change, so that small jumps don't add up"""
    SETTLING = 1.0
    """Seconds in which it may shrink at once: what has piled up before the first frame comes with it"""
    EARLY = 0.01
    """Used instead of :data:`JUMP` while a new time settles, whose first frame may have been late"""

    RECENT = 0.5
    """Seconds of which the fastest frame shows the delay that all have: long enough for one that isn't late, and short
    enough for senders that are too slow for their own clock"""

    def __init__(self, time_base: Fraction = Fraction(1, VIDEO_CLOCK_RATE), misorder: float = 0.0) -> None:
        self._time_base = time_base
        self._misorder = misorder
        self._offset = 0.0
        self._last: tuple[float, float] | None = None
        """The previous frame's time and arrival"""
        self._delay = Lowest(self.MEMORY)
        self._usual = 0.0
        self._settled = self._resettled = 0.0
        self._recent = Lowest(self.RECENT)

    def set_time(self, frame: "VideoFrame | Packet[Any]", now: float) -> float:
        """
        Correct the frame's ``pts``.

        :param now: when it has arrived, in seconds on a monotonic clock.
        :return: when it would have arrived if it were as fast as the fastest of the last ones, on the same clock.
        """
        assert frame.pts is not None
        assert frame.time_base is not None
        sent = float(frame.pts * frame.time_base)
        if self._last is not None:
            last, arrival = self._last
            time = sent + self._offset
            early = self.EARLY if now < self._resettled else self.JUMP
            if time <= last - self._misorder or now - time < self._usual - early:
                self._offset = last + now - arrival - sent
                if now >= self._resettled:
                    self._resettled = now + self.SETTLING
        time = sent + self._offset
        if self._last is None or time > self._last[0]:
            self._delay.add(now - time, now)
            lowest = self._delay.get() or 0.0
            if self._last is None:
                self._settled = now + self.SETTLING
            if now < self._settled:
                self._usual = lowest
            elif self._last is not None:
                change = self.DRIFT * (now - self._last[1])
                self._usual = min(max(lowest, self._usual - change), self._usual + change)
            self._last = time, now
        frame.pts, frame.time_base = round(time / self._time_base), self._time_base
        self._recent.add(now - time, now)
        return time + (self._recent.get() or 0.0)
