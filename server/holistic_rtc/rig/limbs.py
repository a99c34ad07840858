"""Arms and legs, with hands and feet, and fingers: chains of bones that end in hinges."""

from math import pi, radians

import numpy as np
from numpy.typing import ArrayLike

from .joints import (
    bent,
    clip_twist,
    flexion,
    frame,
    hinge_twist,
    seen_from,
    side,
    smooth_step,
    swing,
    twist_of,
    twisted,
    unit,
    within,
)
from .quaternions import Array
from .skeleton import BONE_INDEX, OFFSETS

SIDES = ("left", "right")
FINGERS = ("Thumb", "Index", "Middle", "Ring", "Little")
MIRROR = np.array(((1.0, 1.0, 1.0), (-1.0, 1.0, 1.0)))
"""Makes a vector of the left side one of the left side, and of the right side too, x being to the person's left"""

UPPER_SHARE = 0.5
"""Of the roll of a hand or a foot, taken by the upper arm or the thigh when elbow or knee are straight. A bent one says
how it is turned."""
LOWER_SHARE = np.array((0.5, 0.5, 0.0, 0.0))
"""Of what is left of it, taken by the lower arm, and by the lower leg; the hand or the foot has the rest"""
GIVE = radians(8)
"""By how much elbow and knee may bend to the side, as people's do a little: a nearly straight arm lies where it is
seen while its axis can't be told yet."""
STRAIGHT, BENT = radians(5), radians(20)
"""From the one to the other bend of an elbow or knee its axis more and more decides the twist of the upper bone"""
_FINGER_STRAIGHT, _FINGER_BENT = radians(15), radians(50)


def _limits(*degrees: ArrayLike) -> Array:
    limits: Array = np.radians(np.array(degrees, float))
    return limits


# Left arm, right arm, left leg, right leg. An arm's joints have the axes of the T-pose. A leg lies along x, downwards,
# the knee bends towards z, backwards, and y is to the other leg.
_ARM = np.identity(3)
_LEG = np.array(((0.0, -1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, -1.0)))
_BASES = np.stack([np.diag(MIRROR[i]) @ axes for axes in (_ARM, _LEG) for i in (0, 1)])
_UPPER = np.array((11, 12, 23, 24))
_MIDDLE = np.array((13, 14, 25, 26))
_END = np.array((15, 16, 27, 28))
_HEELS, _TOES = np.array((29, 30)), np.array((31, 32))
LIMBS = np.array(
    [
        [BONE_INDEX[side + bone] for bone in bones for side in SIDES]
        for bones in (("UpperArm", "UpperLeg"), ("LowerArm", "LowerLeg"), ("Hand", "Foot"))
    ]
)
"""(3, 4): the upper, lower and last bones of left arm, right arm, left leg, right leg"""

# Degrees of flexion and to the side; a limb's are wider than those of most people, as landmarks err.
_ARMS_UPPER, _LEGS_UPPER = ((-70, 140), (-90, 90)), ((-130, 45), (-80, 40))
_UPPER_LIMITS = _limits(_ARMS_UPPER, _ARMS_UPPER, _LEGS_UPPER, _LEGS_UPPER)
_UPPER_TWIST = _limits((-160, 110), (-160, 110), (-90, 90), (-90, 90))
_LOWER_FLEXION = _limits((0, 155))[0]
_HANDS, _FEET = ((-40, 30), (-85, 80)), ((-40, 60), (-30, 30))
_TIP_LIMITS = _limits(_HANDS, _HANDS, _FEET, _FEET)
_TIP_TWIST = _limits((-60, 60), (-60, 60), (-45, 45), (-45, 45))
_TIP_ROLL = _limits((-225, 135), (-225, 135), (-90, 90), (-90, 90))


class Limbs:
    """Arms and legs of one frame, in two steps, between which the roll of the hands and feet may be eased."""

    def __init__(self, pose: Array, parents: Array, hands: Array, bend_counts: Array) -> None:
        """
        :param pose: (33, 3) in VRM's space.
        :param parents: (4, 3, 3) world rotations of chest, chest, hips and hips.
        :param hands: (2, 21, 3) landmarks of the hands in VRM's space.
        :param bend_counts: (4,) from 0 to 1, how much the bend of elbow or knee decides the twist above it.
        """
        middle = pose[_MIDDLE]
        root = parents @ _BASES
        directions = within(seen_from(root, unit(middle - pose[_UPPER])), _UPPER_LIMITS)
        self._swung = swing(directions)
        self._root = root @ self._swung
        self._lower = seen_from(self._root, unit(pose[_END] - middle))
        bend = np.arccos(self._lower[:, 0].clip(-1, 1))
        decides = smooth_step(bend, STRAIGHT, BENT) * bend_counts
        self._twist = decides * clip_twist(hinge_twist(self._lower), _UPPER_TWIST)
        self._free = UPPER_SHARE * (1 - decides)
        _, lower = self._hinge(self._twist)
        before = self._root @ twisted(self._twist) @ lower
        self._tips = np.concatenate((_hand_frames(hands), _foot_frames(pose, before[2:])))
        self.roll = clip_twist(twist_of(before.swapaxes(1, 2) @ self._tips), _TIP_ROLL)
        """(4,) by what angle hands and feet are turned about the lower arm or leg"""

    def _hinge(self, twist: Array) -> tuple[Array, Array]:
        turned = twisted(twist)
        direction = seen_from(turned, self._lower)
        bend = flexion(direction).clip(*_LOWER_FLEXION)
        return turned, bent(bend, side(direction).clip(-GIVE, GIVE))

    def solve(self, roll: Array) -> tuple[Array, Array]:
        """
        :param roll: (4,) that of hands and feet, eased.
        :return: (3, 4, 3, 3) local rotations of the upper, lower and last bones, and (2, 3, 3) the hands in the world,
            the right one mirrored in x.
        """
        free = self._free * roll
        turned, hinge = self._hinge(self._twist + free)
        lower = hinge @ twisted(LOWER_SHARE * (roll - free))
        world = self._root @ turned @ lower
        tip = world.swapaxes(1, 2) @ self._tips
        twist = twist_of(tip)
        aim = (twisted(-twist) @ tip)[..., 0]
        tip = twisted(clip_twist(twist, _TIP_TWIST)) @ swing(within(aim, _TIP_LIMITS))
        locals_ = np.stack((self._swung @ turned, lower, tip))
        return _BASES @ locals_ @ _BASES.swapaxes(1, 2), (world @ tip)[:2]


_KNUCKLES = np.array((5, 9, 13, 17))


def _rest_hand() -> Array:
    """What :func:`_palm` gives of the skeleton's left hand, from which the hand's frame is turned back."""
    knuckles = np.array([OFFSETS[BONE_INDEX[f"left{finger}Proximal"]] for finger in FINGERS[1:]], float)
    return _palm(knuckles)


def _palm(knuckles: Array) -> Array:
    """A frame of the palm: x along the middle of the fingers, the little finger towards -z."""
    along = knuckles.mean(axis=-2)
    across = knuckles[..., 0, :] - knuckles[..., 3, :]
    return frame(along, np.cross(across, along))


_HAND_AT_REST = _rest_hand()


def _hand_frames(hands: Array) -> Array:
    """(2, 3, 3) world rotations of the hands with a mirrored x axis in the right one's, as those of its arm have."""
    mirrored = (hands[:, _KNUCKLES] - hands[:, :1]) * MIRROR[:, np.newaxis]
    frames: Array = MIRROR[..., np.newaxis] * (_palm(mirrored) @ _HAND_AT_REST.T)
    return frames


def _foot_frames(pose: Array, lower: Array) -> Array:
    """
    (2, 3, 3) of the feet. From heel to toe is known; how a foot is rolled about that isn't, so that its sole lies in
    the knee's axis.

    :param lower: (2, 3, 3) of the lower legs.
    """
    forward = seen_from(lower, unit(pose[_TOES] - pose[_HEELS]))
    # With z backwards, and y as near to that of the lower leg as it can be.
    axes = frame(-forward, np.array((0.0, 1.0, 0.0)))
    local = np.stack((-axes[..., 2], axes[..., 1], axes[..., 0]), axis=-1)
    return lower @ local


# A finger lies along x and bends towards the palm, -y; a thumb lies between x and z, and bends towards the index
# finger's base and somewhat out of the palm's plane.
_THUMB_TILT = radians(40)


def _digit_bases() -> Array:
    finger = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))
    along = np.array((1.0, 0.0, 1.0)) / np.sqrt(2)
    bends = np.cos(_THUMB_TILT) * np.array((1.0, 0.0, -1.0)) / np.sqrt(2) + np.sin(_THUMB_TILT) * np.array((0, -1.0, 0))
    thumb = np.stack((along, np.cross(bends, along), bends))
    return np.stack((thumb, *(finger,) * 4)).swapaxes(1, 2)


_DIGIT_BASES = _digit_bases()
_JOINTS = {False: ("Proximal", "Intermediate", "Distal"), True: ("Metacarpal", "Proximal", "Distal")}
DIGITS = np.array(
    [
        [[BONE_INDEX[side + finger + joint] for joint in _JOINTS[finger == "Thumb"]] for finger in FINGERS]
        for side in SIDES
    ]
)
"""(2, 5, 3): of each hand the three bones of thumb and fingers"""
_DIGIT_POINTS = 1 + np.arange(20).reshape(5, 4)
_DIGIT_BASE_LIMITS = _limits(((-45, 45), (-45, 45)), *(((-30, 100), (-25, 25)),) * 4)
_DIGIT_TWIST = _limits((-50, 50), *((-15, 15),) * 4)
_DIGIT_MIDDLE = _limits((-10, 80), *((-5, 115),) * 4)
_DIGIT_END = _limits((-15, 90), *((-10, 90),) * 4)


def solve_digits(hands: Array, frames: Array) -> Array:
    """
    Thumbs and fingers.

    :param hands: (2, 21, 3) landmarks in VRM's space.
    :param frames: (2, 3, 3) world rotations of the hands, as :meth:`Limbs.solve` gives them.
    :return: (2, 5, 3, 3, 3) local rotations.
    """
    points = hands[:, _DIGIT_POINTS]
    segments = unit(points[:, :, 1:] - points[:, :, :-1])
    segments = segments @ frames[:, np.newaxis] @ _DIGIT_BASES
    base = swing(within(segments[:, :, 0], _DIGIT_BASE_LIMITS))
    rest = segments[:, :, 1:] @ base
    # Both joints beyond the first bend about one axis.
    to_tip = unit(rest.sum(axis=2))
    bend = np.arccos(to_tip[..., 0].clip(-1, 1))
    twist = clip_twist(hinge_twist(to_tip), _DIGIT_TWIST) * smooth_step(bend, _FINGER_STRAIGHT, _FINGER_BENT)
    turned = twisted(twist)
    angles = flexion(rest @ turned)
    middle = angles[..., 0].clip(_DIGIT_MIDDLE[:, 0], _DIGIT_MIDDLE[:, 1])
    end = (angles[..., 1] - middle + pi) % (2 * pi) - pi
    end = end.clip(_DIGIT_END[:, 0], _DIGIT_END[:, 1])
    locals_ = np.stack((base @ turned, bent(middle), bent(end)), axis=2)
    bases = MIRROR[:, np.newaxis, :, np.newaxis] * _DIGIT_BASES
    return bases[:, :, np.newaxis] @ locals_ @ bases.swapaxes(2, 3)[:, :, np.newaxis]
