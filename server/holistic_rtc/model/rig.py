"""An avatar's pose in one frame: the bones of its skeleton, and its facial expressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from holistic_rtc.model.result import FloatArray
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS, SKELETON

OFFSETS: FloatArray = np.array([offset for _, offset in SKELETON.values()], np.float32)
"""(49, 3) metres from the origin of each bone's parent to its own origin at rest, for a person 1.70 m tall. For the
hips, from the floor"""

RIG_SHAPES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "hips_position": (3,),
        "rotations": (len(BONES), 4),
        "expressions": (len(EXPRESSIONS),),
        "arkit": (len(ARKIT_BLENDSHAPES),),
    }
)
"""Shapes of the arrays in a :class:`Rig`"""


@dataclass(frozen=True, slots=True)
class Rig:
    """The pose of the skeleton and its face in one frame."""

    rotations: FloatArray
    """(49, 4) unit quaternions x, y, z, w: each bone's rotation in its parent's space"""
    hips_position: FloatArray
    """(3,) metres, for the skeleton above; (0, 0.95, 0) at rest. Scale it by the height of the avatar's hips"""
    expressions: FloatArray
    """(17,) from 0 to 1, in the order of :data:`.skeleton.EXPRESSIONS`"""
    arkit: FloatArray
    """(52,) from 0 to 1, in the order of :data:`.skeleton.ARKIT_BLENDSHAPES`"""
