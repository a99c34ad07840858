"""Hips, spine and chest, and the position of the hips."""

from collections.abc import Sequence
from math import atan2, cos, hypot, radians, sin

import numpy as np

from holistic_rtc.model.geometry import Array, half, to_matrix
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.model.rig import OFFSETS
from holistic_rtc.motion.rig.joints import frame, lines
from holistic_rtc.motion.rig.limbs import LIMBS

SPINE_LIMIT = radians(40)
"""Maximum rotation of spine and chest, each relative to its parent"""
SPINE_YAW = 0.7
"""Radians that the shoulders turn relative to unseen hips before the hips follow"""
MAX_SIDEWAYS = 1.5
"""Maximum distance of the hips from the middle of the image, in metres"""

_LINES = lines(33, (((12,), (11,)), ((24,), (23,)), ((23, 24), (11, 12))))
_UP = (0.0, 1.0, 0.0)


def hips_and_chest(pose: Array, hips_weight: float, legs_weight: float) -> tuple[Array, Array]:
    """
    The world rotations of hips and chest.

    Unseen hips stay upright. They follow the shoulders about the vertical when these turn far: the spine takes
    ``SPINE_YAW * sin(yaw)`` of the turn, which is most of a small turn, and nothing when somebody has turned around.
    Hips above unseen legs stay upright, too, since the legs would swing with them.

    :param pose: (33, 3) landmarks in VRM's space.
    :param hips_weight: from 0 to 1, the weight of the observed hips.
    :param legs_weight: from 0 to 1, the weight of the observed legs.
    :return: (3, 3) each.
    """
    shoulders, hips, trunk = (_LINES @ pose).tolist()
    yaw = atan2(-shoulders[2], shoulders[0])
    yaw -= SPINE_YAW * sin(yaw)
    line = _between((cos(yaw), 0, -sin(yaw)), hips, (hips_weight, legs_weight, hips_weight))
    hips_axes = frame(line, _between(_UP, trunk, (legs_weight,) * 3))
    chest_axes = frame(shoulders, _between(_UP, trunk, (hips_weight,) * 3))
    return np.array(hips_axes), np.array(chest_axes)


def _between(assumed: Sequence[float], seen: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Interpolate from an assumed direction to that of an observed vector, with a weight for each coordinate."""
    length = max(hypot(*seen), 1e-9)
    return [a + (s / length - a) * weight for a, s, weight in zip(assumed, seen, weights, strict=True)]


_WITHIN_LIMIT = cos(SPINE_LIMIT / 2) + 1e-9


def bend_spine(hips: Array, chest: Array) -> tuple[Array, Array]:
    """
    Distribute the rotation between hips and chest over the spine.

    :param hips: (3, 3) world rotation, like ``chest``.
    :return: (4,) the rotation of spine and chest, each relative to its parent, and (3, 3) the chest's resulting world
        rotation, within the limits.
    """
    step = half(hips.T @ chest, SPINE_LIMIT)
    if step[3] > _WITHIN_LIMIT:
        return step, chest
    matrix = to_matrix(step)
    return step, hips @ matrix @ matrix


def sideways(result: HolisticResult, hips_weight: float) -> float:
    """
    The hips' distance from the middle of the image, in metres to the person's left.

    The width of the image in metres follows from the extents of the landmarks in the image and in the world. Unseen
    hips are assumed to be below the shoulders.

    :param hips_weight: from 0 to 1, the weight of the observed hips.
    """
    image, world = result.pose_landmarks, result.pose_world_landmarks
    if image is None or world is None:
        return 0.0
    x: list[float] = image[:, 0].tolist()
    world_x: list[float] = world[:, 0].tolist()
    shoulders, hips = (x[11] + x[12]) / 2, (x[23] + x[24]) / 2
    middle = shoulders + (hips - shoulders) * hips_weight
    metres = (max(world_x) - min(world_x)) / max(max(x) - min(x), 1e-3)
    return min(max((middle - 0.5) * metres, -MAX_SIDEWAYS), MAX_SIDEWAYS)


STANDING = float(OFFSETS[0, 1])
"""Height of the hips, in metres, when the legs are at rest"""

# What can touch the floor, in metres: heels and toes, relative to the ankle; knees; seat.
_SOLES = np.array(((0.0, -0.06, -0.05), (0.0, -0.06, 0.14))).T
_KNEE_RADIUS, _SEAT = 0.06, 0.1
_HIPS_AND_LEGS = np.array((0, *LIMBS[:, 2:].ravel()))
_LEG_OFFSETS: Array = OFFSETS[LIMBS[:, 2:]].astype(float)[..., np.newaxis]


def height(rotations: Array) -> float:
    """
    The hips' height above the floor in metres, if the lowest of soles, knees and seat touches it.

    :param rotations: (49, 4) local rotations of all bones.
    """
    matrices = to_matrix(rotations[_HIPS_AND_LEGS])
    hips, upper, lower, feet = matrices[0], matrices[1:3], matrices[3:5], matrices[5:]
    upper = hips @ upper
    lower = upper @ lower
    knees = hips @ _LEG_OFFSETS[0] + upper @ _LEG_OFFSETS[1]
    soles = knees + lower @ (_LEG_OFFSETS[2] + feet @ _SOLES)
    lowest: float = min(*soles[:, 1].ravel().tolist(), *(knees[:, 1, 0] - _KNEE_RADIUS).tolist(), -_SEAT)
    return -lowest
