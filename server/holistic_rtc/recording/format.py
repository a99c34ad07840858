"""The interface of recording formats. Each format's module defines one, and :mod:`.formats` lists them."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from holistic_rtc.atomic import streaming
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part

Add = Callable[[LandmarkMessage], object]
"""Adds the next frame"""


@dataclass(frozen=True, slots=True)
class Options:
    """Options that some formats support."""

    fps: float = 30
    """Frames per second, for formats with a constant frame rate"""
    arkit: bool = False
    """Whether to write ARKit's 52 blendshapes instead of VRM's expressions"""
    parts: frozenset[Part] | None = None
    """What to write, of formats that contain more than the rig; None for everything"""

    def parts_of(self, all: frozenset[Part]) -> frozenset[Part]:
        """Of all parts, those to write."""
        return all if self.parts is None else all & self.parts


@dataclass(frozen=True, slots=True)
class Lines:
    """A format that has a line for each frame, so that what is written of a take is of use without the rest."""

    encode: Callable[[LandmarkMessage], bytes]
    """:return: the line, with its line break"""
    is_whole: Callable[[bytes, bytes], bool]
    """
    Whether a line that was read, with its line break, is one that :attr:`encode` has returned. Gets the first line of
    the file, too.
    """
    header: bytes = b""
    """Lines before the first frame"""

    @contextmanager
    def writing(self, path: Path) -> Iterator[Add]:
        """See :attr:`Format.writing`."""
        with streaming(path) as file:
            file.write(self.header)
            yield lambda message: file.write(self.encode(message))


@dataclass(frozen=True, slots=True)
class Format:
    suffix: str
    """Suffix of the file name, with the dot"""
    name: str
    """Name of the format, for the help"""
    parts: frozenset[Part]
    """The parts that the format needs"""
    writing: Callable[[Path, Options], AbstractContextManager[Add]]
    """
    Opens the output. The file appears only if the block succeeds.

    :raises BrokenPipeError: the reader of the file has closed it.
    :raises OSError: the file can't be written.
    """
    lines: Callable[[Options], Lines] | None = None
    """None if the format needs the whole take"""
    package: str | None = None
    """What else has to be installed, of the extra that is named like the suffix"""
    longest: float = math.inf
    """Maximum length in seconds"""
    heeds: frozenset[str] = frozenset()
    """Names of the :class:`Options` that the format supports"""

    @property
    def is_installed(self) -> bool:
        return self.package is None or find_spec(self.package) is not None

    @property
    def of_rig(self) -> bool:
        """Whether the format contains the rig only, so there is nothing to write before somebody is seen."""
        return self.parts == {Part.RIG}
