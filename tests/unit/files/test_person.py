from contextlib import closing

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.files.person import picture_of_a_person
from holistic_rtc.tracking import open_model


def test_every_part_is_found_in_the_picture_that_trackers_warm_up_with() -> None:
    picture = picture_of_a_person()
    assert picture.shape == (480, 640, 3)
    with closing(open_model(find(PoseModel.LITE).path)) as model, closing(model.tracker()) as tracker:
        for time in range(4):
            [result] = tracker.track(picture, time).values()
            assert result.pose_landmarks is not None
            assert result.face_landmarks is not None
            assert result.left_hand_landmarks is not None
            assert result.right_hand_landmarks is not None
