"""
The parts of a landmark message and the names of their contents. The Python code, the TypeScript client, the OpenAPI
document and docs/protocol.md all use this one table. Doesn't import NumPy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType


class Part(StrEnum):
    """A part of the message that a client can request, named as in the schema."""

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
    """How to interpret a part's numbers."""

    POINTS = auto()
    """x, y and z of each point"""
    SCORES = auto()
    """a score from 0 to 1 for each name"""
    TRANSFORM = auto()
    """a rigid transform"""
    RIG = auto()
    """the pose of an avatar"""


@dataclass(frozen=True, slots=True)
class PartSpec:
    """
    :param kind: what the part consists of.
    :param count: the number of points or scores.
    :param attribute: its attribute in :class:`.result.HolisticResult`.
    :param typescript: the corresponding field in the TypeScript client.
    :param holds: its contents, for the documentation.
    :param unit: the units, for the documentation.
    :param optional: whether it is computed and sent only for peers that request it by name.
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

_AFTER_RIG = list(PARTS).index(Part.RIG) + 1

FIELDS = (
    *("seq", "timestamp_ms", "width", "height", "track"),
    *list(PARTS)[:_AFTER_RIG],
    "person",
    *list(PARTS)[_AFTER_RIG:],
)
"""All fields of the message, in the order of the schema, which grows at its end."""

ALL_PARTS = frozenset(PARTS)
DEFAULT_PARTS = frozenset(part for part, spec in PARTS.items() if not spec.optional)
"""Sent to peers that don't request specific parts"""


_BOTH_HANDS = {"hands": (Part.LEFT_HAND, Part.RIGHT_HAND), "hands_world": (Part.LEFT_HAND_WORLD, Part.RIGHT_HAND_WORLD)}


def parse_parts(text: str) -> frozenset[Part]:
    """
    :param text: names of parts, separated by commas. ``hands`` and ``hands_world`` are those of both sides.
    :raises ValueError: it names no part, or an unknown one.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = ", ".join(Part)
    if not names:
        raise ValueError(f"name at least one part; known are {known}")
    parts: set[Part] = set()
    for name in names:
        if name not in ALL_PARTS and name not in _BOTH_HANDS:
            raise ValueError(f"unknown part {name!r}; known are {known}, {', '.join(_BOTH_HANDS)}")
        parts.update(_BOTH_HANDS.get(name) or [Part(name)])
    return frozenset(parts)


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
"""MediaPipe's names, in MediaPipe's order"""

POSE_POINTS = (
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer"),
    *("left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow"),
    *("right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index"),
    *("left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle"),
    *("left_heel", "right_heel", "left_foot_index", "right_foot_index"),
)
"""MediaPipe's names, in MediaPipe's order"""

HAND_POINTS = (
    "wrist",
    *(f"thumb_{joint}" for joint in ("cmc", "mcp", "ip", "tip")),
    *(f"{finger}_{joint}" for finger in ("index", "middle", "ring", "pinky") for joint in ("mcp", "pip", "dip", "tip")),
)
"""MediaPipe's names, in MediaPipe's order: each finger from its base to its tip"""
