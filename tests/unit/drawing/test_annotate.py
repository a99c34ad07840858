import dataclasses
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediapipe.tasks.python.vision.face_landmarker import FaceLandmarksConnections
from mediapipe.tasks.python.vision.hand_landmarker import HandLandmarksConnections
from mediapipe.tasks.python.vision.pose_landmarker import PoseLandmarksConnections
from numpy.typing import NDArray

from holistic_rtc.drawing import topology
from holistic_rtc.drawing.annotate import annotate
from holistic_rtc.drawing.style import STYLE
from holistic_rtc.model.message import PART_FIELDS
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import FloatArray, HolisticResult, Image
from tests.kit.synthetic import FUZZ, make_result

DRAWN_PARTS = [Part.POSE, Part.FACE, Part.LEFT_HAND, Part.RIGHT_HAND]


def grey(width: int = 640, height: int = 480, value: int = 128) -> Image:
    return np.full((height, width, 3), value, np.uint8)


def spread(count: int, left: float, right: float) -> FloatArray:
    """Points at random between two vertical lines of the picture."""
    random = np.random.default_rng(3)
    points = random.random((count, 3), dtype=np.float32)
    points[:, 0] = left + points[:, 0] * (right - left)
    return points


def has_colour(image: Image, colour: tuple[int, int, int]) -> bool:
    return bool((image == colour).all(axis=-1).any())


def changed(before: Image, after: Image) -> NDArray[np.bool_]:
    pixels: NDArray[np.bool_] = (before != after).any(axis=-1)
    return pixels


def test_the_picture_given_stays_as_it_is() -> None:
    image = grey()
    image.flags.writeable = False
    drawn = annotate(image, {0: make_result()})
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    assert (image == 128).all()


@pytest.mark.parametrize("part", DRAWN_PARTS)
def test_only_the_parts_named_are_drawn(part: Part) -> None:
    person = dataclasses.replace(make_result(), pose_visibility=np.ones(33, np.float32))
    attribute = PART_FIELDS[part].attribute
    alone = HolisticResult(
        **{attribute: getattr(person, attribute)},
        pose_visibility=person.pose_visibility,
    )
    expected = annotate(grey(), {0: alone})
    assert changed(grey(), expected).any()
    np.testing.assert_array_equal(annotate(grey(), {0: person}, {part}), expected)


def test_a_frame_with_nobody_comes_back_as_a_copy() -> None:
    image = grey()
    drawn = annotate(image, {0: HolisticResult()})
    assert drawn is not image
    assert not np.shares_memory(drawn, image)
    assert (drawn == image).all()


@pytest.mark.parametrize("part", DRAWN_PARTS)
@pytest.mark.parametrize("value", [0, 255], ids=["dark", "light"])
def test_each_part_shows_on_dark_and_light_pictures(part: Part, value: int) -> None:
    count = PART_FIELDS[part].shape[0]
    result = HolisticResult(
        **{PART_FIELDS[part].attribute: spread(count, 0.25, 0.75), "pose_visibility": np.ones(count, np.float32)}
    )
    image = grey(value=value)
    difference = np.abs(annotate(image, {0: result}).astype(int) - image).max(axis=-1)
    assert (difference > 60).sum() > 500
    assert not difference[:, :140].any()
    assert not difference[:, 500:].any()


def test_hands_have_colours_of_their_own() -> None:
    left = annotate(grey(), {0: HolisticResult(left_hand_landmarks=spread(21, 0, 1))})
    right = annotate(grey(), {0: HolisticResult(right_hand_landmarks=spread(21, 0, 1))})
    assert has_colour(left, STYLE.left)
    assert not has_colour(left, STYLE.right)
    assert has_colour(right, STYLE.right)
    assert not has_colour(right, STYLE.left)


def test_each_person_has_a_colour_of_their_own() -> None:
    persons = {
        0: HolisticResult(left_hand_landmarks=spread(21, 0, 0.3)),
        1: HolisticResult(left_hand_landmarks=spread(21, 0.7, 1)),
    }
    drawn = annotate(grey(), persons)
    first, second = drawn[:, :320], drawn[:, 320:]
    assert has_colour(first, STYLE.left)
    assert has_colour(second, STYLE.left)
    assert has_colour(first, STYLE.persons[0])
    assert has_colour(second, STYLE.persons[1])
    assert not has_colour(first, STYLE.persons[1])
    assert not has_colour(second, STYLE.persons[0])


def test_there_may_be_more_persons_than_colours() -> None:
    hand = HolisticResult(left_hand_landmarks=spread(21, 0, 1))
    assert (annotate(grey(), {len(STYLE.persons): hand}) == annotate(grey(), {0: hand})).all()


def test_pose_points_that_are_not_visible_are_not_drawn() -> None:
    pose = spread(33, 0, 0.4)
    pose[[14, 16, 18, 20, 22], 0] = 0.8
    visibility = np.ones(33, np.float32)
    visibility[[14, 16, 18, 20, 22]] = 0.4
    difference = changed(grey(), annotate(grey(), {0: HolisticResult(pose_landmarks=pose, pose_visibility=visibility)}))
    assert difference[:, :260].any()
    assert not difference[:, 270:].any()


def test_a_pose_of_which_nothing_is_visible_is_not_drawn() -> None:
    result = HolisticResult(pose_landmarks=spread(33, 0, 1), pose_visibility=np.zeros(33, np.float32))
    assert (annotate(grey(), {0: result}) == grey()).all()


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("face_landmarks", [*range(11)]),
        ("left_hand_landmarks", [17, 19, 21]),
        ("right_hand_landmarks", [18, 20, 22]),
    ],
)
def test_the_pose_leaves_face_and_fingers_to_their_own_landmarks(name: str, points: list[int]) -> None:
    pose = spread(33, 0, 0.4)
    pose[points, 0] = 0.8
    alone = HolisticResult(pose_landmarks=pose, pose_visibility=np.ones(33, np.float32))
    count = 478 if name == "face_landmarks" else 21
    both = dataclasses.replace(alone, **{name: spread(count, 0, 0.4)})
    assert changed(grey(), annotate(grey(), {0: alone}))[:, 300:].any()
    assert not changed(grey(), annotate(grey(), {0: both}))[:, 300:].any()


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", DRAWN_PARTS)
def test_a_part_with_a_number_that_is_not_finite_is_left_out(part: Part, number: float) -> None:
    landmarks = spread(PART_FIELDS[part].shape[0], 0, 1)
    landmarks[5, 1] = number
    result = HolisticResult(**{PART_FIELDS[part].attribute: landmarks, "pose_visibility": np.ones(33, np.float32)})
    assert (annotate(grey(), {0: result}) == grey()).all()


def test_a_visibility_that_is_not_finite_counts_as_not_visible() -> None:
    result = HolisticResult(pose_landmarks=spread(33, 0, 1), pose_visibility=np.full(33, np.nan, np.float32))
    assert (annotate(grey(), {0: result}) == grey()).all()


@pytest.mark.parametrize("offset", [-4, -1.5, 1.5, 4, 1e9, -1e30])
def test_parts_outside_the_picture_leave_it_as_it_is(offset: float) -> None:
    result = make_result()
    moved = {
        PART_FIELDS[part].attribute: getattr(result, PART_FIELDS[part].attribute) / 4 + np.float32(offset)
        for part in DRAWN_PARTS
    }
    assert (annotate(grey(), {0: dataclasses.replace(result, **moved)}) == grey()).all()


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (2, 2), (3, 200), (160, 120), (641, 479), (720, 1280), (1920, 1080)]
)
def test_pictures_of_any_size_are_drawn_on(width: int, height: int) -> None:
    image = grey(width, height)
    drawn = annotate(image, {0: make_result()})
    assert drawn.shape == image.shape
    assert changed(image, drawn).any()


def test_a_picture_that_is_a_view_is_drawn_on_as_it_reads() -> None:
    image = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    view = image[::-1, ::-1, ::-1]
    assert (annotate(view, {0: make_result()}) == annotate(view.copy(), {0: make_result()})).all()


@FUZZ
@given(
    st.integers(1, 64),
    st.integers(1, 64),
    st.lists(st.floats(-1e6, 1e6, width=32) | st.floats(-0.5, 1.5, width=32), min_size=2, max_size=24),
)
def test_landmarks_anywhere_are_drawn_without_an_error(width: int, height: int, numbers: list[float]) -> None:
    arrays = {
        PART_FIELDS[part].attribute: np.resize(np.array(numbers, np.float32), PART_FIELDS[part].shape)
        for part in DRAWN_PARTS
    }
    result = HolisticResult(**arrays, pose_visibility=np.resize(np.array(numbers, np.float32), 33))
    assert annotate(grey(width, height), {0: result}).shape == (height, width, 3)


def lines_of(paths: Iterable[topology.Path]) -> set[frozenset[int]]:
    return {frozenset(line) for path in paths for line in pairwise(path.tolist())}


def lines_of_mediapipe(connections: Iterable[FaceLandmarksConnections.Connection]) -> set[frozenset[int]]:
    return {frozenset((connection.start, connection.end)) for connection in connections}


FACE = FaceLandmarksConnections


@pytest.mark.parametrize(
    ("paths", "connections"),
    [
        (topology.HAND, HandLandmarksConnections.HAND_CONNECTIONS),
        ([topology.FACE_MESH], FACE.FACE_LANDMARKS_TESSELATION),
        (topology.FACE_MIDDLE, FACE.FACE_LANDMARKS_FACE_OVAL + FACE.FACE_LANDMARKS_LIPS),
        (topology.FACE_LEFT, FACE.FACE_LANDMARKS_LEFT_EYE + FACE.FACE_LANDMARKS_LEFT_EYEBROW),
        (topology.FACE_RIGHT, FACE.FACE_LANDMARKS_RIGHT_EYE + FACE.FACE_LANDMARKS_RIGHT_EYEBROW),
        ([np.append(topology.LEFT_IRIS, 474)], FACE.FACE_LANDMARKS_LEFT_IRIS),
        ([np.append(topology.RIGHT_IRIS, 469)], FACE.FACE_LANDMARKS_RIGHT_IRIS),
        (
            topology.POSE_MIDDLE + topology.POSE_LEFT + topology.POSE_RIGHT,
            PoseLandmarksConnections.POSE_LANDMARKS,
        ),
    ],
    ids=["hand", "mesh", "face middle", "face left", "face right", "left iris", "right iris", "pose"],
)
def test_the_lines_are_those_of_mediapipe(
    paths: Iterable[topology.Path], connections: list[FaceLandmarksConnections.Connection]
) -> None:
    assert lines_of(paths) == lines_of_mediapipe(connections)
