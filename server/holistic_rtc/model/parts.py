"""
The parts that a landmark message may have, and the names of what is in them: one table for all that is written of them,
here, in the TypeScript client, in the OpenAPI document and in docs/protocol.md. Needs no NumPy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType


class Part(StrEnum):
    """A part of the message that a client can ask for, named as in the schema."""

    POSE = "pose"
    POSE_WORLD = "pose_world"
    FACE = "face"
    BLENDSHAPES = "blendshapes"
    LEFT_HAND = "left_hand"
    LEFT_HAND_WORLD = "left_hand_world"
    RIGHT_HAND = "right_hand"
    RIGHT_HAND_WORLD = "right_hand_world"
    FACE_TRANSFORM = "face_transform"
    RIG = "rig"


class Kind(Enum):
    """How a part's numbers are to be read."""

    POINTS = auto()
    """x, y and z of each point"""
    SCORES = auto()
    """one from 0 to 1 for each name"""
    TRANSFORM = auto()
    """a rigid transform"""
    RIG = auto()
    """the pose of an avatar"""


@dataclass(frozen=True, slots=True)
class PartSpec:
    """
    :param kind: what it is made of.
    :param count: of its points or scores.
    :param attribute: that it has in a :class:`.result.HolisticResult`.
    :param typescript: the field that it has there in the TypeScript client.
    :param holds: what is in it, for the documentation.
    :param unit: and in which units.
    :param optional: whether it is made and sent only for peers that name it.
    """

    kind: Kind
    count: int
    attribute: str
    typescript: str
    holds: str
    unit: str
    optional: bool = False


_IMAGE = "image coordinates"
_WORLD = "world coordinates, origin between the hips"

PARTS: Mapping[Part, PartSpec] = MappingProxyType(
    {
        Part.POSE: PartSpec(
            *(Kind.POINTS, 33, "pose_landmarks", "poseLandmarks"),
            "33 points and their visibility",
            f"{_IMAGE}; visibility is a likelihood from 0 to 1",
        ),
        Part.POSE_WORLD: PartSpec(
            *(Kind.POINTS, 33, "pose_world_landmarks", "poseWorldLandmarks"),
            "the same 33 points; their visibility is that of `pose`",
            _WORLD,
        ),
        Part.FACE: PartSpec(
            *(Kind.POINTS, 478, "face_landmarks", "faceLandmarks"),
            "468 points of the mesh, then 5 of the right iris and 5 of the left",
            _IMAGE,
        ),
        Part.BLENDSHAPES: PartSpec(
            *(Kind.SCORES, 52, "face_blendshapes", "faceBlendshapes"), "52 scores, `_neutral` first", "0 to 1"
        ),
        Part.LEFT_HAND: PartSpec(*(Kind.POINTS, 21, "left_hand_landmarks", "leftHandLandmarks"), "21 points", _IMAGE),
        Part.LEFT_HAND_WORLD: PartSpec(
            *(Kind.POINTS, 21, "left_hand_world_landmarks", "leftHandWorldLandmarks"),
            "the same 21 points",
            f"{_WORLD}: the wrist is that of `pose_world`",
        ),
        Part.RIGHT_HAND: PartSpec(
            *(Kind.POINTS, 21, "right_hand_landmarks", "rightHandLandmarks"), "21 points", _IMAGE
        ),
        Part.RIGHT_HAND_WORLD: PartSpec(
            *(Kind.POINTS, 21, "right_hand_world_landmarks", "rightHandWorldLandmarks"),
            "the same 21 points",
            f"{_WORLD}: the wrist is that of `pose_world`",
        ),
        Part.FACE_TRANSFORM: PartSpec(
            *(Kind.TRANSFORM, 1, "face_transform", "facialTransformationMatrixes"),
            "where the head is and how it is turned",
            "[centimetres, and a unit quaternion](#the-faces-transform)",
        ),
        Part.RIG: PartSpec(
            *(Kind.RIG, 1, "rig", "rig"),
            "an avatar's pose: bones and expressions; optional",
            "[metres, unit quaternions, scores](#the-rig)",
            optional=True,
        ),
    }
)
"""In the schema's order."""

ALL_PARTS = frozenset(PARTS)
DEFAULT_PARTS = frozenset(part for part, spec in PARTS.items() if not spec.optional)
"""Those of a peer that has named none."""

BLENDSHAPE_NAMES = (
    "_neutral",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
)
"""MediaPipe's, in its order"""
