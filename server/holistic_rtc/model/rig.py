"""One frame's pose of an avatar: the skeleton's bones, and the expressions of its face."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from holistic_rtc.model.result import FloatArray
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS, SKELETON

OFFSETS: FloatArray = np.array([offset for _, offset in SKELETON.values()], np.float32)
"""(49, 3) where each bone begins at rest, from where its parent begins, in metres: of a person 1.70 m tall. The hips'
is from the floor"""

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
class Rig:
    """One frame's pose of the skeleton and its face."""

    rotations: FloatArray
    """(49, 4) unit quaternions x, y, z, w: each bone's rotation in its parent's space"""
    hips_position: FloatArray
    """(3,) metres, of the skeleton above; at rest it is (0, 0.95, 0). Scale it by the height of an avatar's own hips"""
    expressions: FloatArray
    """(17,) from 0 to 1"""
    arkit: FloatArray
    """(52,) from 0 to 1"""
