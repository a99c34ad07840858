"""The head's pose, compared with MediaPipe's own and with heads that were put somewhere."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from holistic_rtc.model.result import FloatArray
from holistic_rtc.motion import face_geometry
from holistic_rtc.motion.face_geometry import face_transform
from tests.kit.synthetic import make_transform

FIXTURE = Path(__file__).with_name("face_transforms.npz")
PICTURES = sorted({name.partition("/")[0] for name in np.load(FIXTURE).files})
ASPECT = 16 / 9


def degrees_between(transform: FloatArray, other: FloatArray) -> float:
    return float(np.degrees(np.linalg.norm(cv2.Rodrigues(transform[:3, :3].T @ other[:3, :3])[0])))


def project(transform: FloatArray, scale: float = 1) -> FloatArray:
    """
    What a landmarker would find of the canonical face, were it as its author means it to be.

    Its points that have no weight count for the mean depth only, so they may lie anywhere at that depth.

    :param scale: size of the head compared with the model's.
    """
    basis = face_geometry._BASIS
    points = basis[:, 1:4] * scale @ transform[:3, :3].T + transform[:3, 3]
    distance = -points[:, 2].mean()
    half_height = np.tan(np.radians(63 / 2))
    half_width = half_height * ASPECT
    landmarks = np.zeros((478, 3))
    landmarks[basis[:, 0].astype(int)] = np.stack(
        (
            0.5 + points[:, 0] / -points[:, 2] / half_width / 2,
            0.5 - points[:, 1] / -points[:, 2] / half_height / 2,
            (-points[:, 2] / distance - 1) / half_width / 2,
        ),
        axis=1,
    )
    return landmarks.astype(np.float32)


@pytest.mark.parametrize("picture", PICTURES)
def test_of_the_same_landmarks_comes_what_mediapipe_makes_of_them(picture: str) -> None:
    fixture = np.load(FIXTURE)
    expected = fixture[f"{picture}/matrix"]
    transform = face_transform(fixture[f"{picture}/landmarks"], float(fixture[f"{picture}/aspect"]))
    assert transform is not None
    assert transform.dtype == np.float32
    assert degrees_between(transform, expected) < 0.001
    np.testing.assert_allclose(transform[:3, 3], expected[:3, 3], atol=0.001)
    np.testing.assert_array_equal(transform[3], (0, 0, 0, 1))


@pytest.mark.parametrize(
    ("rotation", "position"),
    [
        ((0.0, 0, 0), (0, 0, -40)),
        ((0.3, 0, 0), (5, -3, -60)),
        ((0, 0.9, 0), (-12, 8, -50)),
        ((0, -0.9, 0), (20, 0, -90)),
        ((0, 0, 2.5), (0, 0, -200)),
        ((0.4, -0.6, 0.8), (-10, -10, -45)),
    ],
)
def test_a_head_is_found_where_it_was_put_and_as_it_was_turned(
    rotation: tuple[float, float, float], position: tuple[float, float, float]
) -> None:
    expected = make_transform(rotation, position)
    transform = face_transform(project(expected), ASPECT)
    assert transform is not None
    np.testing.assert_allclose(transform, expected, atol=2e-3)


def test_the_irises_do_not_count() -> None:
    landmarks = project(make_transform((0.1, 0.2, 0.3), (1, 2, -50)))
    with_irises, without = face_transform(landmarks, ASPECT), face_transform(landmarks[:468], ASPECT)
    assert with_irises is not None
    assert without is not None
    np.testing.assert_array_equal(with_irises, without)


def test_a_head_of_half_the_size_is_taken_for_one_twice_as_far_away() -> None:
    half = face_transform(project(make_transform((0, 0.2, 0), (2, 3, -30)), scale=0.5), ASPECT)
    assert half is not None
    np.testing.assert_allclose(half, make_transform((0, 0.2, 0), (4, 6, -60)), atol=2e-3)


def test_the_transform_is_rigid_whatever_the_landmarks_are() -> None:
    random = np.random.default_rng(3)
    for _ in range(200):
        transform = face_transform(random.uniform(-1, 2, (478, 3)).astype(np.float32), ASPECT)
        assert transform is not None
        rotation = transform[:3, :3].astype(float)
        np.testing.assert_allclose(rotation @ rotation.T, np.identity(3), atol=1e-5)
        assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-5)
        assert np.isfinite(transform).all()


@pytest.mark.parametrize("landmarks", [np.full((478, 3), 0.5), np.full((478, 3), np.nan)])
def test_of_a_face_without_extent_nothing_is_told(landmarks: FloatArray) -> None:
    assert face_transform(landmarks.astype(np.float32), ASPECT) is None
