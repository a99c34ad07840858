"""MediaPipe's HolisticLandmarker as a tracking engine."""

import ctypes
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from holistic_rtc.errors import TrackerError
from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import FloatArray, HolisticResult, Image, Persons, single_person
from holistic_rtc.tracking.engine import Engine
from holistic_rtc.tracking.mediapipe import library

_LONG_SIDES = (640, 960)
"""Longer side of the canvas in pixels. Larger frames use the larger canvas, which keeps small faces and hands sharp"""
_SHORTEST_SIDE = 32
_MAX_STRETCH = 0.03
"""How much a frame may be stretched to fill an existing canvas: browsers that scale frames down round their sizes"""


class MediaPipeTracker:
    """
    Tracks one stream of frames on a canvas of fixed size.

    The landmarker fails permanently when the size of its image changes, so each frame is scaled to fill the canvas. A
    new canvas and landmarker, which take 0.2 s, are made only when the frames' aspect ratio changes, or when they
    switch between the small canvas and the large one. A single canvas for all aspect ratios would need black bars, in
    which the landmarker looks for hands outside the frame; that takes a third more CPU.

    :param model: a ``holistic_landmarker.task``.
    :raises TrackerError: the model can't be loaded.
    """

    def __init__(self, model: Path) -> None:
        self._model = _read_bundle(model)
        self._canvas: Image | None = None
        self._landmarker = _Landmarker(self._model)
        self._closed = False
        self._timestamp_ms = -1
        self._start_ms = 0
        """Of this stream, on the landmarker's clock"""

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        """See :meth:`holistic_rtc.tracking.engine.Tracker.track`."""
        if self._closed:
            raise TrackerError("the tracker is closed")
        _check(image)
        if timestamp_ms <= self._timestamp_ms:
            raise TrackerError(f"timestamps must increase: {timestamp_ms} ms came after {self._timestamp_ms} ms")
        self._timestamp_ms = timestamp_ms

        shape = _canvas_shape(image)
        if self._canvas is None:
            self._canvas = np.empty(shape, np.uint8)
        elif not _fits(shape, self._canvas.shape):
            self._landmarker.close()
            self._landmarker = _Landmarker(self._model)
            self._canvas = np.empty(shape, np.uint8)
        return single_person(self._landmarker.detect(self._fill_canvas(image), self._start_ms + timestamp_ms))

    @property
    def quality(self) -> Quality:
        """See :attr:`holistic_rtc.tracking.engine.Tracker.quality`. There is only one."""
        return Quality.EXACT

    @quality.setter
    def quality(self, quality: Quality) -> None:
        pass

    def reset(self) -> None:
        """See :meth:`holistic_rtc.tracking.engine.Tracker.reset`. Two black frames make the landmarker forget."""
        if self._canvas is not None:
            self._canvas[:] = 0
            for _ in range(2):
                self._timestamp_ms += 1
                self._landmarker.detect(self._canvas, self._start_ms + self._timestamp_ms)
        self._start_ms += self._timestamp_ms + 1
        self._timestamp_ms = -1

    def close(self) -> None:
        self._closed = True
        self._landmarker.close()

    def _fill_canvas(self, image: Image) -> Image:
        assert self._canvas is not None
        if image.shape == self._canvas.shape:
            return np.ascontiguousarray(image)
        height, width = self._canvas.shape[:2]
        # INTER_AREA takes five times as long, and is only worth it when scaling down a lot.
        interpolation = cv2.INTER_AREA if max(image.shape) > 2 * max(height, width) else cv2.INTER_LINEAR
        cv2.resize(image, (width, height), dst=self._canvas, interpolation=interpolation)
        return self._canvas


class MediaPipePictureTracker:
    """
    Tracks unrelated pictures, each with the same result as from a new landmarker.

    The landmarker fails permanently when the size of its image changes, so each picture is scaled to fit into the upper
    left corner of a black square canvas, and the landmarks are mapped back.

    The landmarker also keeps state, in image mode as well as in video mode, so that results depend on earlier pictures.
    Three measures prevent that:

    - A black image makes it forget the person's position.
    - Timestamps are so far apart that the filter of the world landmarks has no effect.
    - The filter of the visibility, ``v = 0.1 * found + 0.9 * v_before``, doesn't depend on time. Its effect is undone.

    :param model: a ``holistic_landmarker.task``.
    :raises TrackerError: the model can't be loaded.
    """

    CANVAS = 1280
    """Side in pixels. Hands and faces are cropped from the canvas, and would be blurred on a smaller one"""
    STEP_MS = 10**8
    VISIBILITY_WEIGHT = 0.1

    def __init__(self, model: Path) -> None:
        self._landmarker = _Landmarker(_read_bundle(model))
        self._canvas = np.zeros((self.CANVAS, self.CANVAS, 3), np.uint8)
        self._timestamp_ms = 0
        self._remembers = False
        self._filtered_visibility: FloatArray | None = None

    def detect(self, image: Image, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1) -> Persons:
        """See :meth:`holistic_rtc.tracking.engine.PictureTracker.detect`."""
        _check(image)
        self.forget()
        height, width = image.shape[:2]
        scale = self.CANVAS / max(height, width)
        scaled_height, scaled_width = (max(round(side * scale), 1) for side in (height, width))
        # INTER_AREA takes five times as long, and is only worth it when scaling down a lot.
        interpolation = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
        self._canvas[:scaled_height, :scaled_width] = cv2.resize(
            image, (scaled_width, scaled_height), interpolation=interpolation
        )
        found = self._detect()
        self._canvas[:] = 0
        # A picture without a person has the same effect as a black one.
        self._remembers = found.pose_landmarks is not None
        # Depth is in units of the picture's width, as is x.
        to_picture = np.array([1 / scaled_width, 1 / scaled_height, 1 / scaled_width], np.float32) * self.CANVAS
        result = replace(
            found,
            pose_visibility=self._unfilter(found.pose_visibility),
            **{
                name: landmarks * to_picture
                for name in ("pose_landmarks", "face_landmarks", "left_hand_landmarks", "right_hand_landmarks")
                if (landmarks := getattr(found, name)) is not None
            },
        )
        return single_person(result)

    def forget(self) -> None:
        """See :meth:`holistic_rtc.tracking.engine.PictureTracker.forget`."""
        if self._remembers:
            self._detect()
            self._remembers = False

    def close(self) -> None:
        self._landmarker.close()

    def _detect(self) -> HolisticResult:
        self._timestamp_ms += self.STEP_MS
        return self._landmarker.detect(self._canvas, self._timestamp_ms)

    def _unfilter(self, filtered: FloatArray | None) -> FloatArray | None:
        if filtered is None:
            return None
        before, self._filtered_visibility = self._filtered_visibility, filtered
        if before is None:
            return filtered
        weight = self.VISIBILITY_WEIGHT
        return np.clip((filtered - (1 - weight) * before) / weight, 0, 1).astype(np.float32)


def _check(image: Image) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise TrackerError(f"a frame must be (height, width, 3) uint8, this is {image.shape} {image.dtype}")


def _canvas_shape(image: Image) -> tuple[int, int, int]:
    """``(height, width, 3)`` of the canvas with the frame's own aspect ratio."""
    small, large = _LONG_SIDES
    long_side = max(image.shape[:2])
    scale = (small if long_side <= small else large) / long_side
    height, width = (max(round(side * scale), _SHORTEST_SIDE) for side in image.shape[:2])
    return height, width, 3


def _fits(shape: tuple[int, ...], canvas: tuple[int, ...]) -> bool:
    return max(shape) == max(canvas) and abs(shape[0] * canvas[1] / (shape[1] * canvas[0]) - 1) <= _MAX_STRETCH


def _read_bundle(model: Path) -> bytes:
    """MediaPipe would map the file, and die when somebody shortens it."""
    try:
        return model.read_bytes()
    except OSError as error:
        raise TrackerError(f"{model} can't be read: {error.strerror}") from error


class _Landmarker:
    """
    MediaPipe's landmarker, called through its C API.

    MediaPipe's Python class creates 700 objects for each result, which takes longer than everything else that is done
    with a frame here. The C structures can be read as arrays.

    :param model: the content of a model bundle.
    """

    def __init__(self, model: bytes) -> None:
        self._handle = ctypes.c_void_p()
        options = library.HolisticLandmarkerOptions(
            base_options=library.BaseOptions(
                model_asset_buffer=model,
                model_asset_buffer_count=len(model),
                file_descriptor=-1,
                delegate=library.DELEGATE_CPU,
            ),
            running_mode=library.RUNNING_MODE_VIDEO,
            min_face_detection_confidence=0.5,
            min_face_suppression_threshold=0.5,
            min_face_landmarks_confidence=0.5,
            min_pose_detection_confidence=0.5,
            min_pose_suppression_threshold=0.5,
            min_pose_landmarks_confidence=0.5,
            min_hand_landmarks_confidence=0.5,
            output_face_blendshapes=True,
        )
        library.call("MpHolisticLandmarkerCreate", ctypes.byref(options), ctypes.byref(self._handle))

    def detect(self, canvas: Image, timestamp_ms: int) -> HolisticResult:
        height, width = canvas.shape[:2]
        pixels = canvas.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        image = ctypes.c_void_p()
        size = (library.IMAGE_FORMAT_SRGB, width, height, pixels, canvas.size)
        library.call("MpImageCreateFromUint8Data", *size, ctypes.byref(image))
        found = library.HolisticLandmarkerResult()
        try:
            library.call(
                "MpHolisticLandmarkerDetectForVideo", self._handle, image, None, timestamp_ms, ctypes.byref(found)
            )
        finally:
            library.free_image(image)
        try:
            return _to_result(found)
        finally:
            library.close_result(found)

    def close(self) -> None:
        if self._handle:
            handle, self._handle = self._handle, ctypes.c_void_p()
            library.call("MpHolisticLandmarkerClose", handle)


def _to_result(found: library.HolisticLandmarkerResult) -> HolisticResult:
    def points(part: library.Landmarks) -> FloatArray | None:
        landmarks = _read(part, _LANDMARK)
        return None if landmarks is None else landmarks["xyz"].copy()

    pose = _read(found.pose_landmarks, _LANDMARK)
    blendshapes = _read(found.face_blendshapes, _CATEGORY)
    return HolisticResult(
        pose_landmarks=points(found.pose_landmarks),
        pose_visibility=None if pose is None else pose["visibility"].copy(),
        pose_world_landmarks=points(found.pose_world_landmarks),
        face_landmarks=points(found.face_landmarks),
        face_blendshapes=None if blendshapes is None else blendshapes["score"].copy(),
        left_hand_landmarks=points(found.left_hand_landmarks),
        left_hand_world_landmarks=points(found.left_hand_world_landmarks),
        right_hand_landmarks=points(found.right_hand_landmarks),
        right_hand_world_landmarks=points(found.right_hand_world_landmarks),
    )


def _read(part: library.Landmarks | library.Categories, dtype: np.dtype[np.void]) -> NDArray[np.void] | None:
    """A copy of an array of C structures, or None if it is empty."""
    if part.count == 0:
        return None
    return np.frombuffer(ctypes.string_at(part.items, part.count * dtype.itemsize), dtype)


_LANDMARK = np.dtype(
    {
        "names": ["xyz", "visibility"],
        "formats": [(np.float32, 3), np.float32],
        "offsets": [library.Landmark.x.offset, library.Landmark.visibility.offset],
        "itemsize": ctypes.sizeof(library.Landmark),
    }
)
_CATEGORY = np.dtype(
    {
        "names": ["score"],
        "formats": [np.float32],
        "offsets": [library.Category.score.offset],
        "itemsize": ctypes.sizeof(library.Category),
    }
)


class MediaPipeModel:
    """
    A model bundle. Each tracker loads it for itself.

    :param path: of a ``holistic_landmarker.task``.
    """

    runtime = "MediaPipe"

    def __init__(self, path: Path, _threads: int = 1) -> None:
        self._path = path
        self._closed = False

    def preload(self) -> None:
        """No-op."""

    def load(self) -> None:
        """No-op."""

    def tracker(self, quality: Quality = Quality.EXACT) -> MediaPipeTracker:
        """See :meth:`holistic_rtc.tracking.engine.Model.tracker`. ``quality`` has no effect."""
        return MediaPipeTracker(self._open_path())

    def picture_tracker(self) -> MediaPipePictureTracker:
        """See :meth:`holistic_rtc.tracking.engine.Model.picture_tracker`."""
        return MediaPipePictureTracker(self._open_path())

    def close(self) -> None:
        """Each tracker frees what it has loaded."""
        self._closed = True

    def _open_path(self) -> Path:
        if self._closed:
            raise TrackerError("the model is closed")
        return self._path


ENGINE: Engine = MediaPipeModel
