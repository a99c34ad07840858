"""MediaPipe's HolisticLandmarker as a tracking engine."""

import ctypes
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import TrackerError
from . import mediapipe_c
from .base import FloatArray, HolisticResult, Image

_SMALL_CANVAS = 640
_LARGE_CANVAS = 960
"""Sides of the square canvas in pixels. What the landmarker costs grows with the area of its picture: compared with
640x480 alone, 640 takes 1 % more CPU, and 960, which keeps small faces and hands in large pictures sharp, 7 % more."""


class MediaPipeTracker:
    """
    Tracks one stream of frames on a square canvas.

    The landmarker fails for good when the size of its picture changes, so each frame is scaled to fit the canvas and
    laid in its middle, and the landmarks are mapped back. A new canvas and landmarker are made, in 0.2 s, only when
    the frames become larger than the small canvas or cease to be.

    :param model: a ``holistic_landmarker.task``.
    :raises TrackerError: the model can't be loaded.
    """

    def __init__(self, model: Path) -> None:
        self._model = model
        self._canvas = _blank(_SMALL_CANVAS)
        self._box: tuple[int, int, int, int] | None = None
        self._landmarker = _Landmarker(model)
        self._closed = False
        self._timestamp_ms = -1

    def track(self, image: Image, timestamp_ms: int) -> HolisticResult:
        """See :meth:`holistic_rtc.tracking.base.Tracker.track`."""
        if self._closed:
            raise TrackerError("the tracker is closed")
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise TrackerError(f"a frame has to be (height, width, 3) uint8, this is {image.shape} {image.dtype}")
        if timestamp_ms <= self._timestamp_ms:
            raise TrackerError(f"timestamps have to increase: {timestamp_ms} ms came after {self._timestamp_ms} ms")
        self._timestamp_ms = timestamp_ms

        side = _SMALL_CANVAS if max(image.shape) <= _SMALL_CANVAS else _LARGE_CANVAS
        if side != len(self._canvas):
            self._landmarker.close()
            self._landmarker = _Landmarker(self._model)
            self._canvas = _blank(side)
        left, top, width, height = self._place(image)
        scale = np.array([side / width, side / height, side / width], np.float32)
        offset = np.array([left / width, top / height, 0], np.float32)
        return self._landmarker.detect(self._canvas, timestamp_ms, scale, offset)

    def close(self) -> None:
        self._closed = True
        self._landmarker.close()

    def _place(self, image: Image) -> tuple[int, int, int, int]:
        """Lays a frame on the canvas. Returns the left, top, width and height it has there."""
        side = len(self._canvas)
        height, width = image.shape[:2]
        scale = side / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        box = ((side - size[0]) // 2, (side - size[1]) // 2, *size)
        if box != self._box:
            self._canvas[:] = 0
            self._box = box
        left, top, width, height = box
        area = self._canvas[top : top + height, left : left + width]
        if area.shape == image.shape:
            area[:] = image
        else:
            # INTER_AREA takes five times as long, and pays only where many pixels become one.
            cv2.resize(image, size, dst=area, interpolation=cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR)
        return box


def _blank(side: int) -> Image:
    return np.zeros((side, side, 3), np.uint8)


class _Landmarker:
    """
    MediaPipe's landmarker through its C functions.

    Its Python class makes 700 objects of each result, which takes longer than all else that is done with a frame
    here. The C structures can be read as arrays.
    """

    def __init__(self, model: Path) -> None:
        self._handle = ctypes.c_void_p()
        options = mediapipe_c.HolisticLandmarkerOptions(
            base_options=mediapipe_c.BaseOptions(
                model_asset_path=str(model).encode(), file_descriptor=-1, delegate=mediapipe_c.DELEGATE_CPU
            ),
            running_mode=mediapipe_c.RUNNING_MODE_VIDEO,
            min_face_detection_confidence=0.5,
            min_face_suppression_threshold=0.5,
            min_face_landmarks_confidence=0.5,
            min_pose_detection_confidence=0.5,
            min_pose_suppression_threshold=0.5,
            min_pose_landmarks_confidence=0.5,
            min_hand_landmarks_confidence=0.5,
            output_face_blendshapes=True,
        )
        mediapipe_c.call("MpHolisticLandmarkerCreate", ctypes.byref(options), ctypes.byref(self._handle))

    def detect(self, canvas: Image, timestamp_ms: int, scale: FloatArray, offset: FloatArray) -> HolisticResult:
        """Landmarks in a picture, those of the image mapped to ``landmark * scale - offset``."""
        height, width = canvas.shape[:2]
        pixels = canvas.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        image = ctypes.c_void_p()
        size = (mediapipe_c.IMAGE_FORMAT_SRGB, width, height, pixels, canvas.size)
        mediapipe_c.call("MpImageCreateFromUint8Data", *size, ctypes.byref(image))
        found = mediapipe_c.HolisticLandmarkerResult()
        try:
            mediapipe_c.call(
                "MpHolisticLandmarkerDetectForVideo", self._handle, image, None, timestamp_ms, ctypes.byref(found)
            )
        finally:
            mediapipe_c.free_image(image)
        try:
            return _to_result(found, scale, offset)
        finally:
            mediapipe_c.close_result(found)

    def close(self) -> None:
        if self._handle:
            handle, self._handle = self._handle, ctypes.c_void_p()
            mediapipe_c.call("MpHolisticLandmarkerClose", handle)


def _to_result(found: mediapipe_c.HolisticLandmarkerResult, scale: FloatArray, offset: FloatArray) -> HolisticResult:
    def in_image(part: mediapipe_c.Landmarks) -> FloatArray | None:
        points = _read(part, _LANDMARK)
        return None if points is None else points["xyz"] * scale - offset

    def in_world(part: mediapipe_c.Landmarks) -> FloatArray | None:
        points = _read(part, _LANDMARK)
        return None if points is None else points["xyz"].copy()

    pose = _read(found.pose_landmarks, _LANDMARK)
    blendshapes = _read(found.face_blendshapes, _CATEGORY)
    return HolisticResult(
        pose_landmarks=in_image(found.pose_landmarks),
        pose_visibility=None if pose is None else pose["visibility"].copy(),
        pose_world_landmarks=in_world(found.pose_world_landmarks),
        face_landmarks=in_image(found.face_landmarks),
        face_blendshapes=None if blendshapes is None else blendshapes["score"].copy(),
        left_hand_landmarks=in_image(found.left_hand_landmarks),
        left_hand_world_landmarks=in_world(found.left_hand_world_landmarks),
        right_hand_landmarks=in_image(found.right_hand_landmarks),
        right_hand_world_landmarks=in_world(found.right_hand_world_landmarks),
    )


def _read(part: mediapipe_c.Landmarks | mediapipe_c.Categories, dtype: np.dtype[np.void]) -> NDArray[np.void] | None:
    """A copy of an array of C structures, or None if it is empty."""
    if part.count == 0:
        return None
    return np.frombuffer(ctypes.string_at(part.items, part.count * dtype.itemsize), dtype)


_LANDMARK = np.dtype(
    {
        "names": ["xyz", "visibility"],
        "formats": [(np.float32, 3), np.float32],
        "offsets": [mediapipe_c.Landmark.x.offset, mediapipe_c.Landmark.visibility.offset],
        "itemsize": ctypes.sizeof(mediapipe_c.Landmark),
    }
)
_CATEGORY = np.dtype(
    {
        "names": ["score"],
        "formats": [np.float32],
        "offsets": [mediapipe_c.Category.score.offset],
        "itemsize": ctypes.sizeof(mediapipe_c.Category),
    }
)
