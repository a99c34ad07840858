"""Converts presentation times to the millisecond timestamps that trackers and clients use."""

from fractions import Fraction


class MediaClock:
    """Milliseconds since the track's first frame, strictly increasing even if the sender's clock isn't."""

    def __init__(self) -> None:
        self._origin: Fraction | None = None
        self._last = -1

    def timestamp_ms(self, pts: int, time_base: Fraction) -> int:
        """
        :param pts: the frame's presentation time, in units of `time_base` seconds.
        :return: milliseconds since the first frame; at least 1 more than the previous timestamp.
        """
        time = pts * time_base
        if self._origin is None:
            self._origin = time
        self._last = max(self._last + 1, round((time - self._origin) * 1000))
        return self._last
