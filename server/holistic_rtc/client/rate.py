"""Measures frame rates."""

from collections import deque


class Rate:
    """The current frame rate. Times are in seconds on any one clock."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=120)

    def add(self, now: float) -> None:
        """Count a frame."""
        self._times.append(now)

    def fps(self, now: float) -> float:
        """Frames per second over the last two seconds."""
        if not self._times:
            return 0
        return sum(now - at < 2 for at in self._times) / min(2.0, max(now - self._times[0], 0.5))
