"""The solver: from the landmarks of a stream's frames to the rig. docs/tracking.md says how, and how well."""

from math import radians

import numpy as np

from holistic_rtc.tracking.base import HolisticResult

from . import expressions as faces
from .easing import Eased, Presence, mix
from .joints import frame, unit
from .limbs import DIGITS, LIMBS, Limbs, solve_digits
from .quaternions import Array, blend, from_matrix, multiply, rotate, scaled, to_matrix
from .rest import RELAXED
from .skeleton import ARKIT_BLENDSHAPES, BONE_INDEX, BONES, EXPRESSIONS, OFFSETS, Rig

TO_VRM = np.array((1.0, -1.0, -1.0))
"""MediaPipe's world: x to the right of the picture, y down, z away from the camera"""
NECK_LIMIT, SPINE_LIMIT = radians(45), radians(40)
"""The most that neck and head, and spine and chest, are each turned by"""
SPINE_YAW = 0.7
"""How far the shoulders turn over unseen hips, in radians, before the hips follow"""
MIN_HAND, FULL_HAND = 0.02, 0.07
"""Metres from wrist to knuckles, at which a hand's score is 0, and 1"""
MAX_SIDEWAYS = 1.5
"""Metres from the middle of the picture, of the hips"""

# The parts that come and go, and the landmarks of the pose that have to be visible for that.
_POSE_PARTS: dict[str, tuple[int, ...]] = {
    "torso": (11, 12),
    "hips": (23, 24),
    "leftUpperArm": (11, 13),
    "rightUpperArm": (12, 14),
    "leftLowerArm": (11, 13, 15),
    "rightLowerArm": (12, 14, 16),
    "leftLeg": (23, 24, 25, 27),
    "rightLeg": (23, 24, 26, 28),
    "leftFoot": (23, 24, 25, 27, 29, 31),
    "rightFoot": (23, 24, 26, 28, 30, 32),
}
PARTS = (*_POSE_PARTS, "leftHand", "rightHand", "head")
_PART = {part: index for index, part in enumerate(PARTS)}
_WIDEST = max(map(len, _POSE_PARTS.values()))
_POSE_POINTS = np.array([(*points, *(points[-1:] * (_WIDEST - len(points)))) for points in _POSE_PARTS.values()])


def _part_of(bone: str) -> str:
    if bone in ("hips", "spine", "chest"):
        return "torso"
    if bone in ("neck", "head", "leftEye", "rightEye"):
        return "head"
    side = "left" if bone.startswith("left") else "right"
    name = bone.removeprefix(side)
    if name in ("UpperArm", "LowerArm", "Foot"):
        return bone
    return side + ("Leg" if name in ("UpperLeg", "LowerLeg") else "Hand")


_BONE_PARTS = np.array([_PART[_part_of(bone)] for bone in BONES])
_TIPS = np.array([_PART[part] for part in ("leftHand", "rightHand", "leftFoot", "rightFoot")])
_LOWER = np.array([_PART[part] for part in ("leftLowerArm", "rightLowerArm", "leftLeg", "rightLeg")])
_HANDS = slice(_PART["leftHand"], _PART["rightHand"] + 1)
_LOWER_ARMS = slice(_PART["leftLowerArm"], _PART["rightLowerArm"] + 1)
_UPPER_ARMS = slice(_PART["leftUpperArm"], _PART["rightUpperArm"] + 1)
_HEAD, _TORSO, _HIPS = _PART["head"], _PART["torso"], _PART["hips"]
_SCORES = len(EXPRESSIONS) + len(ARKIT_BLENDSHAPES)
_TRUNK = [BONE_INDEX[bone] for bone in ("hips", "spine", "chest", "neck", "head")]
_EYES = [BONE_INDEX[bone] for bone in ("leftEye", "rightEye")]


class RigSolver:
    """
    Solves the rig of one stream.

    It has no memory but that of easing: a part that isn't seen any more goes to :data:`~.rest.RELAXED`, and one that is
    seen again to where it is, as ``easing.py`` says. What it is given should be smoothed already.
    """

    def __init__(self) -> None:
        self._presence = Presence(len(PARTS))
        self._rotations = Eased(RELAXED, _BONE_PARTS, blend)
        self._roll = Eased(np.zeros(4), _TIPS, mix)
        self._scores = Eased(np.zeros(_SCORES), np.full(_SCORES, _HEAD), mix)
        self._sideways = Eased(np.zeros(1), np.array([_TORSO]), mix)
        self._shown = RELAXED

    def solve(self, result: HolisticResult, timestamp_ms: int) -> Rig | None:
        """
        The rig of the next frame.

        :param result: refined, see :class:`holistic_rtc.tracking.refine.Refiner`.
        :param timestamp_ms: time of the frame, greater than that of the frame before.
        :return: None when nobody is seen and everything is at rest.
        """
        hands = _hands(result)
        presence = self._presence
        presence.update(_scores(result, hands), timestamp_ms)
        if presence.at_rest:
            return None
        found = RELAXED.copy()
        chest = np.identity(3)
        if result.pose_world_landmarks is not None:
            pose = result.pose_world_landmarks * TO_VRM
            chest = self._solve_body(pose, hands, found)
        scores = np.zeros(_SCORES)
        if result.face_transform is not None:
            turn = from_matrix(chest.T @ result.face_transform[:3, :3])
            found[_TRUNK[3:]] = scaled(turn, 0.5, NECK_LIMIT)
        if result.face_blendshapes is not None:
            blendshapes = result.face_blendshapes.astype(float)
            scores[: len(EXPRESSIONS)] = faces.expressions(blendshapes)
            scores[len(EXPRESSIONS) :] = faces.arkit(blendshapes)
            found[_EYES] = faces.eyes(scores[: len(EXPRESSIONS)])

        rotations = self._rotations.step(found, presence)
        # Of the two quaternions of a rotation, the one that is near to that of the frame before.
        rotations = rotations * np.where((rotations * self._shown).sum(axis=-1, keepdims=True) < 0, -1, 1)
        self._shown = rotations
        sideways = self._sideways.step(np.array([_sideways(result, presence.weight[_HIPS])]), presence)
        scores = self._scores.step(scores, presence)
        return Rig(
            rotations=rotations.astype(np.float32),
            hips_position=np.array((sideways[0], _height(rotations), 0), np.float32),
            expressions=scores[: len(EXPRESSIONS)].astype(np.float32),
            arkit=scores[len(EXPRESSIONS) :].astype(np.float32),
        )

    def _solve_body(self, pose: Array, hands: Array, found: Array) -> Array:
        """Fill in the rotations of all bones but the head's; give the chest's in the world."""
        presence = self._presence
        hips = chest = np.identity(3)
        weight = presence.weight
        matrices = np.empty((len(BONES), 3, 3))
        matrices[:] = np.identity(3)
        if presence.seen[_TORSO]:
            hips, chest = _torso(pose, float(weight[_HIPS]))
            half = scaled(from_matrix(hips.T @ chest), 0.5, SPINE_LIMIT)
            step = to_matrix(half)
            chest = hips @ step @ step
            matrices[_TRUNK[0]], matrices[_TRUNK[1]], matrices[_TRUNK[2]] = hips, step, step
        limbs = Limbs(pose, np.stack((chest, chest, hips, hips)), hands, weight[_LOWER])
        roll = self._roll.step(limbs.roll, presence)
        matrices[LIMBS], frames = limbs.solve(roll)
        matrices[DIGITS] = solve_digits(hands, frames)
        found[:] = from_matrix(matrices)
        return chest


def _scores(result: HolisticResult, hands: Array) -> Array:
    """(13,) how well each of the parts can be seen."""
    scores = np.zeros(len(PARTS))
    if result.pose_visibility is not None and result.pose_world_landmarks is not None:
        scores[: len(_POSE_PARTS)] = result.pose_visibility[_POSE_POINTS].min(axis=1)
    spans = np.sqrt(((hands[:, 9] - hands[:, 0]) ** 2).sum(axis=-1))
    scores[_HANDS] = ((spans - MIN_HAND) / (FULL_HAND - MIN_HAND)).clip(0, 1)
    # Where a hand is seen, so is the wrist.
    scores[_LOWER_ARMS] = np.maximum(scores[_LOWER_ARMS], np.minimum(scores[_HANDS], scores[_UPPER_ARMS]))
    scores[_HANDS] = np.minimum(scores[_HANDS], (scores[_TORSO] > 0) * 1.0)
    scores[_HEAD] = result.face_transform is not None
    return scores


def _hands(result: HolisticResult) -> Array:
    """(2, 21, 3) in VRM's space, zeros for a hand that isn't there."""
    hands = np.zeros((2, 21, 3))
    for i, landmarks in enumerate((result.left_hand_world_landmarks, result.right_hand_world_landmarks)):
        if landmarks is not None:
            hands[i] = landmarks * TO_VRM
    return hands


def _torso(pose: Array, hips_weight: float) -> tuple[Array, Array]:
    """
    World rotations of hips and chest.

    Of hips that aren't seen it is known only that they turn about the vertical when the shoulders turn far: the spine
    takes ``SPINE_YAW * sin(yaw)`` of it, which is most of a small turn, and nothing of somebody who has turned round.
    """
    shoulders = pose[11] - pose[12]
    yaw = np.arctan2(-shoulders[2], shoulders[0])
    yaw -= SPINE_YAW * np.sin(yaw)
    line = np.array((np.cos(yaw), 0.0, -np.sin(yaw)))
    up = np.array((0.0, 1.0, 0.0))
    if hips_weight > 0:
        line += hips_weight * (unit(pose[23] - pose[24]) - line)
        up += hips_weight * (unit(pose[11] + pose[12] - pose[23] - pose[24]) - up)
    axes = frame(np.stack((line, shoulders)), up)
    return axes[0], axes[1]


def _sideways(result: HolisticResult, hips_weight: float) -> float:
    """
    Metres of the hips from the middle of the picture, to the person's left.

    How many metres the picture is wide follows from how far the landmarks spread in it and in the world. Where the hips
    aren't seen they are taken to be under the shoulders.
    """
    image, world = result.pose_landmarks, result.pose_world_landmarks
    if image is None or world is None:
        return 0.0
    x = image[:, 0]
    middle = (x[11] + x[12]) / 2 * (1 - hips_weight) + (x[23] + x[24]) / 2 * hips_weight
    metres = world[:, 0].std() / max(float(x.std()), 1e-3)
    return float(np.clip((middle - 0.5) * metres, -MAX_SIDEWAYS, MAX_SIDEWAYS))


# Points of the body that can touch the floor, as seen from the bone's beginning: (bone, metres).
_LEGS = LIMBS[:, 2:]
_SOLE = np.array(((0.0, -0.06, -0.05), (0.0, -0.06, 0.14)))
_KNEE_RADIUS, _SEAT = 0.06, 0.1


def _height(rotations: Array) -> float:
    """Metres of the hips over the floor, which the lowest of soles, knees and seat touches."""
    offsets = OFFSETS[_LEGS].astype(float)
    hips = rotations[0]
    upper = multiply(hips, rotations[_LEGS[0]])
    lower = multiply(upper, rotations[_LEGS[1]])
    feet = multiply(lower, rotations[_LEGS[2]])
    knees = rotate(hips, offsets[0]) + rotate(upper, offsets[1])
    ankles = knees + rotate(lower, offsets[2])
    soles = ankles[:, np.newaxis] + rotate(feet[:, np.newaxis], _SOLE)
    return float(-min(soles[..., 1].min(), knees[:, 1].min() - _KNEE_RADIUS, -_SEAT))
