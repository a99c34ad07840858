"""Landmarks of the skeleton in a pose, made by forward kinematics: what a perfect tracker would find."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from holistic_rtc.model.geometry import IDENTITY, Array, from_axis_angle, from_matrix, rotate, to_matrix
from holistic_rtc.model.result import FloatArray, HolisticResult
from holistic_rtc.model.rig import OFFSETS, Rig
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONE_INDEX, BONES, EXPRESSIONS
from holistic_rtc.motion.rig.fingers import DIGIT_AXES
from holistic_rtc.motion.rig.kinematics import forward

FINGERS = ("Index", "Middle", "Ring", "Little")
AXES = dict(zip("xyz", np.identity(3), strict=True))

POSE_MIRROR = np.array((0, 4, 5, 6, 1, 2, 3, *(i + 1 if i % 2 else i - 1 for i in range(7, 33))))
"""Which landmark of the pose is found in a mirrored picture where there is one in the picture"""
BONE_MIRROR = np.array(
    [
        BONE_INDEX[{"left": "right", "right": "left"}[side] + bone.removeprefix(side)]
        if (side := next((s for s in ("left", "right") if bone.startswith(s)), ""))
        else BONE_INDEX[bone]
        for bone in BONES
    ]
)


def turn(*steps: tuple[str, float]) -> Array:
    """A rotation made of turns in degrees about x, y, z or -x, -y, -z, each in the axes left by those before."""
    rotation = np.identity(3)
    for axis, degrees in steps:
        sign = -1 if axis.startswith("-") else 1
        rotation = rotation @ to_matrix(from_axis_angle(sign * AXES[axis[-1]], np.radians(degrees)))
    turned: Array = from_matrix(rotation[np.newaxis])[0]
    return turned


def mirrored(rotations: NDArray[np.floating]) -> Array:
    """The pose (49, 4) in a mirror."""
    there: Array = rotations[BONE_MIRROR] * np.array((1, -1, -1, 1))
    return there


def pose(left: Mapping[str, Array] | None = None, **bones: Array) -> Array:
    """
    (49, 4) local rotations.

    :param left: bones of the left side without ``left``, to which those of the right side are mirrored.
    :param bones: others, by their whole names.
    """
    rotations = np.tile(IDENTITY, (len(BONES), 1))
    for bone, rotation in (left or {}).items():
        rotations[BONE_INDEX["left" + bone]] = rotation
        rotations[BONE_INDEX["right" + bone]] = rotation * (1, -1, -1, 1)
    for bone, rotation in bones.items():
        rotations[BONE_INDEX[bone]] = rotation
    return rotations


def rig_of(rotations: Array) -> Rig:
    return Rig(
        rotations=rotations.astype(np.float32),
        hips_position=OFFSETS[0],
        expressions=np.zeros(len(EXPRESSIONS), np.float32),
        arkit=np.zeros(len(ARKIT_BLENDSHAPES), np.float32),
    )


def landmarks_of(rotations: Array) -> HolisticResult:
    """What is found of a skeleton in a pose when all of it can be seen."""
    world, positions = forward(rig_of(rotations))

    def at(bone: str, offset: Iterable[float] = (0, 0, 0)) -> Array:
        index = BONE_INDEX[bone]
        point: Array = positions[index] + rotate(world[index], np.array(offset, float))
        return point

    points = np.tile(at("head", (0, 0.05, 0.1)), (33, 1))
    hands = np.zeros((2, 21, 3))
    for i, side in enumerate(("left", "right")):
        for first, bone in enumerate(("UpperArm", "LowerArm", "Hand")):
            points[11 + 2 * first + i] = at(side + bone)
        points[[17 + i, 19 + i, 21 + i]] = [at(f"{side}{finger}Proximal") for finger in ("Little", "Index", "Thumb")]
        for first, bone in enumerate(("UpperLeg", "LowerLeg", "Foot")):
            points[23 + 2 * first + i] = at(side + bone)
        points[29 + i], points[31 + i] = at(side + "Foot", (0, -0.06, -0.05)), at(side + "Foot", (0, -0.06, 0.14))
        hands[i, 0] = at(side + "Hand")
        chains = {"Thumb": ("Metacarpal", "Proximal", "Distal")}
        chains |= dict.fromkeys(FINGERS, ("Proximal", "Intermediate", "Distal"))
        for digit, (finger, joints) in enumerate(chains.items()):
            bones = [side + finger + joint for joint in joints]
            tip = at(bones[-1], OFFSETS[BONE_INDEX[bones[-1]]])
            hands[i, 1 + 4 * digit : 5 + 4 * digit] = [*map(at, bones), tip]
    origin = (points[23] + points[24]) / 2
    face = np.identity(4)
    face[:3, :3] = to_matrix(world[BONE_INDEX["head"]])
    points, hands = points - origin, hands - origin
    return HolisticResult(
        pose_landmarks=_in_mediapipe(points) * np.float32(0.5) + np.float32(0.5),
        pose_visibility=np.ones(33, np.float32),
        pose_world_landmarks=_in_mediapipe(points),
        face_transform=face.astype(np.float32),
        left_hand_world_landmarks=_in_mediapipe(hands[0]),
        right_hand_world_landmarks=_in_mediapipe(hands[1]),
    )


def _in_mediapipe(points: Array) -> FloatArray:
    """x to the right of the picture, which is to the person's left, y down, z away from the camera."""
    return (points * (1, -1, -1)).astype(np.float32)


def mirrored_picture(result: HolisticResult) -> HolisticResult:
    """What is found in the mirrored picture."""

    def flip(points: FloatArray | None, width: float = 0) -> FloatArray | None:
        return None if points is None else (points * (-1, 1, 1) + (width, 0, 0)).astype(np.float32)

    image, world, visibility = result.pose_landmarks, result.pose_world_landmarks, result.pose_visibility
    face = result.face_transform
    flipped = np.diag((-1.0, 1.0, 1.0, 1.0))
    return replace(
        result,
        pose_landmarks=None if image is None else flip(image[POSE_MIRROR], 1),
        pose_world_landmarks=None if world is None else flip(world[POSE_MIRROR]),
        pose_visibility=None if visibility is None else visibility[POSE_MIRROR],
        left_hand_world_landmarks=flip(result.right_hand_world_landmarks),
        right_hand_world_landmarks=flip(result.left_hand_world_landmarks),
        face_transform=None if face is None else (flipped @ face @ flipped).astype(np.float32),
    )


def with_visibility(result: HolisticResult, points: Iterable[int], visibility: float) -> HolisticResult:
    assert result.pose_visibility is not None
    changed = result.pose_visibility.copy()
    changed[list(points)] = visibility
    return replace(result, pose_visibility=changed)


def degrees_between(first: NDArray[np.floating], second: NDArray[np.floating]) -> Array:
    """(...) by what angle rotations (..., 4) differ."""
    chord = np.minimum(np.linalg.norm(first - second, axis=-1), np.linalg.norm(first + second, axis=-1))
    angles: Array = np.degrees(4 * np.arcsin(np.minimum(chord / 2, 1)))
    return angles


def digits(proximal: Array, intermediate: Array, distal: Array) -> dict[str, Array]:
    joints = {"Proximal": proximal, "Intermediate": intermediate, "Distal": distal}
    return {finger + joint: rotation for finger in FINGERS for joint, rotation in joints.items()}


def thumb(degrees: float) -> Array:
    """Of the left hand, bent about the axis of its hinges."""
    return from_axis_angle(-DIGIT_AXES[0, 0, 0, :, 1], np.radians(degrees))


SITTING = {"UpperLeg": turn(("-x", 90)), "LowerLeg": turn(("x", 90))}
POSES: Mapping[str, Array] = {
    "T": pose(),
    "A": pose({"UpperArm": turn(("-z", 45))}),
    "arms at the sides": pose({"UpperArm": turn(("-z", 85))}),
    "arms up": pose({"UpperArm": turn(("z", 85))}),
    "arms forward": pose({"UpperArm": turn(("-y", 90))}),
    "hands up": pose({"UpperArm": turn(("-x", 90)), "LowerArm": turn(("-y", 90))}),
    "arms crossed": pose(
        leftUpperArm=turn(("-z", 65), ("-y", 30), ("-x", 40)),
        leftLowerArm=turn(("-y", 100)),
        rightUpperArm=turn(("z", 70), ("y", 25), ("-x", 35)),
        rightLowerArm=turn(("y", 110)),
    ),
    "hand behind the head": pose({"UpperArm": turn(("z", 50), ("-x", 130)), "LowerArm": turn(("-y", 130))}),
    "elbows bent, palms up": pose(
        {"UpperArm": turn(("-z", 80)), "LowerArm": turn(("-y", 90), ("-x", 40)), "Hand": turn(("-x", 40))}
    ),
    "wrists bent": pose({"LowerArm": turn(("-y", 60)), "Hand": turn(("-y", 10), ("-z", 50))}),
    "fists": pose(
        {
            **digits(turn(("-z", 80)), turn(("-z", 95)), turn(("-z", 60))),
            **{"ThumbMetacarpal": thumb(10), "ThumbProximal": thumb(40), "ThumbDistal": thumb(50)},
        }
    ),
    "fingers spread": pose(
        {
            "IndexProximal": turn(("-y", 15)),
            "MiddleProximal": turn(("-y", 4)),
            "RingProximal": turn(("y", 8)),
            "LittleProximal": turn(("y", 20)),
            "ThumbMetacarpal": thumb(-20),
        }
    ),
    "sitting": pose(SITTING),
    "sitting, toes out": pose({**SITTING, "UpperLeg": turn(("-x", 80), ("-z", 20)), "Foot": turn(("y", 20))}),
    "kneeling": pose({"LowerLeg": turn(("x", 90)), "Foot": turn(("x", 40))}),
    "squat": pose({"UpperLeg": turn(("y", 20), ("-x", 100)), "LowerLeg": turn(("x", 120)), "Foot": turn(("-x", 20))}),
    "turned, leaning": pose(hips=turn(("y", 70), ("x", 25))),
    "spine twisted": pose(hips=turn(("y", 30)), spine=turn(("y", 20)), chest=turn(("y", 20))),
}
