"""What is made of the results of a stream."""

import numpy as np

from holistic_rtc.model.result import HolisticResult
from holistic_rtc.motion.face_geometry import face_transform
from holistic_rtc.motion.refine import Refiner
from holistic_rtc.motion.smoothing import Smoother
from tests.kit.synthetic import make_result

SIZE = (640, 480)


def moved(by: float) -> HolisticResult:
    hand = make_result().left_hand_landmarks
    assert hand is not None
    return HolisticResult(left_hand_landmarks=hand + np.float32(by))


def test_without_smoothing_the_landmarks_stay_as_they_are() -> None:
    refiner = Refiner()
    for i in range(3):
        result = moved(0.01 * i)
        refined = refiner.refine(result, *SIZE, 33 * i, smoothing=False)
        assert refined.left_hand_landmarks is result.left_hand_landmarks


def test_with_smoothing_they_are_what_the_smoother_makes_of_them() -> None:
    refiner, smoother = Refiner(), Smoother()
    for i in range(3):
        refined = refiner.refine(moved(0.01 * i), *SIZE, 33 * i, smoothing=True)
        expected = smoother.smooth(moved(0.01 * i), 640 / 480, 33 * i)
        np.testing.assert_array_equal(refined.left_hand_landmarks, expected.left_hand_landmarks)
    assert not np.array_equal(refined.left_hand_landmarks, moved(0.02).left_hand_landmarks)  # type: ignore[arg-type]


def test_smoothing_that_is_switched_on_again_knows_nothing_of_before() -> None:
    refiner = Refiner()
    for i, smoothing in enumerate((True, False)):
        refiner.refine(moved(0.01 * i), *SIZE, 33 * i, smoothing=smoothing)
    refined = refiner.refine(moved(0.02), *SIZE, 66, smoothing=True)
    np.testing.assert_array_equal(refined.left_hand_landmarks, moved(0.02).left_hand_landmarks)


def test_the_heads_pose_is_that_of_the_landmarks_that_are_given_out() -> None:
    refiner = Refiner()
    for i, smoothing in enumerate((False, True, True)):
        face = make_result().face_landmarks
        assert face is not None
        found = HolisticResult(face_landmarks=face + np.float32(0.01 * i))
        refined = refiner.refine(found, *SIZE, 33 * i, smoothing=smoothing)
        assert refined.face_landmarks is not None
        expected = face_transform(refined.face_landmarks, 640 / 480)
        assert refined.face_transform is not None
        assert expected is not None
        np.testing.assert_array_equal(refined.face_transform, expected)


def test_without_a_face_there_is_no_pose_of_the_head() -> None:
    assert Refiner().refine(HolisticResult(), *SIZE, 0, smoothing=True).face_transform is None
