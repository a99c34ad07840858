# The FlatBuffers builder and the code flatc generates have no annotations.
# mypy: allow-untyped-calls
"""Landmark messages as FlatBuffers, as defined by ``schema/landmarks.fbs``."""

import math
import struct
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

from holistic_rtc.errors import DecodeError
from holistic_rtc.model.geometry import nearest_quaternion
from holistic_rtc.model.message import MAX_COUNT, PART_FIELDS, LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS, FIELDS, PARTS, Part
from holistic_rtc.model.result import FloatArray, HolisticResult
from holistic_rtc.model.rig import RIG_SHAPES, Rig
from holistic_rtc.wire import landmarks_generated as generated
from holistic_rtc.wire.rotations import to_transform, unit_quaternions, with_positive_w

FILE_IDENTIFIER = b"HRL1"

# Stored coordinate = value * 8192, stored score = value * 255, stored quaternion component = value * 32767.
_COORDINATE_SCALE = np.float32(8192)
_SCORE_SCALE = np.float32(255)
_QUATERNION_SCALE = 32767

# A message with every part takes up to 4,416 bytes: the builder never has to grow.
_BUILDER_SIZE = 4608
# The offset to the root table, and the file identifier.
_PREAMBLE_SIZE = 8

# Struct formats of the fields that aren't parts.
_HEADER_FORMATS: Mapping[str, str] = MappingProxyType(
    {"seq": "<I", "timestamp_ms": "<I", "width": "<H", "height": "<H", "track": "<B", "person": "<B"}
)
_POINT_SIZE = 6
_OTHER_SIZES = {
    Part.POSE: generated.PoseLandmarks.SizeOf(),
    Part.BLENDSHAPES: generated.Blendshapes.SizeOf(),
    Part.FACE_TRANSFORM: generated.FaceTransform.SizeOf(),
    Part.RIG: generated.Rig.SizeOf(),
}
_STRUCT_SIZES: Mapping[Part, int] = MappingProxyType(
    {part: _OTHER_SIZES.get(part, spec.count * _POINT_SIZE) for part, spec in PARTS.items()}
)
_ADD_STRUCT: Mapping[Part, Callable[[Any, int], None]] = MappingProxyType(
    {part: getattr(generated, f"LandmarksAdd{part.title().replace('_', '')}") for part in PARTS}
)
_FIELD_SIZES: Mapping[str, int] = MappingProxyType(
    {
        **{name: struct.calcsize(field_format) for name, field_format in _HEADER_FORMATS.items()},
        **{part.value: size for part, size in _STRUCT_SIZES.items()},
    }
)
_WITH_FLOATS = frozenset({Part.FACE_TRANSFORM, Part.RIG})


def encode(message: LandmarkMessage, parts: Collection[Part] = ALL_PARTS) -> bytes:
    """
    Encode the requested parts that were seen. Coordinates are clipped to [-4, 4).

    :raises ValueError: an array in the message has the wrong shape.
    """
    builder = flatbuffers.Builder(_BUILDER_SIZE)
    generated.LandmarksStart(builder)
    for part, data in _pack_structs(message, parts).items():
        _ADD_STRUCT[part](builder, _put_struct(builder, data, alignment=4 if part in _WITH_FLOATS else 2))
    generated.LandmarksAddSeq(builder, message.seq & MAX_COUNT)
    generated.LandmarksAddTimestampMs(builder, message.timestamp_ms & MAX_COUNT)
    generated.LandmarksAddWidth(builder, message.width)
    generated.LandmarksAddHeight(builder, message.height)
    generated.LandmarksAddTrack(builder, message.track)
    generated.LandmarksAddPerson(builder, message.person)
    builder.Finish(generated.LandmarksEnd(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


def _pack_structs(message: LandmarkMessage, parts: Collection[Part]) -> dict[Part, bytes]:
    seen = message.seen(parts)
    scores = seen.pop(Part.BLENDSHAPES, None)
    transform = seen.pop(Part.FACE_TRANSFORM, None)
    # Quantising all coordinates at once takes a third of the time of doing so part by part.
    coordinates = _quantise(seen)
    structs = {}
    start = 0
    for part, array in seen.items():
        structs[part] = coordinates[start : start + array.size].tobytes()
        start += array.size
    if Part.POSE in structs:
        assert message.result.pose_visibility is not None
        structs[Part.POSE] += _quantise_scores(message.result.pose_visibility) + b"\0"
    if scores is not None:
        structs[Part.BLENDSHAPES] = _quantise_scores(scores)
    if transform is not None:
        structs[Part.FACE_TRANSFORM] = _pack_transform(transform)
    if rig := message.seen_rig(parts):
        structs[Part.RIG] = _pack_rig(rig)
    return structs


def _quantise(arrays: Mapping[Part, FloatArray]) -> NDArray[np.int16]:
    if not arrays:
        return np.empty(0, np.int16)
    scaled = np.concatenate([array.reshape(-1) for array in arrays.values()], dtype=np.float32)
    scaled *= _COORDINATE_SCALE
    np.rint(scaled, out=scaled)
    np.clip(scaled, -32768, 32767, out=scaled)
    return scaled.astype("<i2")


def _quantise_scores(scores: FloatArray) -> bytes:
    scaled: NDArray[np.uint8] = np.rint(np.clip(scores, 0, 1) * _SCORE_SCALE).astype(np.uint8)
    return scaled.tobytes()


def _pack_transform(transform: FloatArray) -> bytes:
    rotation = np.rint(nearest_quaternion(transform) * _QUATERNION_SCALE).astype("<i2")
    return transform[:3, 3].astype("<f4").tobytes() + rotation.tobytes()


def _pack_rig(rig: Rig) -> bytes:
    rotations = np.rint(with_positive_w(rig.rotations) * _QUATERNION_SCALE).astype("<i2")
    scores = _quantise_scores(np.concatenate((rig.expressions, rig.arkit)))
    packed = rig.hips_position.astype("<f4").tobytes() + rotations.tobytes() + scores
    return packed.ljust(_STRUCT_SIZES[Part.RIG], b"\0")


def _put_struct(builder: Any, data: bytes, *, alignment: int) -> int:
    # The generated Create functions write number by number, which takes 2 ms per message. This does the same as the
    # builder's CreateByteVector, but without the length prefix.
    builder.Prep(alignment, len(data))
    builder.head -= len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    return int(builder.Offset())


def decode(data: bytes) -> LandmarkMessage:
    """
    Decode a message from an untrusted source. Absent parts are None.

    :raises DecodeError: the data isn't a landmark message, has another schema version, or is truncated or corrupt.
    """
    table, offsets = _verify(data)
    header: dict[str, int] = {
        name: struct.unpack_from(field_format, data, table + offsets[name])[0] if offsets[name] else 0
        for name, field_format in _HEADER_FORMATS.items()
    }
    arrays: dict[str, FloatArray] = {}
    rig = None
    for part in PARTS:
        if not offsets[part]:
            continue
        start = table + offsets[part]
        if part is Part.RIG:
            rig = _read_rig(data, start)
            continue
        field = PART_FIELDS[part]
        if part is Part.BLENDSHAPES:
            arrays[field.attribute] = _read_scores(data, start, field.shape[0])
            continue
        if part is Part.FACE_TRANSFORM:
            arrays[field.attribute] = _read_transform(data, start)
            continue
        points = field.shape[0]
        stored = np.frombuffer(data, "<i2", points * 3, start)
        arrays[field.attribute] = stored.reshape(field.shape).astype(np.float32) / _COORDINATE_SCALE
        if part is Part.POSE:
            arrays["pose_visibility"] = _read_scores(data, start + stored.nbytes, points)
    return LandmarkMessage(**header, result=HolisticResult(**arrays), rig=rig)


def _read_scores(data: bytes, start: int, count: int) -> FloatArray:
    return np.frombuffer(data, np.uint8, count, start).astype(np.float32) / _SCORE_SCALE


def _read_transform(data: bytes, start: int) -> FloatArray:
    position = np.frombuffer(data, "<f4", 3, start)
    rotation = np.frombuffer(data, "<i2", 4, start + position.nbytes)
    return to_transform(position, rotation / _QUATERNION_SCALE)


def _read_rig(data: bytes, start: int) -> Rig:
    hips_position = np.frombuffer(data, "<f4", 3, start).astype(np.float32)
    if not np.isfinite(hips_position).all():
        raise DecodeError("hips_position of the landmark message's rig is not finite")
    start += hips_position.nbytes
    shape = RIG_SHAPES["rotations"]
    stored = np.frombuffer(data, "<i2", math.prod(shape), start)
    rotations = unit_quaternions(stored.reshape(shape) / _QUATERNION_SCALE)
    start += stored.nbytes
    (expressions,) = RIG_SHAPES["expressions"]
    (arkit,) = RIG_SHAPES["arkit"]
    scores = _read_scores(data, start, expressions + arkit)
    return Rig(rotations, hips_position, scores[:expressions], scores[expressions:])


def _check_identifier(identifier: bytes) -> None:
    if identifier == FILE_IDENTIFIER:
        return
    if len(identifier) == 4 and identifier.startswith(b"HRL") and identifier.isalnum():
        raise DecodeError(
            f"the landmark message is of another version of the schema ({identifier.decode()}; "
            f"this program reads {FILE_IDENTIFIER.decode()}): update the client"
        )
    raise DecodeError("not a landmark message: the file identifier HRL1 is missing")


def _verify(data: bytes) -> tuple[int, dict[str, int]]:
    """
    Check that the table and all its fields lie inside the buffer.

    The layout is described at https://flatbuffers.dev/internals/: the table begins with its distance from its vtable,
    and the vtable holds its own size, the table's size, and each field's offset in the table, 0 for an absent field.

    :return: the position of the table, and the offset in it of each field of the schema.
    """
    _check_identifier(data[4:_PREAMBLE_SIZE])
    try:
        (table,) = struct.unpack_from("<I", data, 0)
        (distance,) = struct.unpack_from("<i", data, table)
        vtable = table - distance
        if vtable < 0:
            raise DecodeError("the landmark message is corrupt: its vtable lies before its start")
        vtable_size, table_size = struct.unpack_from("<HH", data, vtable)
        count = min(max(vtable_size // 2 - 2, 0), len(FIELDS))
        found = struct.unpack_from(f"<{count}H", data, vtable + 4)
    except struct.error:
        raise DecodeError("the landmark message is truncated or corrupt: its table is outside it") from None
    if vtable + vtable_size > len(data) or table + table_size > len(data):
        raise DecodeError("the landmark message is truncated or corrupt: its table reaches beyond the end")
    # Writers omit trailing absent fields from the vtable; those with a newer schema add fields to it.
    offsets = dict(zip(FIELDS, (*found, *[0] * (len(FIELDS) - count)), strict=True))
    for name, offset in offsets.items():
        if offset and not 4 <= offset <= table_size - _FIELD_SIZES[name]:
            raise DecodeError("the landmark message is corrupt: a field lies outside its table")
    return table, offsets
