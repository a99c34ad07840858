"""Where a video may be cut: at fixed times, which don't depend on what is seen, so that everybody cuts alike."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seams:
    """
    Times since a video's first frame. Seam 0 is at the first frame.

    :param every_ms: from one seam to the next.
    :param warm_ms: how long before a seam its tracker begins; at most as long as `every_ms`.
    """

    every_ms: int = 60_000
    warm_ms: int = 2_000

    def at(self, seam: int) -> int:
        return seam * self.every_ms

    def before(self, timestamp_ms: int) -> int:
        """The last seam at this time or before."""
        return timestamp_ms // self.every_ms

    def warm_up(self, timestamp_ms: int) -> int | None:
        """The seam whose tracker sees the frame at this time already, although it is before the seam."""
        seam = self.before(timestamp_ms) + 1
        return seam if timestamp_ms >= self.at(seam) - self.warm_ms else None


SEAMS = Seams()
