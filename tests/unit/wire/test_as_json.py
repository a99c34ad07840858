import dataclasses

import numpy as np
import orjson
import pytest

from holistic_rtc.errors import DecodeError
from holistic_rtc.model.parts import ALL_PARTS, BLENDSHAPE_NAMES, Part
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS
from holistic_rtc.wire import as_json
from tests.kit.synthetic import assert_close, make_message, make_result, make_rig, make_whole_message

HEADER = {"seq": 1, "timestamp_ms": 2, "width": 640, "height": 480, "track": 0, "person": 0}
HAND = [[0.5, 0.5, 0.0]] * 21


def test_a_whole_message_comes_back_rounded_to_five_decimals() -> None:
    message = make_whole_message()
    assert_close(as_json.decode(as_json.encode(message)), message, coordinates=5.5e-6, scores=5.5e-6)


def test_a_message_can_be_decoded_from_text() -> None:
    message = make_message()
    assert_close(as_json.decode(as_json.encode(message).decode()), message, coordinates=5.5e-6, scores=5.5e-6)


def test_the_document_names_its_fields_as_the_schema_does() -> None:
    document = orjson.loads(as_json.encode(make_whole_message()))
    assert set(document) == {*HEADER, *ALL_PARTS, "pose_visibility"}
    assert tuple(document["blendshapes"]) == BLENDSHAPE_NAMES
    assert np.shape(document["face"]) == (478, 3)


def test_the_rig_goes_by_names() -> None:
    rig = orjson.loads(as_json.encode(make_whole_message()))["rig"]
    assert tuple(rig) == ("hips_position", "bones", "expressions", "arkit")
    assert tuple(rig["bones"]) == BONES
    assert tuple(rig["expressions"]) == EXPRESSIONS
    assert tuple(rig["arkit"]) == ARKIT_BLENDSHAPES
    assert np.shape(list(rig["bones"].values())) == (49, 4)


def test_a_rig_with_more_bones_and_scores_of_a_newer_schema_is_read() -> None:
    document = orjson.loads(as_json.encode(make_message(HolisticResult(), make_rig())))
    document["rig"] |= {"root": [0, 0, 0]}
    document["rig"]["bones"]["leftToes"] = [0, 0, 0, 1]
    document["rig"]["expressions"]["neutral"] = 0.5
    assert_close(
        as_json.decode(orjson.dumps(document)), make_message(HolisticResult(), make_rig()), coordinates=0, scores=5.5e-6
    )


def test_no_number_has_more_than_five_decimals() -> None:
    document = orjson.loads(as_json.encode(make_message()))
    numbers = [*np.ravel(document["face"]), *document["pose_visibility"], *document["blendshapes"].values()]
    assert all(number == round(number, 5) for number in numbers)


@pytest.mark.parametrize("part", list(Part))
def test_a_part_that_was_not_asked_for_is_an_absent_key(part: Part) -> None:
    document = orjson.loads(as_json.encode(make_whole_message(), ALL_PARTS - {part}))
    absent = {part.value, "pose_visibility"} if part is Part.POSE else {part.value}
    assert set(document) == {*HEADER, *ALL_PARTS, "pose_visibility"} - absent


def test_a_frame_with_nobody_gives_the_header_alone() -> None:
    message = make_message(HolisticResult())
    assert set(orjson.loads(as_json.encode(message))) == set(HEADER)
    assert_close(as_json.decode(as_json.encode(message)), message, coordinates=0, scores=0)


def test_counts_begin_again_at_zero_after_32_bits() -> None:
    message = dataclasses.replace(make_message(), seq=2**32, timestamp_ms=2**32 + 7)
    decoded = as_json.decode(as_json.encode(message))
    assert (decoded.seq, decoded.timestamp_ms) == (0, 7)


def test_an_encoded_message_can_get_another_number() -> None:
    message = make_whole_message()
    for seq, by in ((0, 0), (7, 993), (2**32 - 1, 3)):
        encoded = as_json.encode(dataclasses.replace(message, seq=seq))
        assert as_json.renumbered(encoded, by) == as_json.encode(dataclasses.replace(message, seq=seq + by))


def test_a_part_with_a_number_that_is_not_finite_counts_as_not_seen() -> None:
    face = np.full((478, 3), np.nan, np.float32)
    document = orjson.loads(as_json.encode(make_message(dataclasses.replace(make_result(), face_landmarks=face))))
    assert "face" not in document
    assert "pose" in document


def test_fields_of_a_newer_schema_are_passed_over() -> None:
    decoded = as_json.decode(orjson.dumps({**HEADER, "left_hand": HAND, "gaze": [1, 2, 3]}))
    assert decoded.seq == 1
    assert decoded.result.left_hand_landmarks is not None


def test_a_message_of_an_older_server_is_of_the_first_person() -> None:
    document = {name: value for name, value in HEADER.items() if name != "person"}
    assert as_json.decode(orjson.dumps(document)).person == 0


def test_a_whole_number_written_as_a_fraction_is_refused() -> None:
    with pytest.raises(DecodeError, match="seq"):
        as_json.decode(orjson.dumps({**HEADER, "seq": 1.0}))


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff\xfe", b"{", b"[" * 100_000, b'{"seq":1e999}', "\ud800"])
def test_what_is_no_landmark_message_is_refused(data: bytes | str) -> None:
    with pytest.raises(DecodeError):
        as_json.decode(data)
