import struct
import zipfile

import pytest
from flatbuffers.table import Table

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.bundle.tflite import with_normalization

SUBGRAPHS, BUFFERS, METADATA = 2, 4, 6


@pytest.fixture(scope="module")
def network() -> bytes:
    with zipfile.ZipFile(find(PoseModel.LITE).path) as bundle:
        return bundle.read("face_blendshapes.tflite")


def root(data: bytes) -> Table:
    return Table(data, struct.unpack_from("<I", data)[0])


def tables(table: Table, slot: int) -> list[Table]:
    offset = table.Offset(4 + 2 * slot)
    if not offset:
        return []
    start = table.Vector(offset)
    return [Table(table.Bytes, table.Indirect(start + 4 * i)) for i in range(table.VectorLen(offset))]


def data_of(buffer: Table) -> tuple[int, bytes]:
    """The place and the content of a buffer."""
    offset = buffer.Offset(4)
    if not offset:
        return 0, b""
    start = buffer.Vector(offset)
    return start, bytes(buffer.Bytes[start : start + buffer.VectorLen(offset)])


def test_the_network_itself_stays_as_it_is(network: bytes) -> None:
    changed = with_normalization(network)
    assert changed[4:8] == b"TFL3"
    assert network in changed
    before, after = root(network), root(changed)
    assert len(tables(after, SUBGRAPHS)) == len(tables(before, SUBGRAPHS))
    kept = [data_of(buffer)[1] for buffer in tables(after, BUFFERS)][:-1]
    assert kept == [data_of(buffer)[1] for buffer in tables(before, BUFFERS)]


def test_the_data_of_tensors_stays_aligned(network: bytes) -> None:
    for buffer in tables(root(with_normalization(network)), BUFFERS):
        assert data_of(buffer)[0] % 16 == 0


def test_the_last_buffer_is_metadata_that_says_mean_0_and_deviation_255(network: bytes) -> None:
    after = root(with_normalization(network))
    entry = tables(after, METADATA)[-1]
    assert entry.String(entry.Pos + entry.Offset(4)) == b"TFLITE_METADATA"
    buffers = tables(after, BUFFERS)
    assert struct.unpack_from("<I", entry.Bytes, entry.Pos + entry.Offset(6))[0] == len(buffers) - 1
    metadata = data_of(buffers[-1])[1]
    assert metadata[4:8] == b"M001"
    (subgraph,) = tables(root(metadata), 3)
    (tensor,) = tables(subgraph, 2)
    (unit,) = tables(tensor, 4)
    options = Table(unit.Bytes, unit.Indirect(unit.Pos + unit.Offset(6)))
    values = [struct.unpack_from("<f", options.Bytes, options.Vector(options.Offset(4 + 2 * i)))[0] for i in (0, 1)]
    assert values == [0.0, 255.0]
