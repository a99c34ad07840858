"""Landmark messages as JSON with the schema's field names, for clients without a FlatBuffers reader."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from holistic_rtc.errors import DecodeError
from holistic_rtc.model.geometry import nearest_quaternion
from holistic_rtc.model.message import MAX_COUNT, PART_FIELDS, LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS, BLENDSHAPE_NAMES, Part
from holistic_rtc.model.result import FloatArray, HolisticResult
from holistic_rtc.model.rig import Rig
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS
from holistic_rtc.wire.rotations import to_transform, unit_quaternions, with_positive_w

# A hundredth of a pixel in a frame 1,000 pixels wide.
_DECIMALS = 5
_SEQ = b'{"seq":'

_HEADER_MAXIMA: Mapping[str, int] = MappingProxyType(
    {
        "seq": MAX_COUNT,
        "timestamp_ms": MAX_COUNT,
        "width": 2**16 - 1,
        "height": 2**16 - 1,
        "track": 2**8 - 1,
        "person": 2**8 - 1,
    }
)


def encode(message: LandmarkMessage, parts: Collection[Part] = ALL_PARTS) -> bytes:
    """
    Encode the requested parts that were seen.

    :return: JSON in UTF-8; coordinates and other numbers are rounded to five decimals.
    :raises ValueError: an array in the message has the wrong shape.
    """
    document: dict[str, Any] = {name: getattr(message, name) for name in _HEADER_MAXIMA}
    document["seq"] &= MAX_COUNT
    document["timestamp_ms"] &= MAX_COUNT
    for part, array in message.seen(parts).items():
        if part is Part.BLENDSHAPES:
            document[part.value] = dict(zip(BLENDSHAPE_NAMES, _rounded(array), strict=True))
        elif part is Part.FACE_TRANSFORM:
            document[part.value] = {
                "position": _rounded(array[:3, 3]),
                "rotation": _rounded(nearest_quaternion(array)),
            }
        else:
            document[part.value] = _rounded(array)
        if part is Part.POSE:
            assert message.result.pose_visibility is not None
            document["pose_visibility"] = _rounded(message.result.pose_visibility)
    if rig := message.seen_rig(parts):
        document[Part.RIG.value] = _write_rig(rig)
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def renumbered(data: bytes, by: int) -> bytes:
    """
    What :func:`encode` gives if the number of the frame is greater by some number.

    :param data: an encoded message.
    """
    number, rest = data.removeprefix(_SEQ).split(b",", 1)
    return b"%b%d,%b" % (_SEQ, (int(number) + by) & MAX_COUNT, rest)


def _write_rig(rig: Rig) -> dict[str, Any]:
    return {
        "hips_position": _rounded(rig.hips_position),
        "bones": dict(zip(BONES, _rounded(with_positive_w(rig.rotations)), strict=True)),
        "expressions": dict(zip(EXPRESSIONS, _rounded(rig.expressions), strict=True)),
        "arkit": dict(zip(ARKIT_BLENDSHAPES, _rounded(rig.arkit), strict=True)),
    }


def _rounded(array: NDArray[np.floating]) -> FloatArray:
    # In 64 bits, since rounding the largest 32-bit numbers would overflow.
    return np.round(array.astype(np.float64), _DECIMALS).astype(np.float32)


def decode(data: bytes | str) -> LandmarkMessage:
    """
    Decode a message from an untrusted source. Absent parts are None; unknown fields are ignored.

    :raises DecodeError: the data isn't a landmark message, or is truncated or corrupt.
    """
    return _read(_load(data))


def _load(data: bytes | str) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise DecodeError(f"the landmark message is not JSON: {error}") from None


def _read(document: Any) -> LandmarkMessage:
    if not isinstance(document, dict):
        raise DecodeError("the landmark message is not a JSON object")
    header = {name: _read_count(document, name, maximum) for name, maximum in _HEADER_MAXIMA.items()}
    arrays: dict[str, FloatArray] = {}
    for part, field in PART_FIELDS.items():
        if part not in document:
            continue
        if part is Part.FACE_TRANSFORM:
            arrays[field.attribute] = _read_transform(document[part])
        else:
            values = document[part]
            if part is Part.BLENDSHAPES:
                values = _by_name("blendshapes", values, BLENDSHAPE_NAMES)
            arrays[field.attribute] = _read_array(part, values, field.shape)
    if (Part.POSE in document) != ("pose_visibility" in document):
        raise DecodeError("the landmark message has one of pose and pose_visibility without the other")
    if Part.POSE in document:
        arrays["pose_visibility"] = _read_array("pose_visibility", document["pose_visibility"], (33,))
    rig = _read_rig(document[Part.RIG]) if Part.RIG in document else None
    return LandmarkMessage(**header, result=HolisticResult(**arrays), rig=rig)


def decode_all(data: bytes | str) -> list[LandmarkMessage]:
    """
    Decode the landmarks of a snapshot: a message with those of the other people in its field ``others``.

    :raises DecodeError: the data isn't that, or is truncated or corrupt.
    """
    document = _load(data)
    first = _read(document)
    others = document.get("others", [])
    if not isinstance(others, list):
        raise DecodeError("others of the landmark message is not a list")
    return [first, *map(_read, others)]


def _read_count(document: dict[str, Any], name: str, maximum: int) -> int:
    # Servers before 0.3 sent no person.
    value = document.get(name, 0 if name == "person" else None)
    if type(value) is not int or not 0 <= value <= maximum:
        raise DecodeError(f"{name} of the landmark message is not a number from 0 to {maximum}")
    return value


def _by_name(name: str, values: Any, keys: Collection[str]) -> list[Any]:
    if not isinstance(values, dict) or not values.keys() >= set(keys):
        raise DecodeError(f"{name} of the landmark message is not an object with the {len(keys)} names")
    return [values[key] for key in keys]


def _read_transform(value: Any) -> FloatArray:
    if not isinstance(value, dict):
        raise DecodeError("face_transform of the landmark message is not an object")
    position = _read_array("position of face_transform", value.get("position"), (3,))
    rotation = _read_array("rotation of face_transform", value.get("rotation"), (4,))
    return to_transform(position, rotation)


def _read_rig(value: Any) -> Rig:
    if not isinstance(value, dict):
        raise DecodeError("rig of the landmark message is not an object")

    def read(key: str, names: Collection[str], *shape: int) -> FloatArray:
        values = _by_name(f"{key} of rig", value.get(key), names)
        return _read_array(f"{key} of rig", values, (len(names), *shape))

    return Rig(
        rotations=unit_quaternions(read("bones", BONES, 4)),
        hips_position=_read_array("hips_position of rig", value.get("hips_position"), (3,)),
        expressions=read("expressions", EXPRESSIONS),
        arkit=read("arkit", ARKIT_BLENDSHAPES),
    )


def _read_array(name: str, values: Any, shape: tuple[int, ...]) -> FloatArray:
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.empty(0)
    # Without the check of dtype.kind, strings and booleans would be accepted as numbers.
    if array.shape != shape or array.dtype.kind not in "iuf":
        raise DecodeError(f"{name} of the landmark message is not an array of {shape} numbers")
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float32)
    if not np.isfinite(numbers).all():
        raise DecodeError(f"{name} of the landmark message has a number out of range")
    return numbers
