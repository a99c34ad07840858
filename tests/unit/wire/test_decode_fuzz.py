"""Whatever comes, both decoders give a message or a DecodeError."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holistic_rtc.errors import DecodeError
from holistic_rtc.model.message import PART_FIELDS, LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.rig import RIG_SHAPES
from holistic_rtc.wire import as_flatbuffers, as_json
from tests.kit.synthetic import FUZZ

VECTORS = Path(__file__).parents[2] / "vectors"
NAMES = ["person", "upper_body", "second_person", "nobody", "rig", "newer"]
BINARIES = [(VECTORS / f"{name}.bin").read_bytes() for name in NAMES]
TEXTS = [(VECTORS / f"{name}.message.json").read_bytes() for name in NAMES]


def decode_or_refuse(decode: Callable[[bytes], LandmarkMessage], data: bytes) -> None:
    try:
        message = decode(data)
    except DecodeError:
        return
    # Of a message that was let through, each part is whole and finite, and can be sent on.
    for part, field in PART_FIELDS.items():
        array = getattr(message.result, field.attribute)
        assert array is None or (array.shape == field.shape and np.isfinite(array).all()), part
    if message.rig is not None:
        for name, shape in RIG_SHAPES.items():
            array = getattr(message.rig, name)
            assert array.shape == shape, name
            assert np.isfinite(array).all(), name
        np.testing.assert_allclose(np.linalg.norm(message.rig.rotations, axis=1), 1, atol=1e-6)
    as_flatbuffers.encode(message)
    as_json.encode(message)


# At the end of "newer" is a text that this version doesn't read.
@pytest.mark.parametrize("data", BINARIES[:-1], ids=NAMES[:-1])
def test_flatbuffers_cut_anywhere_are_refused(data: bytes) -> None:
    # Zeros at the end only align the message.
    for length in range(len(data.rstrip(b"\0"))):
        with pytest.raises(DecodeError):
            as_flatbuffers.decode(data[:length])


@pytest.mark.parametrize("data", TEXTS, ids=NAMES)
def test_json_cut_anywhere_is_refused(data: bytes) -> None:
    for length in range(0, len(data), 1 + len(data) // 1000):
        with pytest.raises(DecodeError):
            as_json.decode(data[:length])


@FUZZ
@given(st.binary(max_size=256))
def test_random_bytes_are_decoded_or_refused(data: bytes) -> None:
    decode_or_refuse(as_flatbuffers.decode, data)
    decode_or_refuse(as_flatbuffers.decode, data[:4] + b"HRL1" + data[4:])
    with pytest.raises(DecodeError):
        as_json.decode(data)


@FUZZ
@given(st.data())
def test_flatbuffers_with_bits_flipped_are_decoded_or_refused(data: st.DataObject) -> None:
    message = bytearray(data.draw(st.sampled_from(BINARIES)))
    # Most of a message is coordinates; the table that leads to them is at its front.
    reach = data.draw(st.sampled_from([96, len(message)]))
    for bit in data.draw(st.lists(st.integers(0, 8 * min(reach, len(message)) - 1), min_size=1, max_size=8)):
        message[bit // 8] ^= 1 << bit % 8
    decode_or_refuse(as_flatbuffers.decode, bytes(message))
    decode_or_refuse(as_flatbuffers.decode, bytes(message[: data.draw(st.integers(0, len(message)))]))


@FUZZ
@given(st.data())
def test_json_with_bits_flipped_is_decoded_or_refused(data: st.DataObject) -> None:
    message = bytearray(data.draw(st.sampled_from(TEXTS)))
    for bit in data.draw(st.lists(st.integers(0, 8 * len(message) - 1), min_size=1, max_size=8)):
        message[bit // 8] ^= 1 << bit % 8
    decode_or_refuse(as_json.decode, bytes(message))


KEYS = st.sampled_from(["", "0", "position", "rotation", "_neutral", "browDownLeft", "bones", "hips", "arkit"])
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | KEYS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
DEEP = st.integers(1, 200).map(lambda depth: orjson.loads("[" * depth + "0.5" + "]" * depth))


@FUZZ
@given(VALUES | DEEP)
def test_any_json_is_refused(document: Any) -> None:
    with pytest.raises(DecodeError):
        as_json.decode(orjson.dumps(document))


@FUZZ
@given(st.data())
def test_a_message_with_any_value_anywhere_is_decoded_or_refused(data: st.DataObject) -> None:
    document = orjson.loads(data.draw(st.sampled_from(TEXTS)))
    document.setdefault(data.draw(st.sampled_from(Part)).value, {})
    place, key = document, data.draw(st.sampled_from(list(document)))
    while place[key] and isinstance(place[key], dict | list) and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(VALUES | DEEP)
    decode_or_refuse(as_json.decode, orjson.dumps(document))
