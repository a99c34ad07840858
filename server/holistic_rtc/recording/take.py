"""A take: what one track gives from some frame on, on its way into a file."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from holistic_rtc.atomic import describe, obstacle, passes_through
from holistic_rtc.errors import MediaError
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.recording.format import Add, Format, Options
from holistic_rtc.recording.formats import DEFAULT, FORMATS, suffixes


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What somebody wants to have written.

    :raises MediaError: it can't be written there.
    """

    path: Path
    """Its suffix names the format. Standard output, a device or a pipe without one gets JSON lines."""
    seconds: float = math.inf
    """After which to stop, from the first frame"""
    options: Options = Options()

    def __post_init__(self) -> None:
        path = self.path
        if path.suffix.lower() not in FORMATS and not passes_through(path):
            raise MediaError(f"can't record to {path.name}: the name has to end in {suffixes()}")
        if reason := obstacle(path):
            raise MediaError(reason)

    @property
    def format(self) -> Format:
        return FORMATS.get(self.path.suffix.lower(), DEFAULT)


class Take:
    """
    Passes the frames of the first track on.

    :param add: takes them.
    :param longest: seconds after which it is full.
    :param of_rig: whether it begins with the first frame in which somebody is seen, and not with the first of all.
    """

    def __init__(self, add: Add, *, longest: float, of_rig: bool) -> None:
        self.longest = longest
        self.frames = 0
        self.full = False
        """Whether no more is taken"""
        self._add = add
        self._of_rig = of_rig
        self._begun = self._newest = 0

    @property
    def seconds(self) -> float:
        return (self._newest - self._begun) / 1000

    def add(self, message: LandmarkMessage) -> None:
        if message.track or self.full:
            return
        if not self.frames:
            if self._of_rig and message.rig is None:
                return
            self._begun = message.timestamp_ms
        elif message.timestamp_ms - self._begun >= self.longest * 1000:
            self.full = True
            return
        self._newest = message.timestamp_ms
        self.frames += 1
        self._add(message)


@contextmanager
def writing(wanted: Wanted) -> Iterator[Take]:
    """
    The file appears when the block has ended well, and not at all when it hasn't. Standard output, a
    device or a pipe gets JSON lines and CSV as frames come.

    :raises BrokenPipeError: the reader of the take has closed it.
    :raises MediaError: there was nothing to write, or it can't be written.
    """
    path, written = wanted.path, wanted.format
    try:
        with written.writing(path, wanted.options) as add:
            take = Take(add, longest=min(wanted.seconds, written.longest), of_rig=written.of_rig)
            yield take
            if not take.frames:
                reason = "nobody was seen" if written.of_rig else "no frame came"
                raise MediaError(f"{reason}, so {describe(path)} is not written")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise MediaError(f"{describe(path)} can't be written: {error.strerror}") from error
