"""Arms and legs, with hands and feet: two bones with a hinge between them, and a third one."""

from math import cos, radians, sin, sqrt

import numpy as np

from holistic_rtc.model.geometry import Array
from holistic_rtc.model.skeleton import BONE_INDEX
from holistic_rtc.motion.rig.joints import (
    Range,
    bent,
    flexion,
    lines,
    ramp,
    seen_from,
    side,
    swing,
    turned_hinge,
    twist_and_bend,
    twist_of,
    twisted,
)

SIDES = ("left", "right")
MIRROR = np.array(((1.0, 1.0, 1.0), (-1.0, 1.0, 1.0)))
"""Makes of a vector of the left side one of the left side, and of the right side, x being to the person's left"""

UPPER_SHARE = 0.5
"""Of the roll of a hand or a foot, taken by the upper arm or the thigh when elbow or knee are straight. A bent one says
how it is turned."""
LOWER_SHARE = np.array((0.5, 0.5, 0.0, 0.0))
"""Of what is left of it, taken by the lower arm, and by the lower leg; the hand or the foot has the rest"""
STRAIGHT, BENT = radians(5), radians(20)
"""From the one to the other bend of an elbow or knee its axis more and more decides the twist of the upper bone"""

# In the following the order is: left arm, right arm, left leg, right leg.
LIMBS = np.array(
    [
        [BONE_INDEX[side + bone] for bone in bones for side in SIDES]
        for bones in (("UpperArm", "UpperLeg"), ("LowerArm", "LowerLeg"), ("Hand", "Foot"))
    ]
)
"""(3, 4): their upper, lower and last bones"""
_CHAINS = ((11, 13, 15), (12, 14, 16), (23, 25, 27), (24, 26, 28))
_HEELS_AND_TOES = ((29, 31), (30, 32))
_LINES = lines(
    33,
    (
        *(((begin,), (middle,)) for begin, middle, _ in _CHAINS),
        *(((middle,), (end,)) for _, middle, end in _CHAINS),
        *(((toe,), (heel,)) for heel, toe in _HEELS_AND_TOES),
    ),
)

# An arm's joints have the axes of the T-pose. A leg lies along x, downwards, the knee bends towards z, backwards, and
# y is to the other leg.
_ARM = np.identity(3)
_LEG = np.array(((0.0, -1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, -1.0)))
LIMB_AXES = np.array([mirror[:, np.newaxis] * axes for axes in (_ARM, _LEG) for mirror in MIRROR])
"""(4, 3, 3) the joints' axes, in the columns; mirrored on the right side"""

# They are wider than those of most people, as landmarks err.
UPPER_FLEXION = Range(*((-80, 150),) * 2, *((-145, 45),) * 2)
UPPER_SIDE = Range(*((-90, 90),) * 2, *((-80, 40),) * 2)
UPPER_TWIST = Range(*((-160, 110),) * 2, *((-90, 90),) * 2)
HINGE = Range((0, 155))
GIVE = Range((-8, 8))
"""By how much elbow and knee may bend to the side, as people's do a little: a nearly straight arm lies where it is seen
while its axis can't be told yet"""
TIP_TWIST = Range(*((-60, 60),) * 2, *((-45, 45),) * 2)
TIP_FLEXION = Range(*((-40, 30),) * 2, *((-40, 60),) * 2)
TIP_SIDE = Range(*((-85, 80),) * 2, *((-30, 30),) * 2)
_ROLL = Range(*((-225, 135),) * 2, *((-90, 90),) * 2)


MAX_ROLL = radians(125)
"""Of a forearm, to either side from where the thumb is on the side to which the elbow bends. People's reach 90°"""
_ELBOWS = lines(33, (((13,), (11,)), ((13,), (15,)), ((14,), (12,)), ((14,), (16,))))
_MIN_ACROSS, _MIN_COSINE = sin(BENT) ** 2, cos(MAX_ROLL)


def turned_over(pose: Array, hands: Array) -> list[bool]:
    """
    Whether hands are rolled further than a forearm can, as those are that have been found with the back for the palm.

    With a straight arm the upper arm may have rolled as well, so that this is told of bent ones alone.

    :param pose: (33, 3) landmarks in VRM's space.
    :param hands: (2, 21, 3)
    """
    # To the shoulder, along the lower arm, and to the side of the thumb; their parts across the lower arm are compared.
    vectors = np.empty((2, 3, 3))
    vectors[:, :2] = (_ELBOWS @ pose).reshape(2, 2, 3)
    vectors[:, 2] = hands[:, 5] - hands[:, 17]
    found = []
    for (ss, sl, st), (_, ll, lt), (_, _, tt) in (vectors @ vectors.swapaxes(1, 2)).tolist():
        ll = max(ll, 1e-12)
        s, t = max(ss - sl * sl / ll, 0), max(tt - lt * lt / ll, 0)
        found.append(s > _MIN_ACROSS * ss and st - sl * lt / ll < _MIN_COSINE * sqrt(s * t))
    return found


class Limbs:
    """Arms and legs of one frame, in two steps, between which the roll of hands and feet may be eased."""

    def __init__(self, pose: Array, trunk: Array, hands: Array, bends_count: Array) -> None:
        """
        :param pose: (33, 3) landmarks in VRM's space.
        :param trunk: (4, 3, 3) world rotations of chest, chest, hips and hips.
        :param hands: (2, 3, 3) world rotations of the hands, that of the right one mirrored.
        :param bends_count: (4,) from 0 to 1, how much the bend of elbow or knee decides the twist above it.
        """
        bones = _LINES @ pose
        self._trunk = root = trunk @ LIMB_AXES
        upper = seen_from(root, bones[:4])
        self._swung = swing(UPPER_FLEXION.clip(flexion(upper)), UPPER_SIDE.clip(side(upper)))
        upper_bones = root @ self._swung
        lower = seen_from(upper_bones, bones[4:8])
        # Where the lower bone points: along the upper one, across it, and how a hinge that bends there is turned.
        self._along, self._across = lower[:, 0], np.hypot(lower[:, 1], lower[:, 2])
        self._hinge_at = np.arctan2(-lower[:, 1], lower[:, 2])
        decides = ramp(np.arctan2(self._across, self._along), STRAIGHT, BENT) * bends_count
        self._twist = decides * UPPER_TWIST.clip_turn(self._hinge_at)
        self._free = UPPER_SHARE * (1 - decides)

        self._tips = np.zeros((4, 3, 3))
        self._tips[:2] = hands
        # Of a foot it is known where it points, which is -z, but not how it is rolled about that.
        self._tips[2:, :, 2] = bones[8:]
        bend = np.arctan2(self._across * np.cos(self._hinge_at - self._twist), self._along)
        lower_bones = upper_bones @ turned_hinge(self._twist, HINGE.clip(bend))
        self.roll = _ROLL.clip_turn(twist_of(lower_bones.swapaxes(1, 2) @ self._tips))
        """(4,) by what angle hands and feet are turned about the lower arm or leg"""

    def solve(self, roll: Array) -> tuple[Array, Array]:
        """
        :param roll: (4,) that of hands and feet, eased.
        :return: (3, 4, 3, 3) rotations of the upper, lower and last bones in the axes of their joints, and (2, 3, 3)
            the hands in the world, the right one mirrored.
        """
        free = self._free * roll
        twist = self._twist + free
        off = self._hinge_at - twist
        bend, aside = self._across * np.cos(off), self._across * np.sin(off)
        aside = np.arctan2(-aside, np.hypot(bend, self._along))
        bend = np.arctan2(bend, self._along)

        upper = self._swung @ twisted(twist)
        lower = bent(HINGE.clip(bend), GIVE.clip(aside)) @ twisted(LOWER_SHARE * (roll - free))
        world = self._trunk @ upper @ lower
        twist, bend, aside = twist_and_bend(world.swapaxes(1, 2) @ self._tips)
        tips = twisted(TIP_TWIST.clip(twist)) @ bent(TIP_FLEXION.clip(bend), TIP_SIDE.clip(aside))
        return np.array((upper, lower, tips)), world[:2] @ tips[:2]
