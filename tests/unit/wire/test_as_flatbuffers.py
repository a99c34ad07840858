import dataclasses

import numpy as np
import pytest

from holistic_rtc.model.message import PART_FIELDS
from holistic_rtc.model.parts import ALL_PARTS, DEFAULT_PARTS, Part
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.model.rig import RIG_SHAPES
from holistic_rtc.wire import as_flatbuffers, landmarks_generated
from tests.kit.synthetic import (
    COORDINATE_TOLERANCE,
    SCORE_TOLERANCE,
    assert_close,
    make_message,
    make_result,
    make_rig,
    make_whole_message,
)

WHOLE = as_flatbuffers.encode(make_whole_message())
EMPTY = as_flatbuffers.encode(make_message(HolisticResult()))


def test_a_whole_message_comes_back_within_half_a_step() -> None:
    message = make_whole_message()
    assert_close(as_flatbuffers.decode(WHOLE), message, coordinates=COORDINATE_TOLERANCE, scores=SCORE_TOLERANCE)


def test_a_whole_message_stays_under_4500_bytes() -> None:
    assert len(WHOLE) < 4500


def test_a_message_with_the_default_parts_but_the_face_stays_under_1100_bytes() -> None:
    assert len(as_flatbuffers.encode(make_whole_message(), DEFAULT_PARTS - {Part.FACE})) < 1100


def test_a_rig_alone_stays_under_600_bytes() -> None:
    assert len(as_flatbuffers.encode(make_whole_message(), {Part.RIG})) < 600


def test_a_rig_that_was_not_asked_for_changes_no_byte() -> None:
    assert as_flatbuffers.encode(make_whole_message(), DEFAULT_PARTS) == as_flatbuffers.encode(make_message())


def test_a_rig_alone_is_the_only_part_there() -> None:
    message = make_message(HolisticResult(), make_rig())
    assert_close(as_flatbuffers.decode(as_flatbuffers.encode(message)), message, coordinates=0, scores=SCORE_TOLERANCE)


@pytest.mark.parametrize("part", list(PART_FIELDS))
def test_a_part_alone_is_the_only_one_there(part: Part) -> None:
    message = make_message(make_result(frozenset({part})))
    assert_close(
        as_flatbuffers.decode(as_flatbuffers.encode(message)),
        message,
        coordinates=COORDINATE_TOLERANCE,
        scores=SCORE_TOLERANCE,
    )


@pytest.mark.parametrize("part", list(PART_FIELDS))
def test_a_part_that_was_not_asked_for_is_left_out(part: Part) -> None:
    message = as_flatbuffers.decode(as_flatbuffers.encode(make_whole_message(), ALL_PARTS - {part}))
    assert message.rig is not None
    absent = {name for name in HolisticResult.__dataclass_fields__ if getattr(message.result, name) is None}
    expected = {PART_FIELDS[part].attribute} | ({"pose_visibility"} if part is Part.POSE else set())
    assert absent == expected


def test_a_frame_with_nobody_gives_a_message_without_parts() -> None:
    assert_close(as_flatbuffers.decode(EMPTY), make_message(HolisticResult()), coordinates=0, scores=0)
    assert len(EMPTY) <= 64


def test_the_largest_header_numbers_come_back() -> None:
    message = dataclasses.replace(
        make_message(), seq=2**32 - 1, timestamp_ms=2**32 - 1, width=65535, height=65535, track=255
    )
    decoded = as_flatbuffers.decode(as_flatbuffers.encode(message))
    assert dataclasses.replace(decoded, result=message.result) == message


def test_header_numbers_of_zero_come_back() -> None:
    message = dataclasses.replace(make_message(), seq=0, timestamp_ms=0, track=0)
    decoded = as_flatbuffers.decode(as_flatbuffers.encode(message))
    assert dataclasses.replace(decoded, result=message.result) == message


def test_counts_begin_again_at_zero_after_32_bits() -> None:
    message = dataclasses.replace(make_message(), seq=2**32, timestamp_ms=2**32 + 7)
    decoded = as_flatbuffers.decode(as_flatbuffers.encode(message))
    assert (decoded.seq, decoded.timestamp_ms) == (0, 7)


def test_coordinates_beyond_the_range_are_clipped() -> None:
    hand = np.full((21, 3), 100, np.float32)
    hand[0] = -100
    result = as_flatbuffers.decode(as_flatbuffers.encode(make_message(HolisticResult(left_hand_landmarks=hand)))).result
    assert result.left_hand_landmarks is not None
    assert result.left_hand_landmarks.min() == -4
    assert result.left_hand_landmarks.max() == 4 - 1 / 8192


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["face_landmarks", "face_blendshapes", "face_transform"])
def test_a_part_with_a_number_that_is_not_finite_counts_as_not_seen(name: str, number: float) -> None:
    whole = make_result()
    array = getattr(whole, name).copy()
    array.flat[0] = number
    result = as_flatbuffers.decode(
        as_flatbuffers.encode(make_message(dataclasses.replace(whole, **{name: array})))
    ).result
    assert getattr(result, name) is None
    assert result.pose_landmarks is not None


@pytest.mark.parametrize("name", list(RIG_SHAPES))
def test_a_rig_with_a_number_that_is_not_finite_counts_as_not_seen(name: str) -> None:
    array = getattr(make_rig(), name).copy()
    array.flat[-1] = np.nan
    message = make_message(rig=dataclasses.replace(make_rig(), **{name: array}))
    assert_close(
        as_flatbuffers.decode(as_flatbuffers.encode(message)), make_message(), coordinates=1e-4, scores=SCORE_TOLERANCE
    )


@pytest.mark.parametrize("name", list(RIG_SHAPES))
def test_a_rig_of_another_shape_is_refused(name: str) -> None:
    rig = dataclasses.replace(make_rig(), **{name: getattr(make_rig(), name)[1:]})
    with pytest.raises(ValueError, match=f"{name} of the rig has the shape"):
        as_flatbuffers.encode(make_message(rig=rig))


def test_a_pose_whose_visibility_is_not_finite_counts_as_not_seen() -> None:
    message = make_message(dataclasses.replace(make_result(), pose_visibility=np.full(33, np.nan, np.float32)))
    assert as_flatbuffers.decode(as_flatbuffers.encode(message)).result.pose_landmarks is None


def test_scores_beyond_their_range_are_clipped() -> None:
    scores = np.linspace(-1, 2, 52, dtype=np.float32)
    result = as_flatbuffers.decode(as_flatbuffers.encode(make_message(HolisticResult(face_blendshapes=scores)))).result
    assert result.face_blendshapes is not None
    np.testing.assert_allclose(result.face_blendshapes, scores.clip(0, 1), atol=SCORE_TOLERANCE)


def test_arrays_that_are_not_contiguous_are_encoded_as_they_read() -> None:
    result = make_result(frozenset({Part.FACE}))
    assert result.face_landmarks is not None
    flipped = dataclasses.replace(result, face_landmarks=result.face_landmarks[::-1])
    decoded = as_flatbuffers.decode(as_flatbuffers.encode(make_message(flipped)))
    assert_close(decoded, make_message(flipped), coordinates=COORDINATE_TOLERANCE, scores=SCORE_TOLERANCE)


@pytest.mark.parametrize(
    "result",
    [
        HolisticResult(face_landmarks=np.zeros((468, 3), np.float32)),
        HolisticResult(face_transform=np.zeros((3, 4), np.float32)),
        HolisticResult(pose_landmarks=np.zeros((33, 3), np.float32)),
    ],
    ids=["wrong shape of face", "wrong shape of transform", "pose without visibility"],
)
def test_a_result_that_breaks_its_contract_is_refused(result: HolisticResult) -> None:
    with pytest.raises(ValueError, match="shape"):
        as_flatbuffers.encode(make_message(result))


def test_decoded_arrays_can_be_written_to() -> None:
    result = as_flatbuffers.decode(WHOLE).result
    assert result.face_landmarks is not None
    result.face_landmarks[:] = 0
    assert as_flatbuffers.decode(WHOLE).result.face_landmarks is not result.face_landmarks


def test_the_generated_reader_reads_the_same_numbers() -> None:
    result = make_result()
    root = landmarks_generated.Landmarks.GetRootAs(WHOLE, 0)
    assert (root.Seq(), root.TimestampMs(), root.Width(), root.Height(), root.Track()) == (
        70_000,
        2_345_678,
        640,
        480,
        1,
    )
    for struct, name in [
        (root.Pose(), "pose_landmarks"),
        (root.PoseWorld(), "pose_world_landmarks"),
        (root.Face(), "face_landmarks"),
        (root.LeftHand(), "left_hand_landmarks"),
        (root.LeftHandWorld(), "left_hand_world_landmarks"),
        (root.RightHand(), "right_hand_landmarks"),
        (root.RightHandWorld(), "right_hand_world_landmarks"),
    ]:
        expected = getattr(result, name).reshape(-1)
        np.testing.assert_allclose(np.array(struct.Xyz()) / 8192, expected, rtol=0, atol=COORDINATE_TOLERANCE)
    assert result.pose_visibility is not None
    assert result.face_blendshapes is not None
    visibility, scores = np.array(root.Pose().Visibility()) / 255, np.array(root.Blendshapes().Score()) / 255
    np.testing.assert_allclose(visibility, result.pose_visibility, atol=SCORE_TOLERANCE)
    np.testing.assert_allclose(scores, result.face_blendshapes, atol=SCORE_TOLERANCE)
