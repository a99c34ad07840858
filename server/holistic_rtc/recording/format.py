"""What a recording format is. Each format's module defines its own, and :mod:`.formats` lists them."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part

Add = Callable[[LandmarkMessage], object]
"""Takes the next frame."""


@dataclass(frozen=True, slots=True)
class Options:
    """What some formats can be told."""

    fps: float = 30
    """Frames a second, for formats that know only an even rate"""
    arkit: bool = False
    """Whether a format that has VRM's expressions gets ARKit's 52 blendshapes instead"""


@dataclass(frozen=True, slots=True)
class Format:
    suffix: str
    """Of the file's name, with the dot"""
    name: str
    """As people call it, for the help"""
    parts: frozenset[Part]
    """What the server has to send"""
    writing: Callable[[Path, Options], AbstractContextManager[Add]]
    """
    The file appears when the block has succeeded, and not at all when it hasn't.

    :raises BrokenPipeError: the reader of the file has closed it.
    :raises OSError: the file can't be written.
    """
    longest: float = math.inf
    """Seconds that it can hold"""
    heeds: frozenset[str] = frozenset()
    """Which of the :class:`Options`, by name"""

    @property
    def of_rig(self) -> bool:
        """Whether it is made of the rig alone, so that there is nothing to write while nobody is seen."""
        return self.parts == {Part.RIG}
