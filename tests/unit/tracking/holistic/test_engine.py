"""The trackers with the real model."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import TrackerError
from holistic_rtc.tracking.holistic.engine import HolisticModel, HolisticPictureTracker
from tests.kit.pictures import grace_hopper


@pytest.fixture(scope="module")
def model() -> Iterator[HolisticModel]:
    with closing(HolisticModel(find(PoseModel.LITE).path)) as model:
        yield model


@pytest.fixture(scope="module")
def pictures(model: HolisticModel) -> HolisticPictureTracker:
    return model.picture_tracker()


def test_a_person_is_found_with_shapes_as_promised(model: HolisticModel) -> None:
    result = model.tracker().track(grace_hopper(), 0)[0]
    shapes = {
        "pose_landmarks": (33, 3),
        "pose_visibility": (33,),
        "pose_world_landmarks": (33, 3),
        "face_landmarks": (478, 3),
        "face_blendshapes": (52,),
    }
    for name, shape in shapes.items():
        array = getattr(result, name)
        assert (array.shape, array.dtype) == (shape, np.float32)


def test_frames_have_to_come_in_order_and_be_pictures(model: HolisticModel) -> None:
    tracker = model.tracker()
    tracker.track(grace_hopper(), 5)
    with pytest.raises(TrackerError, match="increase"):
        tracker.track(grace_hopper(), 5)
    with pytest.raises(TrackerError, match="uint8"):
        tracker.track(np.zeros((4, 4), np.uint8), 6)


def test_a_picture_has_the_same_result_after_any_other(pictures: HolisticPictureTracker) -> None:
    first = pictures.detect(grace_hopper())[0]
    pictures.detect(np.zeros((100, 300, 3), np.uint8))
    pictures.detect(grace_hopper(300, 500))
    again = pictures.detect(grace_hopper())[0]
    assert first.pose_landmarks is not None
    for name in ("pose_landmarks", "pose_visibility", "pose_world_landmarks", "face_landmarks", "face_blendshapes"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


@pytest.mark.parametrize("size", [(1, 1), (3000, 20), (20, 3000), (40_000, 2)])
def test_pictures_may_have_any_size(pictures: HolisticPictureTracker, size: tuple[int, int]) -> None:
    assert pictures.detect(np.zeros((*size, 3), np.uint8), max_persons=3) == {}


def test_a_large_picture_has_the_landmarks_of_a_small_one(pictures: HolisticPictureTracker) -> None:
    small, large = (pictures.detect(grace_hopper(*size))[0].face_landmarks for size in ((640, 480), (2560, 1920)))
    assert small is not None
    assert large is not None
    assert float(np.abs(small - large)[:, :2].max()) < 0.01
