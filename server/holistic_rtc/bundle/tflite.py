"""Adds the metadata to a TFLite model that MediaPipe's landmarker requires.

Slots are field numbers of tables in ``schema.fbs`` (TFLite) and ``metadata_schema.fbs`` (TFLite metadata).
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
from flatbuffers.number_types import Uint32Flags
from flatbuffers.table import Table

_VERSION, _OPERATOR_CODES, _SUBGRAPHS, _DESCRIPTION, _BUFFERS, _METADATA_BUFFER, _METADATA = range(7)
"""Slots of a model"""

_ALIGNMENT = 16
"""Alignment of the tensors' data, in bytes"""


def with_normalization(model: bytes) -> bytes:
    """
    Add metadata which says that the model's input is the image divided by 255.

    All references in a FlatBuffer are relative and point forward, so the model is kept byte for byte, after a new root
    that refers to its parts. Serialising it again would lose the alignment of its tensors.
    """
    body = model + bytes(-len(model) % _ALIGNMENT)
    root = Table(body, struct.unpack_from("<I", body)[0])

    def from_end(position: int) -> int:
        """Convert a position in the body to the builder's, which counts from the end."""
        return len(body) - position

    def part(slot: int) -> int:
        offset = root.Offset(4 + 2 * slot)
        return from_end(root.Indirect(root.Pos + offset)) if offset else 0

    def tables(slot: int) -> list[int]:
        offset = root.Offset(4 + 2 * slot)
        if not offset:
            return []
        return [from_end(root.Indirect(root.Vector(offset) + 4 * i)) for i in range(root.VectorLen(offset))]

    builder = flatbuffers.Builder(len(body) + 8192)
    builder.Prep(_ALIGNMENT, 0)
    builder.CreateByteVector(body)

    metadata = _normalization_metadata()
    builder.Prep(_ALIGNMENT, len(metadata))
    buffers = [*tables(_BUFFERS), _table(builder, {0: builder.CreateByteVector(metadata)})]
    name = builder.CreateString("TFLITE_METADATA")
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(0, name, 0)
    builder.PrependUint32Slot(1, len(buffers) - 1, 0)
    entries = [*tables(_METADATA), builder.EndObject()]

    parts = {slot: part(slot) for slot in (_OPERATOR_CODES, _SUBGRAPHS, _DESCRIPTION, _METADATA_BUFFER)}
    parts[_BUFFERS] = _vector(builder, buffers)
    parts[_METADATA] = _vector(builder, entries)
    builder.StartObject(7)
    builder.PrependUint32Slot(_VERSION, root.GetSlot(4 + 2 * _VERSION, 0, Uint32Flags), 0)
    for slot, offset in sorted(parts.items()):
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    builder.Finish(builder.EndObject(), b"TFL3")
    return bytes(builder.Output())


def _normalization_metadata() -> bytes:
    """ModelMetadata > SubGraphMetadata > TensorMetadata of the input > ProcessUnit > NormalizationOptions."""
    builder = flatbuffers.Builder(256)
    mean = _float_vector(builder, 0.0)
    std = _float_vector(builder, 255.0)
    options = _table(builder, {0: mean, 1: std})
    builder.StartObject(2)
    builder.PrependUint8Slot(0, 1, 0)  # the type of the union: NormalizationOptions
    builder.PrependUOffsetTRelativeSlot(1, options, 0)
    units = _vector(builder, [builder.EndObject()])
    tensors = _vector(builder, [_table(builder, {4: units})])
    subgraphs = _vector(builder, [_table(builder, {2: tensors})])
    builder.Finish(_table(builder, {3: subgraphs}), b"M001")
    return bytes(builder.Output())


def _table(builder: Any, fields: Mapping[int, int]) -> int:
    builder.StartObject(max(fields) + 1)
    for slot, offset in fields.items():
        builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
    table: int = builder.EndObject()
    return table


def _vector(builder: Any, tables: Sequence[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    vector: int = builder.EndVector()
    return vector


def _float_vector(builder: Any, value: float) -> int:
    builder.StartVector(4, 1, 4)
    builder.PrependFloat32(value)
    vector: int = builder.EndVector()
    return vector
