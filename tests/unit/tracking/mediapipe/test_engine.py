"""The tracker with the real model."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import TrackerError
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.tracking.mediapipe.engine import MediaPipePictureTracker, MediaPipeTracker
from tests.kit.persons import first_of
from tests.kit.pictures import grace_hopper

Picture = np.ndarray[Any, np.dtype[np.uint8]]
MODEL = find(PoseModel.LITE).path


@pytest.fixture
def tracker() -> Iterator[MediaPipeTracker]:
    tracker = MediaPipeTracker(MODEL)
    yield tracker
    tracker.close()


@pytest.fixture(scope="module")
def picture_tracker() -> Iterator[MediaPipePictureTracker]:
    tracker = MediaPipePictureTracker(MODEL)
    yield tracker
    tracker.close()


@pytest.fixture(scope="module")
def face_at_640_by_480() -> np.ndarray[Any, Any]:
    """As :func:`face_in_portrait`."""
    tracker = MediaPipeTracker(MODEL)
    face = face_in_portrait(settle(tracker, grace_hopper()), 640, 480)
    tracker.close()
    return face


def settle(tracker: MediaPipeTracker, picture: Picture, start: int = 0) -> HolisticResult:
    """Some frames of a still picture; the landmarker smooths over time."""
    for timestamp_ms in range(start, start + 4):
        result = first_of(tracker.track(picture, timestamp_ms))
    return result


def face_in_portrait(result: HolisticResult, width: int, height: int) -> np.ndarray[Any, Any]:
    """(478, 2), in pixels of the portrait of 512x600 that :func:`grace_hopper` fits into the middle of its picture."""
    assert result.face_landmarks is not None
    scale = min(width / 512, height / 600)
    margin = (width - 512 * scale) / 2, (height - 600 * scale) / 2
    return (result.face_landmarks[:, :2] * (width, height) - margin) / scale


def test_a_person_is_found_with_shapes_and_ranges_as_promised(tracker: MediaPipeTracker) -> None:
    result = settle(tracker, grace_hopper())
    assert result.pose_landmarks is not None
    assert result.pose_landmarks.shape == (33, 3)
    assert result.pose_visibility is not None
    assert result.pose_visibility.shape == (33,)
    assert result.pose_world_landmarks is not None
    assert result.pose_world_landmarks.shape == (33, 3)
    assert result.face_landmarks is not None
    assert result.face_landmarks.shape == (478, 3)
    assert result.face_blendshapes is not None
    assert result.face_blendshapes.shape == (52,)
    assert result.left_hand_landmarks is result.right_hand_landmarks is None
    for name in HolisticResult.__dataclass_fields__:
        array = getattr(result, name)
        assert array is None or (array.dtype == np.float32 and np.isfinite(array).all())
    assert 0 <= result.pose_visibility.min() <= result.pose_visibility.max() <= 1
    assert 0 <= result.face_blendshapes.min() <= result.face_blendshapes.max() <= 1
    # The person's own left eye is on the right side of the picture.
    assert result.pose_landmarks[2, 0] > result.pose_landmarks[5, 0]
    left_iris, right_iris = result.face_landmarks[473, 0], result.face_landmarks[468, 0]
    assert left_iris > right_iris


@pytest.mark.parametrize(
    ("width", "height"), [(480, 640), (640, 640), (321, 241), (1280, 720), (720, 1280), (1920, 1080)]
)
def test_landmarks_are_at_the_same_place_of_the_portrait_whatever_the_size(
    tracker: MediaPipeTracker, face_at_640_by_480: np.ndarray[Any, Any], width: int, height: int
) -> None:
    face = face_in_portrait(settle(tracker, grace_hopper(width, height)), width, height)
    assert np.abs(face - face_at_640_by_480).mean() < 3


def test_a_size_that_changes_in_mid_stream_is_followed(
    tracker: MediaPipeTracker, face_at_640_by_480: np.ndarray[Any, Any]
) -> None:
    tracker.track(grace_hopper(), 0)
    for number, size in enumerate([(320, 240), (480, 640), (1280, 720), (161, 121), (640, 480)], start=1):
        result = settle(tracker, grace_hopper(*size), start=100 * number)
        assert np.abs(face_in_portrait(result, *size) - face_at_640_by_480).mean() < 4, size


def test_no_rest_of_another_size_shows_through(tracker: MediaPipeTracker) -> None:
    settle(tracker, grace_hopper(480, 640))
    grey = np.full((100, 640, 3), 128, np.uint8)
    result = settle(tracker, grey, start=100)
    assert result.face_landmarks is None


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (2000, 3)])
def test_even_absurd_sizes_are_no_errors(size: tuple[int, int], tracker: MediaPipeTracker) -> None:
    assert settle(tracker, np.zeros((*size, 3), np.uint8)).face_landmarks is None


def test_the_picture_is_left_as_it_is_and_need_not_be_contiguous(tracker: MediaPipeTracker) -> None:
    mirrored = grace_hopper()[:, ::-1]
    before = mirrored.copy()
    result = settle(tracker, mirrored)
    assert np.array_equal(mirrored, before)
    assert result.face_landmarks is not None


def test_a_time_that_does_not_increase_is_refused_and_the_stream_goes_on(tracker: MediaPipeTracker) -> None:
    tracker.track(grace_hopper(), 10)
    for timestamp_ms in (10, 9):
        with pytest.raises(TrackerError, match=f"{timestamp_ms} ms came after 10 ms"):
            tracker.track(grace_hopper(), timestamp_ms)
    assert first_of(tracker.track(grace_hopper(), 11)).face_landmarks is not None


def test_what_is_no_rgb_picture_is_refused_and_the_stream_goes_on(tracker: MediaPipeTracker) -> None:
    images: tuple[Any, ...] = (
        np.zeros((48, 64), np.uint8),
        np.zeros((48, 64, 4), np.uint8),
        np.zeros((48, 64, 3), np.float32),
        np.zeros((0, 64, 3), np.uint8),
    )
    for image in images:
        with pytest.raises(TrackerError, match="a frame must be"):
            tracker.track(image, 0)
    assert first_of(tracker.track(grace_hopper(), 0)).face_landmarks is not None


def test_a_closed_tracker_is_closed(tracker: MediaPipeTracker) -> None:
    tracker.close()
    tracker.close()
    with pytest.raises(TrackerError, match="closed"):
        tracker.track(grace_hopper(), 0)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.task").write_text("hello")
    for name, words in (("bad.task", "MediaPipe"), ("absent.task", "can't be read: No such file")):
        with pytest.raises(TrackerError, match=words):
            MediaPipeTracker(tmp_path / name)


def test_a_picture_is_seen_as_by_a_new_tracker_whatever_came_before(picture_tracker: MediaPipePictureTracker) -> None:
    """The landmarker remembers where the person was, and filters the visibility and the world landmarks."""
    portrait = grace_hopper()
    turned = np.ascontiguousarray(grace_hopper(480, 640)[:, ::-1])
    pictures = [portrait, turned, np.zeros_like(portrait), portrait[:300, 200:]]
    expected = [detect_anew(picture) for picture in pictures]
    for picture, new in zip([*pictures, portrait], [*expected, expected[0]], strict=True):
        found = first_of(picture_tracker.detect(picture))
        for field in dataclasses.fields(found):
            value, expected_value = getattr(found, field.name), getattr(new, field.name)
            assert (value is None) == (expected_value is None), field.name
            if value is not None:
                np.testing.assert_allclose(value, expected_value, atol=1e-4, err_msg=field.name)


def detect_anew(picture: Picture) -> HolisticResult:
    tracker = MediaPipePictureTracker(MODEL)
    result = first_of(tracker.detect(picture))
    tracker.close()
    return result


@pytest.mark.parametrize("shape", [(480, 640), (960, 720), (480, 900), (1920, 1440)])
def test_landmarks_of_a_picture_are_fractions_of_it(
    picture_tracker: MediaPipePictureTracker, shape: tuple[int, int]
) -> None:
    height, width = shape
    scale = min(shape) // 480
    picture = np.full((height, width, 3), 128, np.uint8)
    picture[: 480 * scale, width - 400 * scale :] = grace_hopper(400 * scale, 480 * scale)
    face = first_of(picture_tracker.detect(picture)).face_landmarks
    assert face is not None
    nose = (face[1, :2] * (width, height) - (width - 400 * scale, 0)) / scale
    # Where a person sees it in the portrait.
    assert np.abs(nose - (207, 195)).max() < 8
