"""Hands, thumbs and fingers. A thumb or finger has three bones, joined by two hinges."""

from math import hypot, pi, radians, sin
from operator import mul

import numpy as np

from holistic_rtc.model.geometry import Array
from holistic_rtc.model.rig import OFFSETS
from holistic_rtc.model.skeleton import BONE_INDEX
from holistic_rtc.motion.rig.joints import Range, bent, flexion, frame, lines, ramp, side, twisted
from holistic_rtc.motion.rig.limbs import MIRROR, SIDES

_FINGERS = ("Index", "Middle", "Ring", "Little")
DIGITS = np.array(
    [
        [
            [BONE_INDEX[f"{side}Thumb{joint}"] for joint in ("Metacarpal", "Proximal", "Distal")],
            *(
                [BONE_INDEX[side + finger + joint] for joint in ("Proximal", "Intermediate", "Distal")]
                for finger in _FINGERS
            ),
        ]
        for side in SIDES
    ]
)
"""(2, 5, 3): the bones of each hand's thumb and fingers"""
_LINES = lines(21, (((4 * digit + joint,), (4 * digit + joint + 1,)) for digit in range(5) for joint in (1, 2, 3)))

STRAIGHT, BENT = radians(8), radians(30)
"""Between these bends of a finger, the influence of its bending plane on its twist rises from none to full"""
_FOUR = 4
# In degrees, the thumb first.
BASE_FLEXION = Range((-45, 45), *((-30, 100),) * _FOUR)
BASE_SIDE = Range((-45, 45), *((-25, 25),) * _FOUR)
BASE_TWIST = Range((-50, 50), *((-25, 25),) * _FOUR)
MIDDLE_HINGE = Range((-10, 80), *((-5, 115),) * _FOUR)
END_HINGE = Range((-15, 90), *((-10, 90),) * _FOUR)

THUMB_TILT = radians(20)
"""Angle between the plane in which the thumb bends and that of the palm"""


def _digit_axes() -> Array:
    """
    (5, 3, 3) the joints' axes in columns. A finger lies along x and bends towards the palm, -y. The thumb lies between
    x and z, and bends towards the base of the index finger, tilted by ``THUMB_TILT``.
    """
    finger = np.array(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)))
    along, inward = np.array(((1.0, 0.0, 1.0), (1.0, 0.0, -1.0))) / np.sqrt(2)
    bends = np.cos(THUMB_TILT) * inward - np.sin(THUMB_TILT) * np.array((0.0, 1.0, 0.0))
    thumb = np.array((along, np.cross(bends, along), bends))
    return np.array((thumb, *(finger,) * _FOUR)).swapaxes(1, 2)


_LEFT_AXES = _digit_axes()
DIGIT_AXES = (MIRROR[:, np.newaxis, :, np.newaxis] * _LEFT_AXES)[:, :, np.newaxis]
"""(2, 5, 1, 3, 3) the joints' axes, mirrored on the right side"""


def solve_digits(hands: Array, frames: Array) -> tuple[Array, Array]:
    """
    The rotations of thumbs and fingers.

    :param hands: (2, 21, 3) landmarks in VRM's space.
    :param frames: (2, 3, 3) world rotations of the hands, the right one mirrored.
    :return: (2, 5, 3, 3) rotations of the first bones, in their joints' axes, and (2, 5, 2) the hinge angles of the
        other two, in radians.
    """
    bones = (_LINES @ hands).reshape(2, 5, 3, 3) @ frames[:, np.newaxis] @ _LEFT_AXES
    first = bones[:, :, 0]
    base = bent(BASE_FLEXION.clip(flexion(first)), BASE_SIDE.clip(side(first)))
    others = bones[:, :, 1:] @ base
    # Both hinges bend about the same axis, which the direction to the tip shows best.
    to_tip = others[:, :, 0] + others[:, :, 1]
    bend = np.arctan2(np.hypot(to_tip[..., 1], to_tip[..., 2]), to_tip[..., 0])
    twist = BASE_TWIST.clip(np.arctan2(-to_tip[..., 1], to_tip[..., 2])) * ramp(bend, STRAIGHT, BENT)
    turned = twisted(twist)
    angles = flexion(others @ turned)
    hinges = np.empty((2, 5, 2))
    hinges[..., 0] = middle = MIDDLE_HINGE.clip(angles[..., 0])
    hinges[..., 1] = END_HINGE.clip((angles[..., 1] - middle + pi) % (2 * pi) - pi)
    return base @ turned, hinges


_KNUCKLES, _TIPS = (5, 9, 13, 17), (8, 12, 16, 20)
# Along the palm from wrist to knuckles, across it from the little to the index finger, and along the fingers.
_HAND_LINES = lines(21, (((0,), _KNUCKLES), ((17,), (5,)), (_KNUCKLES, _TIPS)))
MAX_BACKWARDS = sin(radians(30))
"""How far the fingers' mean direction may point to the back of the hand, as a sine"""


def _palm_at_rest() -> Array:
    hand = np.zeros((21, 3))
    hand[list(_KNUCKLES)] = OFFSETS[DIGITS[0, 1:, 0]]
    return np.array(frame(*(_HAND_LINES @ hand)[:2].tolist())).T


_PALM_AT_REST = _palm_at_rest()


def hand_frames(hands: Array) -> tuple[Array, list[float], list[bool]]:
    """
    The hands' rotations, the lengths of their palms, and whether a hand was detected inside out. That happens with
    small or blurred hands: all fingers then appear to bend backwards, further than they can.

    :param hands: (2, 21, 3) landmarks in VRM's space.
    :return: (2, 3, 3) world rotations, the right one mirrored; 2 lengths in metres; 2 flags, True for inside out.
    """
    found = (_HAND_LINES @ hands * MIRROR[:, np.newaxis]).tolist()
    frames = np.array([frame(along, across) for along, across, _ in found]) @ _PALM_AT_REST
    backs = frames[:, :, 1].tolist()
    return (
        MIRROR[:, :, np.newaxis] * frames,
        [hypot(*along) for along, _, _ in found],
        [
            sum(map(mul, back, fingers)) > MAX_BACKWARDS * hypot(*fingers)
            for back, (_, _, fingers) in zip(backs, found, strict=True)
        ],
    )


NO_HANDS = hand_frames(np.zeros((2, 21, 3)))
