"""The message sent for each tracked frame, whatever its encoding."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from holistic_rtc.model.parts import ALL_PARTS, PARTS, Kind, Part
from holistic_rtc.model.result import FloatArray, HolisticResult
from holistic_rtc.model.rig import RIG_SHAPES, Rig

MAX_COUNT = 2**32 - 1
"""The maximum of `seq` and `timestamp_ms` on the wire. They wrap around to 0: milliseconds do so after 49.7 days."""


_SHAPES: Mapping[Kind, Callable[[int], tuple[int, ...]]] = {
    Kind.POINTS: lambda count: (count, 3),
    Kind.SCORES: lambda count: (count,),
    Kind.TRANSFORM: lambda count: (4, 4),
}


@dataclass(frozen=True, slots=True)
class PartField:
    """Where a part lives in a :class:`HolisticResult`."""

    attribute: str
    shape: tuple[int, ...]


PART_FIELDS: Mapping[Part, PartField] = MappingProxyType(
    {
        part: PartField(spec.attribute, _SHAPES[spec.kind](spec.count))
        for part, spec in PARTS.items()
        if spec.kind in _SHAPES
    }
)
"""All parts except the rig, which doesn't come from the tracker"""


@dataclass(frozen=True, slots=True)
class LandmarkMessage:
    """One person in one tracked frame of one video track."""

    seq: int
    """Number of the tracked frame within this track, from 0; the same for all people in the frame"""
    timestamp_ms: int
    """Milliseconds since the first frame of the track"""
    width: int
    """Width of the frame in pixels, like the height; 16 bits"""
    height: int
    track: int
    """Index of the track among the video tracks of the offer; 8 bits"""
    result: HolisticResult
    rig: Rig | None = None
    """The avatar's pose, if it was requested and somebody was seen"""
    person: int = 0
    """Id of the person, the same from frame to frame; 8 bits"""

    def seen(self, parts: Collection[Part] = ALL_PARTS) -> dict[Part, FloatArray]:
        """
        The arrays of the requested parts that were seen, in the schema's order, without the rig.

        A part that contains a non-finite number counts as not seen.

        :param parts: the requested parts.
        :raises ValueError: an array has the wrong shape, or the pose has no visibility.
        """
        seen: dict[Part, FloatArray] = {}
        for part, field in PART_FIELDS.items():
            array: FloatArray | None = getattr(self.result, field.attribute)
            if part not in parts or array is None:
                continue
            if array.shape != field.shape:
                raise ValueError(f"{field.attribute} has the shape {array.shape} instead of {field.shape}")
            if _is_finite(array):
                seen[part] = array
        if Part.POSE in seen:
            visibility = self.result.pose_visibility
            if visibility is None or visibility.shape != (33,):
                raise ValueError("pose_landmarks need a pose_visibility of the shape (33,)")
            if not _is_finite(visibility):
                del seen[Part.POSE]
        return seen

    def seen_rig(self, parts: Collection[Part] = ALL_PARTS) -> Rig | None:
        """
        The rig, if ``parts`` contains it and all its numbers are finite.

        :raises ValueError: one of its arrays has the wrong shape.
        """
        if Part.RIG not in parts or self.rig is None:
            return None
        for attribute, shape in RIG_SHAPES.items():
            array: FloatArray = getattr(self.rig, attribute)
            if array.shape != shape:
                raise ValueError(f"{attribute} of the rig has the shape {array.shape} instead of {shape}")
            if not _is_finite(array):
                return None
        return self.rig


def _is_finite(array: FloatArray) -> bool:
    # Counting takes half the time of all().
    return int(np.count_nonzero(np.isfinite(array))) == array.size
