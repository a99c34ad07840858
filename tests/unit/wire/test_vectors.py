"""The vectors in ``tests/vectors``, which the TypeScript client's tests read too."""

import base64
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from holistic_rtc.errors import DecodeError
from holistic_rtc.model.message import PART_FIELDS, LandmarkMessage
from holistic_rtc.model.parts import DEFAULT_PARTS, Part
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.wire import as_flatbuffers, as_json
from holistic_rtc.wire.landmarks_generated import Landmarks

VECTORS = Path(__file__).parents[2] / "vectors"
HEADER = ("seq", "timestamp_ms", "width", "height", "track", "person")
# The parts each vector has.
BODY = {Part.POSE, Part.POSE_WORLD, Part.FACE, Part.BLENDSHAPES, Part.FACE_TRANSFORM}
PARTS = {
    "person": set(DEFAULT_PARTS),
    "upper_body": BODY,
    "second_person": BODY,
    "nobody": set(),
    "rig": {Part.FACE_TRANSFORM, Part.RIG},
    "newer": set(DEFAULT_PARTS),
}
REFUSED = orjson.loads((VECTORS / "refused.json").read_bytes())

every = pytest.mark.parametrize("name", PARTS)
# "newer" has fields that this version neither keeps nor writes.
own = pytest.mark.parametrize("name", ["person", "upper_body", "second_person", "nobody", "rig"])


def binary(name: str) -> bytes:
    return (VECTORS / f"{name}.bin").read_bytes()


def text(name: str) -> bytes:
    return (VECTORS / f"{name}.message.json").read_bytes()


def assert_is(message: LandmarkMessage, name: str, tolerance: float) -> None:
    expected: dict[str, Any] = orjson.loads((VECTORS / f"{name}.expected.json").read_bytes())
    for name_of_field in HEADER:
        assert getattr(message, name_of_field) == expected.pop(name_of_field)
    for field in dataclasses.fields(HolisticResult):
        array = getattr(message.result, field.name)
        if array is None:
            assert field.name not in expected
            continue
        scored = field.name in ("pose_visibility", "face_blendshapes")
        # In JSON, scores aren't rounded to 1/255, nor rotations to 1/32767.
        atol = tolerance if tolerance < 1e-6 else 0.5 / 255 + 1e-5 if scored else max(tolerance, 1e-4)
        np.testing.assert_allclose(array, expected.pop(field.name), rtol=0, atol=atol, err_msg=field.name)
    if message.rig is not None:
        for name, numbers in expected.pop("rig").items():
            atol = tolerance if tolerance < 1e-6 else 0.5 / 255 + 1e-5 if name in ("expressions", "arkit") else 1e-4
            np.testing.assert_allclose(getattr(message.rig, name), numbers, rtol=0, atol=atol, err_msg=name)
    assert not expected


@every
def test_a_vector_has_the_parts_it_is_for(name: str) -> None:
    message = as_flatbuffers.decode(binary(name))
    assert set(message.seen()) | ({Part.RIG} if message.rig else set()) == PARTS[name]


@every
def test_flatbuffers_are_decoded_to_the_expected_numbers(name: str) -> None:
    assert_is(as_flatbuffers.decode(binary(name)), name, 2e-7)


@every
def test_json_is_decoded_to_the_expected_numbers(name: str) -> None:
    assert_is(as_json.decode(text(name)), name, 0.5 / 8192 + 1e-5)


@own
def test_a_decoded_message_is_encoded_to_the_same_bytes(name: str) -> None:
    assert as_flatbuffers.encode(as_flatbuffers.decode(binary(name))) == binary(name)


@own
def test_decoded_json_is_encoded_to_the_same_bytes(name: str) -> None:
    assert as_json.encode(as_json.decode(text(name))) == text(name)


def test_of_a_newer_message_all_that_is_known_is_read() -> None:
    newer = dataclasses.replace(as_flatbuffers.decode(binary("newer")), seq=1800, timestamp_ms=60_000)
    assert as_flatbuffers.encode(newer) == binary("person")
    newer = dataclasses.replace(as_json.decode(text("newer")), seq=1800, timestamp_ms=60_000)
    assert as_json.encode(newer) == text("person")


@every
def test_the_generated_reader_reads_the_same_numbers(name: str) -> None:
    message = as_flatbuffers.decode(binary(name))
    root = Landmarks.GetRootAs(binary(name), 0)
    assert [root.Seq(), root.TimestampMs(), root.Width(), root.Height(), root.Track(), root.Person()] == [
        getattr(message, field) for field in HEADER
    ]
    for part, field in PART_FIELDS.items():
        stored = getattr(root, part.title().replace("_", ""))()
        array = getattr(message.result, field.attribute)
        if array is None:
            assert stored is None
        elif part is Part.BLENDSHAPES:
            assert_stored(array * 255, stored.Score())
        elif part is Part.FACE_TRANSFORM:
            assert_stored(array[:3, 3], stored.Position())
            x, y, z, w = np.array(stored.Rotation()) / 32767
            # The angle and the axis of a rotation are in its trace and its antisymmetric part.
            assert np.trace(array[:3, :3]) == pytest.approx(4 * w * w - 1, abs=1e-4)
            np.testing.assert_allclose((array - array.T)[[2, 0, 1], [1, 2, 0]], 4 * w * np.array([x, y, z]), atol=2e-4)
        else:
            assert_stored(array * 8192, stored.Xyz())
    if message.result.pose_visibility is not None:
        assert_stored(message.result.pose_visibility * 255, root.Pose().Visibility())
    if message.rig is None:
        assert root.Rig() is None
    else:
        assert_stored(message.rig.hips_position, root.Rig().HipsPosition())
        # Reading normalises, which moves a number by up to one step.
        np.testing.assert_allclose(message.rig.rotations.reshape(-1) * 32767, root.Rig().Rotation(), atol=1)
        assert_stored(message.rig.expressions * 255, root.Rig().Expression())
        assert_stored(message.rig.arkit * 255, root.Rig().Arkit())


def assert_stored(array: NDArray[np.float32], stored: list[float]) -> None:
    np.testing.assert_allclose(array.reshape(-1), stored, rtol=0, atol=1e-3)


def test_a_full_message_stays_under_4500_bytes_and_one_without_the_face_mesh_under_1100() -> None:
    person = as_flatbuffers.decode(binary("person"))
    assert len(as_flatbuffers.encode(person)) < 4500
    assert len(as_flatbuffers.encode(person, DEFAULT_PARTS - {Part.FACE})) < 1100


@pytest.mark.parametrize("data", REFUSED["flatbuffers"].values(), ids=REFUSED["flatbuffers"])
def test_flatbuffers_that_break_the_contract_are_refused(data: str) -> None:
    with pytest.raises(DecodeError):
        as_flatbuffers.decode(base64.b64decode(data))


@pytest.mark.parametrize("data", REFUSED["json"].values(), ids=REFUSED["json"])
def test_json_that_breaks_the_contract_is_refused(data: str) -> None:
    with pytest.raises(DecodeError):
        as_json.decode(data)


def test_a_message_of_another_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(DecodeError, match=r"another version of the schema \(HRL2; .* HRL1\): update the client"):
        as_flatbuffers.decode(base64.b64decode(REFUSED["flatbuffers"]["version 2"]))
