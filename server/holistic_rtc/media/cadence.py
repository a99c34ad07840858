"""When a frame that has waited should make way for the next one."""


class Cadence:
    """
    Learns how far apart frames come. Times are seconds on any one clock.

    When the tracker becomes free, the newest frame may be almost as old as the next one is near. Tracking it would
    add its age to the delay; waiting a few milliseconds for its successor instead costs less than that.
    """

    LONGEST = 0.045
    """Seconds. Frames farther apart, as when the sender saves CPU, are tracked whatever their age."""
    AGED = 0.5
    """The age past which a frame isn't tracked if the next one is due, in intervals."""
    SLACK = 0.25
    """How much later than expected the next one may come, in intervals."""
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
        :param received: when the newest frame came.
        :return: how long to wait for its successor; 0 when it should be tracked at once.
        """
        interval = self._interval
        if interval is None or interval > self.LONGEST:
            return 0.0
        age = now - received
        due = interval * (1 + self.SLACK) - age
        return due if age > self.AGED * interval and due > 0 else 0.0
