"""A take: what one track gives from some frame on, on its way into a file."""

import io
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from holistic_rtc.atomic import describe, obstacle, passes_through, replacing, streaming
from holistic_rtc.errors import MediaError
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.recording import bvh, vrma
from holistic_rtc.recording.csv import CsvWriter
from holistic_rtc.recording.motion import LONGEST, MotionRecorder
from holistic_rtc.wire import as_json

MOTIONS = (".bvh", ".vrma")
"""Formats of the rig alone"""
SUFFIXES = (*MOTIONS, ".jsonl", ".csv")


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What somebody wants to have written.

    :raises MediaError: it can't be written there.
    """

    path: Path
    """Its suffix says the format. Standard output, a device or a pipe without one of them gets JSON lines."""
    seconds: float = math.inf
    """After which to stop, from the first frame"""
    fps: float = 30
    """Frames a second, of BVH"""
    arkit: bool = False
    """See :func:`.vrma.write`"""

    def __post_init__(self) -> None:
        path = self.path
        if path.suffix.lower() not in SUFFIXES and not passes_through(path):
            raise MediaError(
                f"a take can't be written as {path.name}; end the name in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
            )
        if reason := obstacle(path):
            raise MediaError(reason)

    @property
    def suffix(self) -> str:
        suffix = self.path.suffix.lower()
        return suffix if suffix in SUFFIXES else ".jsonl"

    @property
    def parts(self) -> frozenset[Part]:
        """What the format is made of."""
        return frozenset({Part.RIG}) if self.suffix in MOTIONS else ALL_PARTS


class Take:
    """
    Passes the frames of the first track on.

    :param add: takes them.
    :param longest: seconds after which it is full.
    :param of_rig: whether it begins with the first frame in which somebody is seen, and not with the first of all.
    """

    def __init__(self, add: Callable[[LandmarkMessage], object], *, longest: float, of_rig: bool) -> None:
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
    path, motion = wanted.path, wanted.suffix in MOTIONS
    longest = min(wanted.seconds, LONGEST) if motion else wanted.seconds
    try:
        with _format(wanted) as add:
            take = Take(add, longest=longest, of_rig=motion)
            yield take
            if not take.frames:
                reason = "nobody was seen" if motion else "no frame came"
                raise MediaError(f"{reason}, so {describe(path)} is not written")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise MediaError(f"{describe(path)} can't be written: {error.strerror}") from error


def _format(wanted: Wanted) -> AbstractContextManager[Callable[[LandmarkMessage], object]]:
    match wanted.suffix:
        case ".bvh":
            return _bvh(wanted.path, wanted.fps)
        case ".vrma":
            return _vrma(wanted.path, arkit=wanted.arkit)
        case ".csv":
            return _csv(wanted.path)
    return _json_lines(wanted.path)


@contextmanager
def _bvh(path: Path, fps: float) -> Iterator[Callable[[LandmarkMessage], object]]:
    recorder = MotionRecorder()
    with replacing(path) as part:
        yield lambda message: recorder.add(message.timestamp_ms, message.rig)
        with part.open("w", encoding="ascii") as file:
            bvh.write(recorder.motion(), fps, file)


@contextmanager
def _vrma(path: Path, *, arkit: bool) -> Iterator[Callable[[LandmarkMessage], object]]:
    recorder = MotionRecorder()
    with replacing(path) as part:
        yield lambda message: recorder.add(message.timestamp_ms, message.rig)
        part.write_bytes(vrma.write(recorder.motion(), arkit=arkit))


@contextmanager
def _csv(path: Path) -> Iterator[Callable[[LandmarkMessage], object]]:
    with streaming(path) as file, io.TextIOWrapper(file, encoding="ascii", newline="", write_through=True) as text:
        yield CsvWriter(text).add


@contextmanager
def _json_lines(path: Path) -> Iterator[Callable[[LandmarkMessage], object]]:
    with streaming(path) as file:
        yield lambda message: file.write(as_json.encode(message) + b"\n")
