"""Computes the rig from the landmarks of a stream. docs/tracking.md describes the method and its accuracy."""

from dataclasses import replace
from math import isfinite, radians
from operator import or_

import numpy as np

from holistic_rtc.model.geometry import IDENTITY, Array, blend, from_matrix, half, to_matrix
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.model.rig import Rig
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONE_INDEX, BONES, EXPRESSIONS
from holistic_rtc.motion.rig import expressions as faces
from holistic_rtc.motion.rig.easing import Calmed, Eased, Presence, mix
from holistic_rtc.motion.rig.fingers import DIGIT_AXES, DIGITS, NO_HANDS, hand_frames, solve_digits
from holistic_rtc.motion.rig.limbs import LIMB_AXES, LIMBS, Limbs, turned_over
from holistic_rtc.motion.rig.rest import RELAXED
from holistic_rtc.motion.rig.trunk import STANDING, bend_spine, height, hips_and_chest, sideways

TO_VRM = np.array((1.0, -1.0, -1.0))
"""Signs that convert MediaPipe's world, with x to the right of the image, y down and z away from the camera"""
NECK_LIMIT = radians(45)
"""Maximum rotation of the neck, and of the head relative to it"""
MIN_HAND, FULL_HAND = 0.02, 0.07
"""Lengths of a palm, in metres from the wrist to the middle of the knuckles, at which a hand's score is 0 and 1"""

# Parts that can come into view or be lost, with the pose landmarks that must be visible for them to count as seen.
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
_ARM_PARTS = [[_PART[side + part] for side in ("left", "right")] for part in ("Hand", "LowerArm", "UpperArm")]
_LEGS = slice(_PART["leftLeg"], _PART["rightLeg"] + 1)
_HEAD, _TORSO, _HIPS = _PART["head"], _PART["torso"], _PART["hips"]
_SPINE_AND_CHEST = slice(BONE_INDEX["spine"], BONE_INDEX["chest"] + 1)
_NECK_AND_HEAD = slice(BONE_INDEX["neck"], BONE_INDEX["head"] + 1)
_EYES = np.array([BONE_INDEX[bone] for bone in ("leftEye", "rightEye")])
_IDENTITY = np.identity(3)
# The arrays that the solver reads from a result.
_ARRAYS = (
    *("pose_landmarks", "pose_world_landmarks", "pose_visibility"),
    *("left_hand_world_landmarks", "right_hand_world_landmarks"),
    *("face_transform", "face_blendshapes"),
)
# Numbers that are eased in addition to the bones: expressions, ARKit's blendshapes, and the hips' sideways position.
_EXPRESSIONS = slice(0, len(EXPRESSIONS))
_ARKIT = slice(_EXPRESSIONS.stop, _EXPRESSIONS.stop + len(ARKIT_BLENDSHAPES))
# The gaze and the moods, which are noisy, and may lag behind lips and eyelids.
_CALMED = slice(EXPRESSIONS.index("lookUp"), len(EXPRESSIONS))
# ARKit's blendshapes without tongueOut, which MediaPipe doesn't detect.
_BLENDSHAPES = slice(_ARKIT.start, _ARKIT.stop - 1)
_NUMBER_PARTS = np.array([_HEAD] * _ARKIT.stop + [_TORSO])


class RigSolver:
    """
    Solves the rig of one stream.

    Its only state is that of ``easing.py``: a lost part moves to :data:`~.rest.RELAXED`, a part that comes into view
    moves to where it is seen, and gaze and moods are low-pass filtered. Results should already be smoothed.
    """

    def __init__(self) -> None:
        self._presence = Presence(len(PARTS))
        self._rotations = Eased(RELAXED, _BONE_PARTS, blend)
        self._roll = Eased(np.zeros(len(_TIPS)), _TIPS, mix)
        self._numbers = Eased(np.zeros(len(_NUMBER_PARTS)), _NUMBER_PARTS, mix)
        self._calmed = Calmed()
        self._shown = RELAXED

    def solve(self, result: HolisticResult, timestamp_ms: int) -> Rig | None:
        """
        Compute the rig of the next frame.

        :param result: refined, see :class:`holistic_rtc.motion.refine.Refiner`.
        :param timestamp_ms: the frame's time, greater than that of the previous frame.
        :return: None when nobody is seen and all parts are at rest.
        """
        result = _finite(result)
        pose = None if result.pose_world_landmarks is None else result.pose_world_landmarks * TO_VRM
        hands = _hands(result)
        palms, spans, wrong = NO_HANDS if hands is None else hand_frames(hands)
        if hands is not None and pose is not None:
            wrong = list(map(or_, wrong, turned_over(pose, hands)))
        presence = self._presence
        presence.update(_scores(result, spans, wrong), timestamp_ms)
        if presence.at_rest:
            for eased in (self._rotations, self._roll, self._numbers):
                eased.rest()
            return None

        if pose is None:
            found, chest = RELAXED.copy(), self._shown_trunk(_IDENTITY, _IDENTITY, IDENTITY)[1]
            # Keeps track of the parts that have come into view or been lost.
            self._roll.step(np.zeros(len(_TIPS)), presence)
        else:
            found, chest = self._solve_body(pose, hands, palms)
        if result.face_transform is not None:
            found[_NECK_AND_HEAD] = half(chest.T @ result.face_transform[:3, :3], NECK_LIMIT)
        numbers = np.zeros(len(_NUMBER_PARTS))
        if result.face_blendshapes is None:
            self._calmed.forget()
        else:
            expressions = faces.expressions(result.face_blendshapes)
            expressions[_CALMED] = self._calmed.step(expressions[_CALMED], presence.step_ms)
            numbers[_EXPRESSIONS] = expressions
            numbers[_BLENDSHAPES] = result.face_blendshapes[1:]
            found[_EYES] = faces.eyes(expressions)
        numbers[-1] = sideways(result, float(presence.weight[_HIPS]))

        rotations = self._rotations.step(found, presence)
        # q and -q are the same rotation: use the one closer to the previous frame's.
        opposite = np.vecdot(rotations, self._shown) < 0
        if opposite.any():
            rotations = np.where(opposite[:, np.newaxis], -rotations, rotations)
        self._shown = rotations
        numbers = self._numbers.step(numbers, presence)
        hips_height = height(rotations) if presence.weight[_LEGS].any() else STANDING
        return Rig(
            rotations=rotations.astype(np.float32),
            hips_position=np.array((numbers[-1], hips_height, 0), np.float32),
            expressions=numbers[_EXPRESSIONS].astype(np.float32),
            arkit=numbers[_ARKIT].astype(np.float32),
        )

    def _solve_body(self, pose: Array, hands: Array | None, palms: Array) -> tuple[Array, Array]:
        """
        :return: (49, 4) rotations of all bones, with the identity for those of neck, head and eyes, and (3, 3) the
            chest's world rotation.
        """
        presence = self._presence
        hips, chest, spine = _IDENTITY, _IDENTITY, IDENTITY
        if presence.seen[_TORSO]:
            weight = presence.weight
            hips, chest = hips_and_chest(pose, float(weight[_HIPS]), float(weight[_LEGS].max()))
            spine, chest = bend_spine(hips, chest)
        joints = _IDENTITIES.copy()
        joints[0] = hips
        hips, chest = self._shown_trunk(hips, chest, spine)
        limbs = Limbs(pose, np.array((chest, chest, hips, hips)), palms, presence.weight[_LOWER])
        limb_joints, palms = limbs.solve(self._roll.step(limbs.roll, presence))
        joints[1 : 1 + LIMBS.size] = limb_joints.reshape(-1, 3, 3)
        rotations = np.zeros((len(BONES), 4))
        rotations[:, 3] = 1
        if hands is not None and presence.seen[_HANDS].any():
            digit_joints, hinges = solve_digits(hands, palms)
            joints[1 + LIMBS.size :] = digit_joints.reshape(-1, 3, 3)
            rotations[_HINGES, 1], rotations[_HINGES, 3] = np.sin(hinges / -2), np.cos(hinges / 2)
        rotations[_JOINTS] = from_matrix(joints)
        # From the joints' axes to VRM's.
        rotations[:, :3] = np.matvec(_AXES, rotations[:, :3])
        rotations[_SPINE_AND_CHEST] = spine
        return rotations, chest

    def _shown_trunk(self, hips: Array, chest: Array, spine: Array) -> tuple[Array, Array]:
        """
        The world rotations of hips and chest as shown, also during their transitions, so that the limbs attached to
        them are where they are seen.

        :param hips: (3, 3) observed, like ``chest``.
        :param spine: (4,) observed rotation of spine and chest, each relative to its parent.
        :return: (3, 3) each.
        """
        if self._presence.progress[_TORSO] == 1:
            return hips, chest
        trunk = np.array((from_matrix(hips[np.newaxis])[0], spine, spine))
        hips, lower, upper = to_matrix(self._rotations.first(trunk, self._presence))
        return hips, hips @ lower @ upper


def _joint_axes() -> Array:
    axes = np.tile(np.identity(3), (len(BONES), 1, 1))
    axes[LIMBS] = LIMB_AXES
    axes[DIGITS] = DIGIT_AXES
    # Mirroring reverses the sense of rotation.
    turned: Array = axes * np.linalg.det(axes)[:, np.newaxis, np.newaxis]
    return turned


_AXES = _joint_axes()
# Joints whose rotations are computed as matrices, and hinges of the fingers, for which there is only an angle.
_JOINTS = np.array((0, *LIMBS.flat, *DIGITS[:, :, 0].flat))
_HINGES = DIGITS[:, :, 1:]
_IDENTITIES = np.tile(_IDENTITY, (len(_JOINTS), 1, 1))


def _finite(result: HolisticResult) -> HolisticResult:
    """Remove parts with non-finite numbers: as in messages, they count as not seen."""
    arrays = ((name, getattr(result, name)) for name in _ARRAYS)
    # Checking the sum of the squares takes half the time of checking each number.
    broken = [name for name, array in arrays if array is not None and not isfinite(np.vdot(array, array))]
    return replace(result, **dict.fromkeys(broken)) if broken else result


def _hands(result: HolisticResult) -> Array | None:
    """(2, 21, 3) in VRM's space, with zeros for a hand that isn't seen; None if neither is."""
    if result.left_hand_world_landmarks is None and result.right_hand_world_landmarks is None:
        return None
    hands = np.zeros((2, 21, 3))
    for i, landmarks in enumerate((result.left_hand_world_landmarks, result.right_hand_world_landmarks)):
        if landmarks is not None:
            hands[i] = landmarks * TO_VRM
    return hands


def _scores(result: HolisticResult, spans: list[float], wrong: list[bool]) -> Array:
    """
    How well each part is visible: (13,) from 0 to 1.

    :param spans: length of each palm, in metres.
    :param wrong: whether each hand was detected inside out or turned over.
    """
    scores = np.zeros(len(PARTS))
    if result.pose_visibility is not None and result.pose_world_landmarks is not None:
        scores[: len(_POSE_PARTS)] = np.minimum.reduce(result.pose_visibility[_POSE_POINTS], axis=1)
        for span, is_wrong, hand, lower, upper in zip(spans, wrong, *_ARM_PARTS, strict=True):
            found = min(max((span - MIN_HAND) / (FULL_HAND - MIN_HAND), 0), 1)
            scores[hand] = 0 if is_wrong else found
            # If a hand is found, its wrist is visible.
            scores[lower] = max(scores[lower], min(found, scores[upper]))
    scores[_HEAD] = result.face_transform is not None
    return scores
