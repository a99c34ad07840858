"""
What workers report for the server's metrics.

Counts are those since the previous report, so whoever receives them only has to add them up. Durations are in seconds.
"""

from bisect import bisect_left
from typing import Annotated, Self

from msgspec import Meta, Struct, field

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)
"""The upper bounds of a distribution's buckets, in seconds. A last bucket has no bound."""

Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0)]
Buckets = Annotated[list[Count], Meta(min_length=len(BOUNDS) + 1, max_length=len(BOUNDS) + 1)]


class Figures(Struct):
    """Figures that can be added."""

    def add(self, other: Self) -> None:
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, Figures):
                mine.add(theirs)
            elif isinstance(mine, list):
                mine[:] = map(sum, zip(mine, theirs, strict=True))
            else:
                setattr(self, name, mine + theirs)


class Distribution(Figures):
    """
    How often durations occurred.

    :param counts: number of durations in each bucket.
    :param total: their sum.
    """

    counts: Buckets = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: Seconds = 0.0

    def observe(self, seconds: float) -> None:
        """A bucket includes its upper bound."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds


class VideoFigures(Figures):
    """
    Of the tracks of a session.

    :param received: frames received.
    :param tracked: frames tracked.
    :param dropped: frames skipped for a newer one, or on which the tracker failed.
    :param tracker: time to find the landmarks in a frame.
    :param delay: time from the decoded to the annotated frame.
    """

    received: Count = 0
    tracked: Count = 0
    dropped: Count = 0
    tracker: Distribution = field(default_factory=Distribution)
    delay: Distribution = field(default_factory=Distribution)


class Traffic(Figures):
    """
    Of the connections of a session, without UDP and IP headers.

    :param lost_in: packets of video that didn't arrive here, whether or not they were sent again.
    :param lost_out: packets of video that peers reported as lost.
    :param retransmitted: packets of video that were sent again because a peer asked for them.
    :param landmarks_sent: landmark messages.
    :param landmarks_dropped: landmark messages that weren't sent because a peer's channel was congested.
    """

    bytes_in: Count = 0
    bytes_out: Count = 0
    packets_in: Count = 0
    packets_out: Count = 0
    lost_in: Count = 0
    lost_out: Count = 0
    retransmitted: Count = 0
    landmarks_sent: Count = 0
    landmarks_dropped: Count = 0


class SessionFigures(Figures):
    video: VideoFigures = field(default_factory=VideoFigures)
    traffic: Traffic = field(default_factory=Traffic)


class Load(Struct):
    """
    What a process uses.

    :param seconds: since the previous report.
    :param cpu_seconds: CPU time in these seconds.
    :param memory_bytes: resident memory now; 0 on systems without ``/proc``.
    :param lag: how late the event loop ran its timers.
    """

    seconds: Seconds
    cpu_seconds: Seconds
    memory_bytes: Count
    lag: Distribution
