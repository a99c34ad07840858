"""A take: what one track gives from some frame on, on its way into a file."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import MediaError
from ..files import replacing
from ..landmarks import json
from ..landmarks.message import ALL_PARTS, LandmarkMessage, Part
from . import bvh, vrma
from .csv import CsvWriter
from .motion import LONGEST, MotionRecorder

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
    """Its suffix says the format"""
    seconds: float = math.inf
    """After which to stop, from the first frame"""
    fps: float = 30
    """Frames a second, of BVH"""
    arkit: bool = False
    """See :func:`.vrma.write`"""

    def __post_init__(self) -> None:
        path = self.path
        if self.suffix not in SUFFIXES:
            raise MediaError(
                f"a take can't be written as {path.name}; end the name in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
            )
        if not path.parent.is_dir():
            raise MediaError(f"there is no folder {path.parent} for the output")
        if path.is_dir():
            raise MediaError(f"the output {path} is a folder")

    @property
    def suffix(self) -> str:
        return self.path.suffix.lower()

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
    The file appears when the block has ended well, and not at all when it hasn't.

    :raises MediaError: there was nothing to write, or it can't be written.
    """
    path, motion = wanted.path, wanted.suffix in MOTIONS
    longest = min(wanted.seconds, LONGEST) if motion else wanted.seconds
    try:
        with replacing(path) as part, _format(wanted, part) as add:
            take = Take(add, longest=longest, of_rig=motion)
            yield take
            if not take.frames:
                raise MediaError(f"{'nobody was seen' if motion else 'no frame came'}, so {path} is not written")
    except OSError as error:
        raise MediaError(f"{path} can't be written: {error.strerror}") from error


def _format(wanted: Wanted, part: Path) -> AbstractContextManager[Callable[[LandmarkMessage], object]]:
    match wanted.suffix:
        case ".bvh":
            return _bvh(part, wanted.fps)
        case ".vrma":
            return _vrma(part, arkit=wanted.arkit)
        case ".csv":
            return _csv(part)
    return _json_lines(part)


@contextmanager
def _bvh(path: Path, fps: float) -> Iterator[Callable[[LandmarkMessage], object]]:
    recorder = MotionRecorder()
    yield lambda message: recorder.add(message.timestamp_ms, message.rig)
    with path.open("w", encoding="ascii") as file:
        bvh.write(recorder.motion(), fps, file)


@contextmanager
def _vrma(path: Path, *, arkit: bool) -> Iterator[Callable[[LandmarkMessage], object]]:
    recorder = MotionRecorder()
    yield lambda message: recorder.add(message.timestamp_ms, message.rig)
    path.write_bytes(vrma.write(recorder.motion(), arkit=arkit))


@contextmanager
def _csv(path: Path) -> Iterator[Callable[[LandmarkMessage], object]]:
    with path.open("w", encoding="ascii", newline="") as file:
        yield CsvWriter(file).add


@contextmanager
def _json_lines(path: Path) -> Iterator[Callable[[LandmarkMessage], object]]:
    with path.open("wb") as file:
        yield lambda message: file.write(json.encode(message) + b"\n")
