"""The pose of parts that aren't seen."""

from math import radians

import numpy as np

from holistic_rtc.model.geometry import IDENTITY, Array, from_axis_angle, multiply
from holistic_rtc.model.skeleton import BONE_INDEX, BONES

_UPPER_ARM_DOWN, _ELBOW, _FINGER, _THUMB = (radians(degrees) for degrees in (72, 15, 15, 10))


def _relaxed() -> Array:
    x, y, z = np.identity(3)
    left = {
        "UpperArm": from_axis_angle(-z, _UPPER_ARM_DOWN),
        "LowerArm": from_axis_angle(-y, _ELBOW),
        "ThumbMetacarpal": multiply(from_axis_angle(-z, _THUMB), from_axis_angle(y, _THUMB)),
    }
    for finger in ("Index", "Middle", "Ring", "Little"):
        for joint in ("Proximal", "Intermediate", "Distal"):
            left[finger + joint] = from_axis_angle(-z, _FINGER)
    pose = np.tile(IDENTITY, (len(BONES), 1))
    for bone, rotation in left.items():
        pose[BONE_INDEX["left" + bone]] = rotation
        pose[BONE_INDEX["right" + bone]] = rotation * (1, -1, -1, 1)
    return pose


RELAXED: Array = _relaxed()
"""
(49, 4) local rotations of somebody standing at ease: arms at the sides, elbows and fingers slightly bent, the rest as
in the T-pose. Parts that aren't seen return to this pose, since an avatar should drop its arm, not stretch it out, when
its user puts a hand under the table.
"""
RELAXED.flags.writeable = False
