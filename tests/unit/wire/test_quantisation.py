"""How far what a reader gets lies from what was tracked."""

import dataclasses
from types import ModuleType

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.model.geometry import nearest_quaternion
from holistic_rtc.model.message import PART_FIELDS
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import FloatArray, HolisticResult
from holistic_rtc.tracking.mediapipe.engine import MediaPipeTracker
from holistic_rtc.wire import as_flatbuffers, as_json
from holistic_rtc.wire.rotations import to_transform
from tests.kit.persons import first_of
from tests.kit.pictures import grace_hopper
from tests.kit.synthetic import FUZZ, make_message, make_rig, make_transform

MAX_PIXELS = 0.15
LONG_SIDE = 1920
MAX_MILLIMETRES = 0.2
MAX_DEGREES = 0.005

# The range of a coordinate on the wire; those of a landmark in the frame are a quarter of it.
LOWEST, HIGHEST = -4, 4 - 1 / 8192

encodings = pytest.mark.parametrize("encoding", [as_flatbuffers, as_json], ids=["FlatBuffers", "JSON"])


def sent(encoding: ModuleType, result: HolisticResult) -> HolisticResult:
    message = encoding.decode(encoding.encode(make_message(result)))
    assert isinstance(message.result, HolisticResult)
    return message.result


def farthest(tracked: FloatArray | None, received: FloatArray | None) -> float:
    assert tracked is not None
    assert received is not None
    return float(np.abs(tracked.astype(np.float64) - received).max())


def turned_degrees(tracked: FloatArray, received: FloatArray | None) -> float:
    """The angle between two rotations."""
    assert received is not None
    between = tracked[:3, :3].astype(np.float64).T @ received[:3, :3]
    return float(np.degrees(np.linalg.norm(cv2.Rodrigues(between)[0])))


@encodings
def test_image_coordinates_move_by_less_than_015_px_over_their_whole_range(encoding: ModuleType) -> None:
    for coordinates in np.split(np.linspace(LOWEST, HIGHEST, 1434 * 32, dtype=np.float32), 32):
        face = coordinates.reshape(478, 3)
        received = sent(encoding, HolisticResult(face_landmarks=face)).face_landmarks
        assert farthest(face, received) * LONG_SIDE < MAX_PIXELS


@encodings
@FUZZ
@given(hnp.arrays(np.float32, (21, 3), elements=st.floats(LOWEST, HIGHEST, width=32)))
def test_any_landmark_moves_by_less_than_015_px_and_02_mm(encoding: ModuleType, hand: FloatArray) -> None:
    result = sent(encoding, HolisticResult(left_hand_landmarks=hand, left_hand_world_landmarks=hand))
    assert farthest(hand, result.left_hand_landmarks) * LONG_SIDE < MAX_PIXELS
    assert farthest(hand, result.left_hand_world_landmarks) * 1000 < MAX_MILLIMETRES


@encodings
@FUZZ
@given(
    st.tuples(*[st.floats(-np.pi, np.pi)] * 3),
    st.tuples(*[st.floats(-1000, 1000, width=32)] * 3),
)
def test_a_head_turns_by_less_than_0005_degrees_and_stays_where_it_is(
    encoding: ModuleType, rotation: tuple[float, float, float], position: tuple[float, float, float]
) -> None:
    transform = make_transform(rotation, position)
    received = sent(encoding, HolisticResult(face_transform=transform)).face_transform
    assert turned_degrees(transform, received) < MAX_DEGREES
    assert received is not None
    np.testing.assert_allclose(received[:3, 3], position, rtol=0, atol=4e-5)
    np.testing.assert_allclose(received[:3, :3] @ received[:3, :3].T, np.identity(3), atol=1e-6)
    assert np.linalg.det(received[:3, :3]) == pytest.approx(1, abs=1e-6)
    assert received[3].tolist() == [0, 0, 0, 1]


@encodings
@pytest.mark.parametrize("axis", np.concatenate([np.identity(3), -np.identity(3), np.full((1, 3), 3**-0.5)]).tolist())
def test_a_head_turned_by_half_a_turn_comes_back(encoding: ModuleType, axis: list[float]) -> None:
    # There w is 0 and its sign is anybody's.
    x, y, z = np.array(axis) * np.pi
    transform = make_transform((x, y, z), (0, 0, -40))
    assert turned_degrees(transform, sent(encoding, HolisticResult(face_transform=transform)).face_transform) < 0.005


@encodings
@FUZZ
@given(st.tuples(*[st.floats(-np.pi, np.pi)] * 3))
def test_a_bone_turns_by_less_than_0005_degrees(encoding: ModuleType, rotation: tuple[float, float, float]) -> None:
    turned = make_transform(rotation, (0, 0, 0))
    rotations = make_rig().rotations.copy()
    rotations[-1] = nearest_quaternion(turned)
    message = make_message(HolisticResult(), dataclasses.replace(make_rig(), rotations=rotations))
    received = encoding.decode(encoding.encode(message)).rig.rotations[-1]
    assert turned_degrees(turned, to_transform((0, 0, 0), received)) < MAX_DEGREES


@encodings
def test_a_transform_with_a_little_scale_and_noise_is_sent_as_the_nearest_rotation(encoding: ModuleType) -> None:
    rigid = make_transform((0.4, -0.8, 0.2), (1, 2, -40))
    scaled = rigid.copy()
    scaled[:3, :3] *= 1.05
    scaled[:3, :3] += np.random.default_rng(1).normal(0, 1e-5, (3, 3)).astype(np.float32)
    assert turned_degrees(rigid, sent(encoding, HolisticResult(face_transform=scaled)).face_transform) < 0.01


@pytest.fixture(scope="module")
def portrait_result() -> HolisticResult:
    tracker = MediaPipeTracker(find(PoseModel.LITE).path)
    try:
        return first_of(tracker.track(grace_hopper(), 0))
    finally:
        tracker.close()


@encodings
def test_real_landmarks_move_by_less_than_015_px_and_02_mm(
    encoding: ModuleType, portrait_result: HolisticResult
) -> None:
    received = sent(encoding, portrait_result)
    for part in (Part.POSE, Part.FACE):
        name = PART_FIELDS[part].attribute
        assert farthest(getattr(portrait_result, name), getattr(received, name)) * LONG_SIDE < MAX_PIXELS
    assert farthest(portrait_result.pose_world_landmarks, received.pose_world_landmarks) * 1000 < MAX_MILLIMETRES
