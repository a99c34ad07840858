"""Chunks of a long video, which several processes track. A seam is a time at which trackers are replaced."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cut:
    """
    Where a video is cut.

    :param seams: how many it has, by its header.
    :param every: seams from the beginning of a chunk to that of the next.
    :param frames: in total, 0 if unknown.
    """

    seams: int
    every: int
    frames: int

    @property
    def beginnings(self) -> Sequence[int]:
        """The seams at which chunks begin."""
        return range(0, self.seams, self.every)


@dataclass(slots=True)
class Chunk:
    """
    What came of a chunk.

    :param begin: the seam at which it begins.
    :param start: seconds from the video's first frame to that of the chunk, as a fraction.
    :param end: the seam of the chunk that follows; None at the end of the video.
    :param refused: whether it would have to go on past the beginning of the next chunk, and wasn't to.
    :param before_begin: what identifies the frames before `begin` that its tracker has seen.
    :param before_end: the same of those before `end`, for the next tracker.
    """

    begin: int
    start: tuple[int, int] = (0, 1)
    frames: int = 0
    damaged: bool = False
    end: int | None = None
    refused: bool = False
    before_begin: str = ""
    before_end: str = ""
