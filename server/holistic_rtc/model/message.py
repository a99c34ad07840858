"""The message sent for each tracked frame, whatever its encoding."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from holistic_rtc.model.result import FloatArray, HolisticResult
from holistic_rtc.model.rig import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS, Rig


class Part(StrEnum):
    """A part of the message that a client can ask for, named as in the schema."""

    POSE = "pose"
    POSE_WORLD = "pose_world"
    FACE = "face"
    BLENDSHAPES = "blendshapes"
    LEFT_HAND = "left_hand"
    LEFT_HAND_WORLD = "left_hand_world"
    RIGHT_HAND = "right_hand"
    RIGHT_HAND_WORLD = "right_hand_world"
    FACE_TRANSFORM = "face_transform"
    RIG = "rig"


ALL_PARTS = frozenset(Part)
DEFAULT_PARTS = ALL_PARTS - {Part.RIG}
"""Those of a peer that has named none. The others are optional: made and sent only for peers that name them"""

MAX_COUNT = 2**32 - 1
"""of `seq` and `timestamp_ms` on the wire, where they begin at 0 again after it: milliseconds after 49.7 days"""


@dataclass(frozen=True, slots=True)
class PartField:
    """Where a part lives in a :class:`HolisticResult`."""

    attribute: str
    shape: tuple[int, ...]


# Of every part but the rig, which is none of the tracker's.
PART_FIELDS: Mapping[Part, PartField] = MappingProxyType(
    {
        Part.POSE: PartField("pose_landmarks", (33, 3)),
        Part.POSE_WORLD: PartField("pose_world_landmarks", (33, 3)),
        Part.FACE: PartField("face_landmarks", (478, 3)),
        Part.BLENDSHAPES: PartField("face_blendshapes", (52,)),
        Part.LEFT_HAND: PartField("left_hand_landmarks", (21, 3)),
        Part.LEFT_HAND_WORLD: PartField("left_hand_world_landmarks", (21, 3)),
        Part.RIGHT_HAND: PartField("right_hand_landmarks", (21, 3)),
        Part.RIGHT_HAND_WORLD: PartField("right_hand_world_landmarks", (21, 3)),
        Part.FACE_TRANSFORM: PartField("face_transform", (4, 4)),
    }
)
RIG_SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "hips_position": (3,),
        "rotations": (len(BONES), 4),
        "expressions": (len(EXPRESSIONS),),
        "arkit": (len(ARKIT_BLENDSHAPES),),
    }
)
"""of the arrays of a :class:`Rig`"""


@dataclass(frozen=True, slots=True)
class LandmarkMessage:
    """One tracked frame of one video track."""

    seq: int
    """Counts the tracked frames of this track from 0"""
    timestamp_ms: int
    """Time of the frame since the first frame of the track"""
    width: int
    """Of the frame in pixels, as is the height; 16 bits"""
    height: int
    track: int
    """Index of the track among the video tracks of the offer; 8 bits"""
    result: HolisticResult
    rig: Rig | None = None
    """The avatar's pose, where it was asked for and somebody was seen"""

    def seen(self, parts: Collection[Part] = ALL_PARTS) -> dict[Part, FloatArray]:
        """
        The arrays of those of ``parts`` that were seen, in the schema's order; the rig is not among them.

        A part with a number that isn't finite counts as not seen.

        :raises ValueError: an array has the wrong shape, or a pose comes without its visibility.
        """
        seen: dict[Part, FloatArray] = {}
        for part, field in PART_FIELDS.items():
            array: FloatArray | None = getattr(self.result, field.attribute)
            if part not in parts or array is None:
                continue
            if array.shape != field.shape:
                raise ValueError(f"{field.attribute} has the shape {array.shape} instead of {field.shape}")
            if np.isfinite(array).all():
                seen[part] = array
        if Part.POSE in seen:
            visibility = self.result.pose_visibility
            if visibility is None or visibility.shape != (33,):
                raise ValueError("pose_landmarks need a pose_visibility of the shape (33,)")
            if not np.isfinite(visibility).all():
                del seen[Part.POSE]
        return seen

    def seen_rig(self, parts: Collection[Part] = ALL_PARTS) -> Rig | None:
        """
        The rig, if ``parts`` has it and all of its numbers are finite.

        :raises ValueError: an array of it has the wrong shape.
        """
        if Part.RIG not in parts or self.rig is None:
            return None
        for attribute, shape in RIG_SHAPES.items():
            array: FloatArray = getattr(self.rig, attribute)
            if array.shape != shape:
                raise ValueError(f"{attribute} of the rig has the shape {array.shape} instead of {shape}")
            if not np.isfinite(array).all():
                return None
        return self.rig
