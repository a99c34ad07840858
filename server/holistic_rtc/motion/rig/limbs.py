"""Arms and legs: two bones with a hinge between them, followed by a hand or a foot."""

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
"""Maps a vector of the left side to itself and to that of the right side; x points to the person's left"""

UPPER_SHARE = 0.5
"""Share of the hand's or foot's roll that the upper bone takes while elbow or knee is straight. When it is bent, its
axis determines the upper bone's twist"""
LOWER_SHARE = np.array((0.5, 0.5, 0.0, 0.0))
"""Share of the remaining roll that the lower bone takes; the rest is left to the hand or foot"""
STRAIGHT, BENT = radians(5), radians(20)
"""Between these bends of elbow or knee, the influence of its axis on the upper bone's twist rises from none to full"""

# From here on, limbs are in the order: left arm, right arm, left leg, right leg.
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

# An arm's joints have the axes of the T-pose. For a leg, x points down along it, z backwards, where the knee bends to,
# and y to the other leg.
_ARM = np.identity(3)
_LEG = np.array(((0.0, -1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, -1.0)))
LIMB_AXES = np.array([mirror[:, np.newaxis] * axes for axes in (_ARM, _LEG) for mirror in MIRROR])
"""(4, 3, 3) the joints' axes, in the columns; mirrored on the right side"""

# In degrees. Wider than most people's ranges, since landmarks aren't exact.
UPPER_FLEXION = Range(*((-80, 150),) * 2, *((-145, 45),) * 2)
UPPER_SIDE = Range(*((-90, 90),) * 2, *((-80, 40),) * 2)
UPPER_TWIST = Range(*((-160, 110),) * 2, *((-90, 90),) * 2)
HINGE = Range((0, 155))
GIVE = Range((-8, 8))
"""How far elbow and knee may bend sideways, as they do a little in people. It lets a nearly straight arm, whose hinge
axis isn't known, follow the landmarks"""
TIP_TWIST = Range(*((-60, 60),) * 2, *((-45, 45),) * 2)
TIP_FLEXION = Range(*((-40, 30),) * 2, *((-40, 60),) * 2)
TIP_SIDE = Range(*((-85, 80),) * 2, *((-30, 30),) * 2)
_ROLL = Range(*((-225, 135),) * 2, *((-90, 90),) * 2)


MAX_ROLL = radians(125)
"""Of a forearm, from where the thumb points in the direction in which the elbow bends. People reach 90° to each side"""
_ELBOWS = lines(33, (((13,), (11,)), ((13,), (15,)), ((14,), (12,)), ((14,), (16,))))
_MIN_ACROSS, _MIN_COSINE = sin(BENT) ** 2, cos(MAX_ROLL)


def turned_over(pose: Array, hands: Array) -> list[bool]:
    """
    Whether hands are rolled further than forearms can roll, because back and palm have been confused.

    Always False for straight arms, where the upper arm may have rolled as well.

    :param pose: (33, 3) landmarks in VRM's space.
    :param hands: (2, 21, 3) landmarks in VRM's space.
    :return: for the left and the right hand.
    """
    # The vectors to the shoulder, along the lower arm, and to the side of the thumb. The components of the first and
    # the last perpendicular to the lower arm are compared.
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
    """Solves arms and legs of one frame in two steps, between which the roll of hands and feet can be eased."""

    def __init__(self, pose: Array, trunk: Array, hands: Array, bends_count: Array) -> None:
        """
        :param pose: (33, 3) landmarks in VRM's space.
        :param trunk: (4, 3, 3) world rotations of chest, chest, hips and hips.
        :param hands: (2, 3, 3) world rotations of the hands, the right one mirrored.
        :param bends_count: (4,) from 0 to 1, how much the bend of elbow or knee determines the upper bone's twist.
        """
        bones = _LINES @ pose
        self._trunk = root = trunk @ LIMB_AXES
        upper = seen_from(root, bones[:4])
        self._swung = swing(UPPER_FLEXION.clip(flexion(upper)), UPPER_SIDE.clip(side(upper)))
        upper_bones = root @ self._swung
        lower = seen_from(upper_bones, bones[4:8])
        # The lower bone's direction: along the upper bone, across it, and the angle about it at which the hinge bends.
        self._along, self._across = lower[:, 0], np.hypot(lower[:, 1], lower[:, 2])
        self._hinge_at = np.arctan2(-lower[:, 1], lower[:, 2])
        decides = ramp(np.arctan2(self._across, self._along), STRAIGHT, BENT) * bends_count
        self._twist = decides * UPPER_TWIST.clip_turn(self._hinge_at)
        self._free = UPPER_SHARE * (1 - decides)

        self._tips = np.zeros((4, 3, 3))
        self._tips[:2] = hands
        # A foot's direction, -z, is known, but not its roll about it.
        self._tips[2:, :, 2] = bones[8:]
        bend = np.arctan2(self._across * np.cos(self._hinge_at - self._twist), self._along)
        lower_bones = upper_bones @ turned_hinge(self._twist, HINGE.clip(bend))
        self.roll = _ROLL.clip_turn(twist_of(lower_bones.swapaxes(1, 2) @ self._tips))
        """(4,) the roll of hands and feet about the lower bones, in radians"""

    def solve(self, roll: Array) -> tuple[Array, Array]:
        """
        :param roll: (4,) :attr:`roll`, eased.
        :return: (3, 4, 3, 3) rotations of the upper, lower and last bones in their joints' axes, and (2, 3, 3) world
            rotations of the hands, the right one mirrored.
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
