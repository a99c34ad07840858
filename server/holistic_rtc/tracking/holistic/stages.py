"""What has to be computed for which part. Doesn't import NumPy."""

from collections.abc import Iterable, Mapping
from enum import Enum, auto
from types import MappingProxyType

from holistic_rtc.model.parts import Part


class Stage(Enum):
    """A step of the graph that may be left out."""

    POSE = auto()
    """In each frame; without it, the pose is tracked only when a face has to be found"""
    FACE = auto()
    BLENDSHAPES = auto()
    LEFT_HAND = auto()
    RIGHT_HAND = auto()


_FACE = frozenset({Stage.FACE})
_LEFT_HAND = frozenset({Stage.POSE, Stage.LEFT_HAND})
_RIGHT_HAND = frozenset({Stage.POSE, Stage.RIGHT_HAND})

NEEDS: Mapping[Part, frozenset[Stage]] = MappingProxyType(
    {
        Part.POSE: frozenset({Stage.POSE}),
        Part.POSE_WORLD: frozenset({Stage.POSE}),
        Part.FACE: _FACE,
        Part.BLENDSHAPES: _FACE | {Stage.BLENDSHAPES},
        Part.LEFT_HAND: _LEFT_HAND,
        Part.LEFT_HAND_WORLD: _LEFT_HAND,
        Part.RIGHT_HAND: _RIGHT_HAND,
        Part.RIGHT_HAND_WORLD: _RIGHT_HAND,
        Part.FACE_TRANSFORM: _FACE,
    }
)
"""The stages that each part depends on; a part that isn't listed depends on all"""


def needed(parts: Iterable[Part]) -> frozenset[Stage]:
    """The stages that some parts need."""
    return frozenset[Stage]().union(*(NEEDS.get(part, frozenset(Stage)) for part in parts))
