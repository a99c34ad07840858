"""The C structures are those that MediaPipe's own Python package declares."""

import ctypes

import pytest
from mediapipe.tasks.python.components.containers.category_c import MpCategoriesC, MpCategoryC
from mediapipe.tasks.python.components.containers.landmark_c import (
    MpLandmarkC,
    MpLandmarksC,
    MpNormalizedLandmarkC,
    MpNormalizedLandmarksC,
)
from mediapipe.tasks.python.core.base_options import BaseOptions
from mediapipe.tasks.python.core.base_options_c import MpBaseOptionsC
from mediapipe.tasks.python.vision import RunningMode
from mediapipe.tasks.python.vision.core.image import ImageFormat
from mediapipe.tasks.python.vision.holistic_landmarker import MpHolisticLandmarkerOptionsC, MpHolisticLandmarkerResultC

from holistic_rtc.tracking.mediapipe import library

RENAMED = {"landmarks": "items", "categories": "items", "landmarks_count": "count", "categories_count": "count"}


def layout(structure: type[ctypes.Structure]) -> list[tuple[str, int, int]]:
    """Name, offset and size of each field."""
    fields = []
    for name, *_ in structure._fields_:
        field = getattr(structure, name)
        fields.append((RENAMED.get(name, name), field.offset, field.size))
    return fields


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (library.BaseOptions, MpBaseOptionsC),
        (library.HolisticLandmarkerOptions, MpHolisticLandmarkerOptionsC),
        (library.HolisticLandmarkerResult, MpHolisticLandmarkerResultC),
        (library.Landmark, MpLandmarkC),
        (library.Landmark, MpNormalizedLandmarkC),
        (library.Landmarks, MpLandmarksC),
        (library.Landmarks, MpNormalizedLandmarksC),
        (library.Category, MpCategoryC),
        (library.Categories, MpCategoriesC),
    ],
)
def test_a_structure_has_the_layout_of_mediapipes(ours: type[ctypes.Structure], theirs: type[ctypes.Structure]) -> None:
    assert layout(ours) == layout(theirs)
    assert ctypes.sizeof(ours) == ctypes.sizeof(theirs)


def test_the_constants_are_mediapipes() -> None:
    assert BaseOptions.Delegate.CPU.value == library.DELEGATE_CPU
    assert RunningMode.VIDEO.ctype == library.RUNNING_MODE_VIDEO
    assert ImageFormat.SRGB.value == library.IMAGE_FORMAT_SRGB
