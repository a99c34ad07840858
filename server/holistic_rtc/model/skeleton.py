"""The rig's bones and expressions: the part of VRM 1.0's humanoid that landmarks can move.

Everything is in VRM's space: metres, right-handed, x to the person's left, y up, z to where the person looks. At rest
the body is in a T-pose, palms down, and every rotation is the identity ("normalised" bones, whose axes are those of the
space). Source: VRMC_vrm-1.0, humanoid and expressions, https://github.com/vrm-c/vrm-specification.
"""

from collections.abc import Mapping
from types import MappingProxyType

from holistic_rtc.model.parts import BLENDSHAPE_NAMES

_TRUNK = {
    # bone: (parent, metres from the parent's origin)
    "hips": (None, (0.0, 0.95, 0.0)),
    "spine": ("hips", (0.0, 0.10, 0.0)),
    "chest": ("spine", (0.0, 0.14, 0.0)),
    "neck": ("chest", (0.0, 0.26, 0.0)),
    "head": ("neck", (0.0, 0.09, 0.0)),
}
_LEFT_SIDE = {
    "Eye": ("head", (0.032, 0.07, 0.08)),
    "UpperArm": ("chest", (0.17, 0.20, 0.0)),
    "LowerArm": ("UpperArm", (0.27, 0.0, 0.0)),
    "Hand": ("LowerArm", (0.25, 0.0, 0.0)),
    "ThumbMetacarpal": ("Hand", (0.02, -0.01, 0.025)),
    "ThumbProximal": ("ThumbMetacarpal", (0.032, 0.0, 0.032)),
    "ThumbDistal": ("ThumbProximal", (0.023, 0.0, 0.023)),
    "IndexProximal": ("Hand", (0.09, 0.0, 0.025)),
    "IndexIntermediate": ("IndexProximal", (0.042, 0.0, 0.0)),
    "IndexDistal": ("IndexIntermediate", (0.025, 0.0, 0.0)),
    "MiddleProximal": ("Hand", (0.092, 0.0, 0.003)),
    "MiddleIntermediate": ("MiddleProximal", (0.046, 0.0, 0.0)),
    "MiddleDistal": ("MiddleIntermediate", (0.028, 0.0, 0.0)),
    "RingProximal": ("Hand", (0.087, 0.0, -0.018)),
    "RingIntermediate": ("RingProximal", (0.042, 0.0, 0.0)),
    "RingDistal": ("RingIntermediate", (0.026, 0.0, 0.0)),
    "LittleProximal": ("Hand", (0.08, 0.0, -0.038)),
    "LittleIntermediate": ("LittleProximal", (0.033, 0.0, 0.0)),
    "LittleDistal": ("LittleIntermediate", (0.02, 0.0, 0.0)),
    "UpperLeg": ("hips", (0.09, -0.05, 0.0)),
    "LowerLeg": ("UpperLeg", (0.0, -0.42, 0.0)),
    "Foot": ("LowerLeg", (0.0, -0.42, 0.0)),
}


def _both_sides() -> dict[str, tuple[str | None, tuple[float, float, float]]]:
    bones: dict[str, tuple[str | None, tuple[float, float, float]]] = dict(_TRUNK)
    for side, sign in (("left", 1), ("right", -1)):
        for bone, (parent, (x, y, z)) in _LEFT_SIDE.items():
            bones[side + bone] = (side + parent if parent in _LEFT_SIDE else parent, (sign * x, y, z))
    return bones


SKELETON = _both_sides()
"""Each bone's parent, and its origin relative to the parent's, in metres, for a person 1.70 m tall"""

BONES = tuple(SKELETON)
"""49 names, parents before their children"""
BONE_INDEX: Mapping[str, int] = MappingProxyType({bone: index for index, bone in enumerate(BONES)})
PARENTS = tuple(-1 if parent is None else BONE_INDEX[parent] for parent, _ in SKELETON.values())
"""Index of each bone's parent; -1 for the hips"""
EXPRESSIONS = (
    *("aa", "ih", "ou", "ee", "oh"),
    *("blink", "blinkLeft", "blinkRight"),
    *("lookUp", "lookDown", "lookLeft", "lookRight"),
    *("happy", "angry", "sad", "surprised", "relaxed"),
)
"""17 of VRM 1.0's presets"""
ARKIT_BLENDSHAPES = (*BLENDSHAPE_NAMES[1:], "tongueOut")
"""52 names: MediaPipe's without ``_neutral``, plus ``tongueOut``, which MediaPipe doesn't detect: it is always 0"""
