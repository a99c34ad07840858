"""The parts of MediaPipe's C API that the holistic landmarker needs.

MediaPipe's Python package declares the same, but importing any part of it takes half a second and 30 MB, mostly for
matplotlib. A test compares these structures with MediaPipe's. The names are MediaPipe's and documented in
``mediapipe/tasks/c``.
"""

import ctypes
import os
import sys
from ctypes import POINTER, Structure, c_bool, c_char_p, c_float, c_int, c_int64, c_uint, c_uint8, c_uint32, c_void_p
from importlib.util import find_spec
from pathlib import Path

from holistic_rtc.errors import TrackerError

DELEGATE_CPU = 1
IMAGE_FORMAT_SRGB = 1
RUNNING_MODE_VIDEO = 2


class BaseOptions(Structure):
    _fields_ = (
        ("model_asset_buffer", c_char_p),
        ("model_asset_buffer_count", c_uint),
        ("model_asset_path", c_char_p),
        ("file_descriptor", c_int),
        ("delegate", c_int),
        ("host_environment", c_int),
        ("host_system", c_int),
        ("host_version", c_char_p),
        ("ca_bundle_path", c_char_p),
        ("app_id", c_char_p),
        ("app_version", c_char_p),
    )


class HolisticLandmarkerOptions(Structure):
    _fields_ = (
        ("base_options", BaseOptions),
        ("running_mode", c_int),
        ("min_face_detection_confidence", c_float),
        ("min_face_suppression_threshold", c_float),
        ("min_face_landmarks_confidence", c_float),
        ("min_pose_detection_confidence", c_float),
        ("min_pose_suppression_threshold", c_float),
        ("min_pose_landmarks_confidence", c_float),
        ("min_hand_landmarks_confidence", c_float),
        ("output_face_blendshapes", c_bool),
        ("output_segmentation_masks", c_bool),
        ("result_callback", c_void_p),
    )


class Landmark(Structure):
    """Both ``Landmark``, in metres, and ``NormalizedLandmark``, in fractions of the picture."""

    _fields_ = (
        ("x", c_float),
        ("y", c_float),
        ("z", c_float),
        ("has_visibility", c_bool),
        ("visibility", c_float),
        ("has_presence", c_bool),
        ("presence", c_float),
        ("name", c_char_p),
    )


class Landmarks(Structure):
    _fields_ = (("items", POINTER(Landmark)), ("count", c_uint32))


class Category(Structure):
    _fields_ = (("index", c_int), ("score", c_float), ("category_name", c_char_p), ("display_name", c_char_p))


class Categories(Structure):
    _fields_ = (("items", POINTER(Category)), ("count", c_uint32))


class HolisticLandmarkerResult(Structure):
    _fields_ = (
        ("face_landmarks", Landmarks),
        ("pose_landmarks", Landmarks),
        ("pose_world_landmarks", Landmarks),
        ("left_hand_landmarks", Landmarks),
        ("right_hand_landmarks", Landmarks),
        ("left_hand_world_landmarks", Landmarks),
        ("right_hand_world_landmarks", Landmarks),
        ("face_blendshapes", Categories),
        ("pose_segmentation_mask", c_void_p),
    )


def call(function: str, *arguments: object) -> None:
    """
    Call a C function that returns a status and has an error message as its last, output argument.

    :raises TrackerError: the status isn't zero.
    """
    message = c_char_p()
    status = getattr(_library, function)(*arguments, ctypes.byref(message))
    text = (message.value or b"").decode(errors="replace")
    if message:
        _library.MpErrorFree(message)
    if status != 0:
        raise TrackerError(f"MediaPipe's {function} failed: {text or f'status {status}'}")


def free_image(image: c_void_p) -> None:
    _library.MpImageFree(image)


def close_result(result: HolisticLandmarkerResult) -> None:
    _library.MpHolisticLandmarkerCloseResult(ctypes.byref(result))


def _keep_to_itself() -> None:
    """
    Block usage reports: MediaPipe's library sends them to play.googleapis.com, and has no setting to disable that
    (google-ai-edge/mediapipe#6291). It respects the usual proxy variables, so they are set to a proxy that doesn't
    exist, port 9 of this machine. Nothing else in a tracking process uses HTTPS.
    """
    os.environ["https_proxy"] = "http://127.0.0.1:9"
    for name in ("no_proxy", "NO_PROXY"):
        os.environ.pop(name, None)


def _load() -> ctypes.CDLL:
    _keep_to_itself()
    package = find_spec("mediapipe")
    if package is None or package.origin is None:
        raise TrackerError("the engine mediapipe isn't installed; run: pip install 'holistic-rtc[mediapipe]'")
    name = {"darwin": "libmediapipe.dylib", "win32": "libmediapipe.dll"}.get(sys.platform, "libmediapipe.so")
    try:
        library = ctypes.CDLL(str(Path(package.origin).parent / "tasks" / "c" / name))
    except OSError as error:
        raise TrackerError(
            f"MediaPipe's library can't be loaded: {error}; on Debian and Ubuntu, `apt-get install libegl1 libgles2`"
        ) from error
    message = POINTER(c_char_p)
    for function, arguments in {
        "MpHolisticLandmarkerCreate": (POINTER(HolisticLandmarkerOptions), POINTER(c_void_p), message),
        # The third argument selects a region of the image; NULL for all of it.
        "MpHolisticLandmarkerDetectForVideo": (
            *(c_void_p, c_void_p, c_void_p, c_int64, POINTER(HolisticLandmarkerResult), message),
        ),
        "MpHolisticLandmarkerClose": (c_void_p, message),
        "MpImageCreateFromUint8Data": (c_int, c_int, c_int, POINTER(c_uint8), c_int, POINTER(c_void_p), message),
    }.items():
        getattr(library, function).argtypes = arguments
    for function, argument in {
        "MpHolisticLandmarkerCloseResult": POINTER(HolisticLandmarkerResult),
        "MpImageFree": c_void_p,
        "MpErrorFree": c_void_p,
    }.items():
        getattr(library, function).argtypes = (argument,)
        getattr(library, function).restype = None
    return library


_library = _load()
