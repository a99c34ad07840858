"""
Reads the outputs of a TFLite model, and removes one together with the operators that only it needs.

Slots are field numbers of tables in TFLite's ``schema.fbs``.
"""

import struct
from collections.abc import Sequence

from flatbuffers.table import Table

_MODEL_SUBGRAPHS = 2
_GRAPH_TENSORS, _GRAPH_OUTPUTS, _GRAPH_OPERATORS = 0, 2, 3
_TENSOR_NAME = 3
_OPERATOR_INPUTS, _OPERATOR_OUTPUTS = 1, 2
_WORD = 4


def without_output(model: bytes, output: int) -> bytes:
    """
    The model without its output number ``output``. Other outputs move up; their values stay the same, bit for bit.

    A FlatBuffer's vectors can be shortened in place: elements are moved to the front, and the length is reduced. The
    file keeps its size, and tensors that nothing uses are never computed.

    :raises ValueError: this is not a TFLite model with such an output.
    """
    try:
        data = bytearray(model)
        graph = _tables(Table(data, struct.unpack_from("<I", data)[0]), _MODEL_SUBGRAPHS)[0]
        outputs = _ints(graph, _GRAPH_OUTPUTS)
        if not output < len(outputs):
            raise ValueError(f"it has {len(outputs)} outputs")
        kept = [i for i in range(len(outputs)) if i != output]
        operators = _tables(graph, _GRAPH_OPERATORS)
        needed = _needed(operators, {outputs[i] for i in kept})
        _keep(graph, _GRAPH_OUTPUTS, kept, relative=False)
        _keep(graph, _GRAPH_OPERATORS, needed, relative=True)
    except (struct.error, IndexError, TypeError) as error:
        raise ValueError("it can't be read as a TFLite model") from error
    return bytes(data)


def output_names(model: bytes) -> list[str]:
    """
    The names of a TFLite model's outputs, in order.

    :raises ValueError: this is not a TFLite model.
    """
    try:
        graph = _tables(Table(model, struct.unpack_from("<I", model)[0]), _MODEL_SUBGRAPHS)[0]
        tensors = _tables(graph, _GRAPH_TENSORS)
        return [_string(tensors[i], _TENSOR_NAME) for i in _ints(graph, _GRAPH_OUTPUTS)]
    except (struct.error, IndexError, TypeError) as error:
        raise ValueError("it can't be read as a TFLite model") from error


def _needed(operators: Sequence[Table], tensors: set[int]) -> list[int]:
    """The operators that compute ``tensors``, in order. Operators are in order of execution."""
    tensors = set(tensors)
    needed = []
    for i in reversed(range(len(operators))):
        if not tensors.isdisjoint(_ints(operators[i], _OPERATOR_OUTPUTS)):
            tensors.update(_ints(operators[i], _OPERATOR_INPUTS))
            needed.append(i)
    return needed[::-1]


def _keep(table: Table, slot: int, kept: Sequence[int], *, relative: bool) -> None:
    """
    Keep only some elements of a vector of 32 bit integers.

    :param kept: indices of the elements, ascending.
    :param relative: whether the elements are offsets of tables, which count from their own position.
    """
    start = table.Vector(table.Offset(_WORD + 2 * slot))
    for to, index in enumerate(kept):
        (value,) = struct.unpack_from("<I", table.Bytes, start + _WORD * index)
        moved = _WORD * (index - to) if relative else 0
        struct.pack_into("<I", table.Bytes, start + _WORD * to, value + moved)
    struct.pack_into("<I", table.Bytes, start - _WORD, len(kept))


def _tables(table: Table, slot: int) -> list[Table]:
    offset = table.Offset(_WORD + 2 * slot)
    if not offset:
        return []
    start = table.Vector(offset)
    return [Table(table.Bytes, table.Indirect(start + _WORD * i)) for i in range(table.VectorLen(offset))]


def _ints(table: Table, slot: int) -> tuple[int, ...]:
    offset = table.Offset(_WORD + 2 * slot)
    return struct.unpack_from(f"<{table.VectorLen(offset)}i", table.Bytes, table.Vector(offset)) if offset else ()


def _string(table: Table, slot: int) -> str:
    offset = table.Offset(_WORD + 2 * slot)
    return bytes(table.String(offset + table.Pos)).decode() if offset else ""
