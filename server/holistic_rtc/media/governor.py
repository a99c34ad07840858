"""Saves CPU time on a track that its tracker can't keep up with."""


class Governor:
    """
    Decides, once a second, whether a track is overloaded.

    Frames that come while the tracker is busy are dropped, so an overloaded track loses frames. An idle one may lose
    them, too: those that a bad network delivers in bursts. It takes longer to recover than to become overloaded, and
    spare time to recover at all, since work that isn't saved takes time.
    """

    MIN_KEPT = 0.8
    """Share of the frames that are tracked, below which a track is overloaded"""
    MIN_BUSY = 0.4
    """Share of the time that the tracker is at least at work while a track is overloaded"""
    MAX_BUSY = 0.5
    """Share of the time that the tracker may be at work for the track to recover"""
    MAX_FPS = 24.0
    """Tracked frames a second from which a track isn't overloaded, however many come"""
    SECONDS_TO_OVERLOAD = 3
    SECONDS_TO_RECOVER = 10

    def __init__(self) -> None:
        self.overloaded = False
        self._seconds = 0
        """How long the opposite has been the case"""

    def take(self, kept: float, fps: float, busy: float) -> None:
        """
        Take the figures of the last second.

        :param kept: share of the frames that were tracked, 0 to 1.
        :param fps: frames that were tracked.
        :param busy: share of the time that the tracker was at work, 0 to 1.
        """
        loses = kept < self.MIN_KEPT and fps < self.MAX_FPS and (busy >= self.MIN_BUSY or not fps)
        changing = not loses and busy <= self.MAX_BUSY if self.overloaded else loses
        self._seconds = self._seconds + 1 if changing else 0
        if self._seconds >= (self.SECONDS_TO_RECOVER if self.overloaded else self.SECONDS_TO_OVERLOAD):
            self.overloaded = not self.overloaded
            self._seconds = 0
