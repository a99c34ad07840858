"""Decides when to skip a frame that has waited in favour of the next one."""


class Cadence:
    """
    Learns the interval between frames. Times are in seconds, on any one clock.

    When the tracker becomes free, the newest frame may already be old and the next one almost here. Tracking the old
    frame would add its age to the latency; waiting a few milliseconds for the next one costs less.
    """

    LONGEST = 0.045
    """Interval in seconds above which frames are tracked whatever their age, as when the sender saves CPU"""
    AGED = 0.5
    """Age, in intervals, above which a frame is skipped if the next one is due"""
    SLACK = 0.25
    """How late the next frame may be, in intervals"""
    _WEIGHT = 0.05

    def __init__(self) -> None:
        self._interval: float | None = None
        self._last: float | None = None

    def frame_came(self, now: float) -> None:
        if self._last is not None:
            gap = now - self._last
            self._interval = gap if self._interval is None else self._interval + self._WEIGHT * (gap - self._interval)
        self._last = now

    def patience(self, received: float, now: float) -> float:
        """
        :param received: when the newest frame arrived.
        :return: how long to wait for the next frame; 0 to track this one immediately.
        """
        interval = self._interval
        if interval is None or interval > self.LONGEST:
            return 0.0
        age = now - received
        due = interval * (1 + self.SLACK) - age
        return due if age > self.AGED * interval and due > 0 else 0.0
