"""The tracking result of one frame."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class HolisticResult:
    """The landmarks of one person in one frame. Parts that were not seen are None.

    Image landmarks are ``(n, 3)`` float32: x and y as fractions of the frame (x right, y down, may lie outside
    [0, 1]), z in units of the frame's width, where smaller is nearer. World landmarks are ``(n, 3)`` float32 in metres.
    Left and right are the person's. Names and order of the points are MediaPipe's.
    """

    pose_landmarks: FloatArray | None = None
    """(33, 3)"""
    pose_visibility: FloatArray | None = None
    """(33,), 0 to 1; set whenever ``pose_landmarks`` is"""
    pose_world_landmarks: FloatArray | None = None
    """(33, 3), origin between the hips"""
    face_landmarks: FloatArray | None = None
    """(478, 3): 468 of the mesh, then 5 of each iris, the right one first"""
    face_blendshapes: FloatArray | None = None
    """(52,) scores from 0 to 1, ``_neutral`` first"""
    face_transform: FloatArray | None = None
    """(4, 4) rigid transform from the canonical face model to camera space, in centimetres, as in MediaPipe's
    FaceLandmarker. The camera is at the origin and looks along -z; x right, y up"""
    left_hand_landmarks: FloatArray | None = None
    """(21, 3)"""
    left_hand_world_landmarks: FloatArray | None = None
    """(21, 3), origin between the hips: the wrist is that of the pose"""
    right_hand_landmarks: FloatArray | None = None
    """(21, 3)"""
    right_hand_world_landmarks: FloatArray | None = None
    """(21, 3), origin between the hips: the wrist is that of the pose"""

    @property
    def has_anything(self) -> bool:
        """Whether any part was seen."""
        return any(getattr(self, field.name) is not None for field in fields(self))


Persons = Mapping[int, HolisticResult]
"""The people in a frame, by id; empty if nobody is there. A person keeps the id from frame to frame"""


def single_person(result: HolisticResult) -> Persons:
    """The only person that an engine looks for, or nobody if nothing was seen."""
    return {0: result} if result.has_anything else {}
