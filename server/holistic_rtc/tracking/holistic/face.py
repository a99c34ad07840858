"""Tracks the face: ``holistic_face_tracking.cc``, ``face_detector_graph.cc``, ``face_landmarks_detector_graph.cc``."""

from dataclasses import dataclass, replace

import numpy as np

from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic import warp
from holistic_rtc.tracking.holistic.detectors import Decoder
from holistic_rtc.tracking.holistic.follow import Follower, Steps
from holistic_rtc.tracking.holistic.frame import Frame
from holistic_rtc.tracking.holistic.gates import Gates
from holistic_rtc.tracking.holistic.landmarks import depth_scale, to_frame
from holistic_rtc.tracking.holistic.networks import SPECS, Network
from holistic_rtc.tracking.holistic.pose import Pose
from holistic_rtc.tracking.holistic.regions import SIDEWAYS, Limits, Region, box, direction
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime

POSE_POINTS = 11
"""The first points of the pose are on the face"""
POSE_EYES = (5, 2)
"""The pose's right and left eye"""
POSE_SCALE = 3.0
DETECTOR_EYES = (0, 1)
DETECTOR_SCALE = 2.0
EYES = (33, 263)
"""The outer corners of the right and the left eye"""
SCALE = 1.5
LIMITS = Limits(degrees=15, translation=0.1, scale=0.3, margin=-0.2)
MIN_PRESENCE = 0.5
STRIDES = (8, 16, 16, 16)

# fmt: off
BLENDSHAPE_POINTS = np.array([
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249,
    251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314,
    317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382,
    384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473,
    474, 475, 476, 477,
])
# fmt: on
"""The input of the network for blendshapes: ``face_blendshapes_graph.cc``"""

_DETECTOR_SIDE = SPECS[Network.FACE_DETECTOR].input[1]
_SIDE = SPECS[Network.FACE].input[1]


@dataclass(frozen=True, slots=True)
class Face:
    """
    :param points: ``(478, 3)`` in pixels.
    :param blendshapes: ``(52,)`` scores from 0 to 1, if they were asked for.
    """

    points: FloatArray
    blendshapes: FloatArray | None = None

    def moved_to(self, points: FloatArray) -> "Face":
        return replace(self, points=points)


@dataclass(frozen=True, slots=True)
class _Located:
    """
    :param face: where its landmarks were located.
    :param pose: in the same frame, if it was tracked.
    :param velocity: ``(3,)`` in pixels a frame, since the face was located before; None if it wasn't.
    """

    face: Face
    pose: Pose | None
    velocity: FloatArray | None

    def motion(self, pose: Pose | None, frames: int) -> FloatArray | None:
        """
        :param pose: after so many frames, if it is tracked.
        :return: ``(3,)``: how far the face has moved since, in pixels, by the pose or without it by its velocity; None
            if that isn't known.
        """
        if pose is None:
            return None if self.velocity is None else self.velocity * frames
        return None if self.pose is None else _shift(self.pose.points[:POSE_POINTS], pose.points[:POSE_POINTS])


class FaceTracker:
    """Tracks the face of one person."""

    def __init__(self, runtime: Runtime, gates: Gates) -> None:
        self._runtime = runtime
        self._every = gates.face_every
        self._decoder = Decoder(_DETECTOR_SIDE, STRIDES)
        self._follower = Follower(Steps(self._find, self._locate, _surround, LIMITS), gates.find_face_every)
        self._located: _Located | None = None
        """The last time that the face was"""
        self._age = 0
        """Frames since then"""

    def follow(self, frame: Frame, pose: Pose | None, *, blendshapes: bool) -> Face | None:
        """
        The face without the help of the detector.

        :param pose: None if the pose wasn't tracked in this frame.
        :return: None if that isn't possible, or the face should be found anew.
        """
        self._age += 1
        coarse = None if pose is None else _coarse(pose)
        if self._located is not None and self._age < self._every:
            face, motion = self._located.face, self._located.motion(pose, self._age)
            if motion is not None and blendshapes <= (face.blendshapes is not None):
                self._follower.skip(coarse)
                return face.moved_to(face.points + motion)
        found = self._follower.follow(frame, coarse)
        return found and self._show(found, pose, blendshapes)

    def find(self, frame: Frame, pose: Pose, *, blendshapes: bool) -> Face | None:
        """The face, found by the detector where the pose says."""
        return self._show(self._follower.find(frame, _coarse(pose)), pose, blendshapes)

    def set_gates(self, gates: Gates) -> None:
        """Use other gates from the next frame on."""
        self._every = gates.face_every
        self._follower.find_every = gates.find_face_every

    def reset(self) -> None:
        """Forget the face."""
        self._follower.reset()
        self._located = None

    def scale(self, x: float, y: float) -> None:
        """Continue in frames that are stretched by ``x`` and ``y``."""
        self._follower.scale(x, y)
        self._located = None

    def _show(self, face: Face | None, pose: Pose | None, blendshapes: bool) -> Face | None:
        if face is not None and blendshapes:
            (scores,) = self._runtime.run(Network.BLENDSHAPES, face.points[BLENDSHAPE_POINTS, :2])
            face = replace(face, blendshapes=scores.reshape(-1))
        before, self._located = self._located, None
        if face is not None:
            velocity = None if before is None else _shift(before.face.points, face.points) / np.float32(self._age)
            self._located = _Located(face, pose, velocity)
        self._age = 0
        return face

    def _find(self, frame: Frame, coarse: Region) -> Region | None:
        pixels = warp.crop(frame.image, coarse, _DETECTOR_SIDE, warp.BLACK)
        boxes, scores = self._runtime.run(Network.FACE_DETECTOR, warp.minus_one_to_one(pixels))
        detections = self._decoder.decode(boxes, scores)
        if not detections:
            return None
        keypoints = to_frame(detections[0].keypoints, coarse)
        return _level_box(keypoints, *DETECTOR_EYES).transformed(DETECTOR_SCALE)

    def _locate(self, frame: Frame, region: Region) -> Face | None:
        pixels = warp.crop(frame.image, region, _SIDE, warp.REPLICATE)
        numbers, presence, *_ = self._runtime.run(Network.FACE, warp.zero_to_one(pixels))
        # The sigmoid of 0 is MIN_PRESENCE.
        if not presence.item() > 0:
            return None
        raw = numbers.reshape(-1, 3) / np.float32(_SIDE)
        depth = raw[:, 2:] * np.float32(depth_scale(region, frame.width, frame.height) * frame.width)
        return Face(np.concatenate((to_frame(raw[:, :2], region), depth), axis=1))


def _coarse(pose: Pose) -> Region:
    return _level_box(pose.points[:POSE_POINTS], *POSE_EYES).transformed(POSE_SCALE)


def _surround(points: FloatArray) -> Region:
    return _level_box(points, *EYES).transformed(SCALE, square=False)


def _level_box(points: FloatArray, right_eye: int, left_eye: int) -> Region:
    """The bounding box of points, turned so that the line between the eyes is level."""
    return box(points, direction(points[right_eye].tolist(), points[left_eye].tolist(), SIDEWAYS))


def _shift(before: FloatArray, now: FloatArray) -> FloatArray:
    """``(3,)``: how far points have moved in the picture, as a mean."""
    moved: FloatArray = (now - before).mean(axis=0)
    moved[2] = 0
    return moved
