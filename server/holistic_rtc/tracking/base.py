"""What a tracking engine gives, whatever the engine."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class HolisticResult:
    """The landmarks of one person in one frame; a part that was not seen is None.

    Image landmarks are ``(n, 3)`` float32: x and y as fractions of the frame (x right, y down, may lie outside
    [0, 1]), z in units of the frame's width, smaller is nearer. World landmarks are ``(n, 3)`` float32 in metres.
    Left and right are the person's own. Names and order of the points are MediaPipe's.
    """

    pose_landmarks: FloatArray | None = None
    """(33, 3)"""
    pose_visibility: FloatArray | None = None
    """(33,), 0 to 1; comes and goes with ``pose_landmarks``"""
    pose_world_landmarks: FloatArray | None = None
    """(33, 3), origin between the hips"""
    face_landmarks: FloatArray | None = None
    """(478, 3): 468 of the mesh, then 5 of each iris, the right one first"""
    face_blendshapes: FloatArray | None = None
    """(52,) scores from 0 to 1, ``_neutral`` first"""
    face_transform: FloatArray | None = None
    """(4, 4) rigid: from the canonical face model to the camera's space, in centimetres, as MediaPipe's FaceLandmarker
    gives it. The camera is at the origin and looks along -z; x right, y up"""
    left_hand_landmarks: FloatArray | None = None
    """(21, 3)"""
    left_hand_world_landmarks: FloatArray | None = None
    """(21, 3), origin between the hips: the wrist is that of the pose"""
    right_hand_landmarks: FloatArray | None = None
    """(21, 3)"""
    right_hand_world_landmarks: FloatArray | None = None
    """(21, 3), origin between the hips: the wrist is that of the pose"""


class PictureTracker(Protocol):
    """A tracking engine for pictures that have nothing to do with each other. Made, used and closed on one thread."""

    def detect(self, image: Image) -> HolisticResult:
        """
        Find the person in a picture.

        :param image: ``(height, width, 3)`` uint8 RGB, of any size.
        :raises TrackerError: the engine failed; the tracker can't be used any more.
        """

    def forget(self) -> None:
        """Get ready for the next picture: what can be done before it comes."""

    def close(self) -> None:
        """Free the engine. May be called twice."""


class Tracker(Protocol):
    """A tracking engine for one stream of frames. Made, used and closed on one thread."""

    def track(self, image: Image, timestamp_ms: int) -> HolisticResult:
        """
        Find the person in the next frame of the stream.

        :param image: ``(height, width, 3)`` uint8 RGB; its size may differ from frame to frame.
        :param timestamp_ms: time of the frame, greater than that of the frame before.
        :raises TrackerError: the engine failed; the tracker can't be used any more.
        """

    def close(self) -> None:
        """Free the engine. May be called twice."""
