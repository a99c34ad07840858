"""From a frame's presentation time to the milliseconds that trackers and clients see."""

from fractions import Fraction


class MediaClock:
    """Milliseconds since the track's first frame, strictly increasing whatever the sender's clock does."""

    def __init__(self) -> None:
        self._origin: Fraction | None = None
        self._last = -1

    def timestamp_ms(self, pts: int, time_base: Fraction) -> int:
        """
        :param pts: presentation time of the frame, in units of `time_base` seconds.
        :return: milliseconds since the first frame; at least one more than the time returned before.
        """
        time = pts * time_base
        if self._origin is None:
            self._origin = time
        self._last = max(self._last + 1, round((time - self._origin) * 1000))
        return self._last
