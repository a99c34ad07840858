"""Records a take: the frames of one track, up to a limit, in a file."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from holistic_rtc.atomic import describe, obstacle, passes_through
from holistic_rtc.errors import MediaError
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.recording.format import Add, Format, Options
from holistic_rtc.recording.formats import FORMATS, format_of, suffixes


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    A requested recording.

    :raises MediaError: the path can't be written to, or its suffix is unknown.
    """

    path: Path
    """The output. Its suffix selects the format; standard output, a device or a pipe without one gets JSON lines"""
    seconds: float = math.inf
    """Maximum length in seconds"""
    options: Options = Options()
    person: int | None = None
    """Id of the person to record; None for the first one in each frame"""

    def __post_init__(self) -> None:
        path = self.path
        if path.suffix.lower() not in FORMATS and not passes_through(path):
            raise MediaError(f"can't record to {path.name}: the name must end in {suffixes()}")
        if reason := obstacle(path):
            raise MediaError(reason)
        form = format_of(path)
        if form.of_rig and self.options.parts is not None:
            raise MediaError(f"a {form.suffix} consists of the rig; leave out the parts, or choose another format")

    @property
    def max_persons(self) -> int | None:
        """How many people to ask for; None for all, since ids can be greater than their number"""
        return 1 if self.person is None else None

    @property
    def format(self) -> Format:
        return format_of(self.path)

    @property
    def parts(self) -> frozenset[Part]:
        """What has to be tracked"""
        return self.options.parts_of(self.format.parts)


class Take:
    """
    Passes on one person's frames of the first track.

    :param add: receives the frames.
    :param person: id of the person; None for whoever comes, if there is one person in each frame.
    :param longest: maximum length in seconds.
    :param of_rig: whether to start with the first frame in which somebody is seen, instead of the very first.
    """

    def __init__(self, add: Add, *, person: int | None = None, longest: float, of_rig: bool) -> None:
        self.longest = longest
        self.frames = 0
        self.full = False
        """Whether the maximum length is reached"""
        self._add = add
        self._person = person
        self._of_rig = of_rig
        self._begun = self._newest = 0

    @property
    def seconds(self) -> float:
        return (self._newest - self._begun) / 1000

    def add(self, message: LandmarkMessage) -> None:
        if message.track or self._person not in (None, message.person) or self.full:
            return
        if not self.frames:
            if self._of_rig and message.rig is None:
                return
            self._begun = message.timestamp_ms
        elif message.timestamp_ms - self._begun >= self.longest * 1000:
            self.full = True
            return
        self._add(message)
        self._newest = message.timestamp_ms
        self.frames += 1


def make_take(wanted: Wanted, add: Add) -> Take:
    longest = min(wanted.seconds, wanted.format.longest)
    return Take(add, person=wanted.person, longest=longest, of_rig=wanted.format.of_rig)


def check_not_empty(take: Take, wanted: Wanted) -> None:
    """
    :raises MediaError: the take has no frame.
    """
    if not take.frames:
        reason = "nobody was seen" if wanted.format.of_rig else "no frame came"
        raise MediaError(f"{reason}, so {describe(wanted.path)} is not written")


def can_not_write(path: Path, error: OSError) -> MediaError:
    return MediaError(f"{describe(path)} can't be written: {error.strerror}")


@contextmanager
def writing(wanted: Wanted) -> Iterator[Take]:
    """
    Record a take that can be repeated. The file appears only if the block succeeds; standard output, a device or a pipe
    gets JSON lines and CSV frame by frame.

    :raises BrokenPipeError: the reader of a pipe has closed it.
    :raises MediaError: there was nothing to write, or the output can't be written.
    """
    try:
        with wanted.format.writing(wanted.path, wanted.options) as add:
            take = make_take(wanted, add)
            yield take
            check_not_empty(take, wanted)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise can_not_write(wanted.path, error) from error
