"""Times of frames, where the times in the file may start again or jump."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import cast

from av import VideoFrame
from av.container import InputContainer
from av.format import Flags

MAX_JUMP = 10
"""Seconds. In a format whose times may jump, such as MPEG-TS, a longer pause is taken for a jump, as FFmpeg does."""


def may_jump(container: InputContainer) -> bool:
    """Whether times in its format may jump."""
    return bool(container.format.flags & cast(int, Flags.ts_discont.value))


def timed(
    frames: Iterable[VideoFrame], rate: Fraction, *, may_jump: bool, shifts: list[Fraction] | None = None
) -> Iterator[VideoFrame]:
    """
    Give frames the times at which a player shows them. They start at 0 and are strictly increasing.

    Where the times of a file start again, as those of two recordings that have been joined, the next frame follows
    when the last one has been shown. A single frame that is out of order only moves itself.

    :param frames: in the order in which they are shown.
    :param rate: frames per second, for frames without a time or a duration.
    :param may_jump: whether times may also jump forward.
    :param shifts: gets the seconds that are added to the times in the file, and again wherever these restart or jump.
    """
    timeline = _Timeline(may_jump, [] if shifts is None else shifts)
    held: VideoFrame | None = None
    for frame in frames:
        if frame.time_base is None:
            frame.time_base = 1 / rate
        if not frame.duration:
            frame.duration = round(1 / rate / frame.time_base)
        if held is not None:
            if not timeline.is_behind(frame):
                timeline.squeeze(held)
            else:
                timeline.append(held)
            yield held
            held = None
        if timeline.is_behind(frame):
            held = frame
            continue
        timeline.append(frame)
        yield frame
    if held is not None:
        timeline.append(held)
        yield held


class _Timeline:
    def __init__(self, may_jump: bool, shifts: list[Fraction]) -> None:
        self._may_jump = may_jump
        self._shifts = shifts
        self._shift: int | None = None
        """From times in the file to those shown"""
        self._last = -1
        self._end = 0
        """When the last frame has been shown"""

    def is_behind(self, frame: VideoFrame) -> bool:
        """Whether it would be shown before the last one."""
        return frame.pts is not None and self._shift is not None and frame.pts + self._shift <= self._last

    def append(self, frame: VideoFrame) -> None:
        """Give a frame its own time, or, where times start again or jump, that at which the last one ends."""
        assert frame.time_base is not None
        if frame.pts is None:
            time = self._end
        elif self._shift is None or self.is_behind(frame) or self._jumps(frame.pts + self._shift, frame.time_base):
            time = self._end
            self._shift = time - frame.pts
            self._shifts.append(self._shift * frame.time_base)
        else:
            time = frame.pts + self._shift
        self._place(frame, time)

    def squeeze(self, frame: VideoFrame) -> None:
        """Place a frame that is out of order directly after the last one."""
        self._place(frame, self._last + 1)

    def _jumps(self, time: int, time_base: Fraction) -> bool:
        return self._may_jump and (time - self._end) * time_base > MAX_JUMP

    def _place(self, frame: VideoFrame, time: int) -> None:
        since = time - self._last
        frame.pts = self._last = max(time, self._last + 1)
        # Where frames are further apart than a file says, they are also shown for longer, but a pause isn't repeated.
        self._end = self._last + max(frame.duration, min(since, 3 * frame.duration), 1)
