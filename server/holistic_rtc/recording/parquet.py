"""Landmarks and rig as a Parquet file with the columns of a CSV, null for what wasn't seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from holistic_rtc.atomic import replacing
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS
from holistic_rtc.recording.format import Add, Format, Options
from holistic_rtc.recording.table import FRAME, Table

ROWS = 2048
"""In a row group, which is held in memory: 18 MB with all parts, and as much while it is written"""


@contextmanager
def _writing(path: Path, options: Options) -> Iterator[Add]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    table = Table(options.parts_of(ALL_PARTS))
    schema = pa.schema(
        [
            *((name, pa.int64()) for name in FRAME),
            *((name, pa.float32()) for name in table.columns),
            ("person", pa.int64()),
        ]
    )
    frames, persons = np.empty((ROWS, len(FRAME)), np.int64), np.empty(ROWS, np.int64)
    numbers = np.empty((ROWS, len(table.columns)), np.float32)
    filled = 0
    with replacing(path) as part, ParquetWriter(part, schema, compression="zstd", use_dictionary=False) as writer:

        def flush() -> None:
            nonlocal filled
            columns = [
                *frames[:filled].T,
                *numbers[:filled].T,
                persons[:filled],
            ]
            # From pandas, NaN comes as null.
            arrays = [pa.array(np.ascontiguousarray(column), from_pandas=True) for column in columns]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            filled = 0

        def add(message: LandmarkMessage) -> None:
            nonlocal filled
            frames[filled] = (message.seq, message.timestamp_ms, message.width, message.height)
            numbers[filled] = table.row(message)
            persons[filled] = message.person
            filled += 1
            if filled == ROWS:
                flush()

        yield add
        if filled:
            flush()


FORMAT = Format(".parquet", "Parquet", ALL_PARTS, _writing, package="pyarrow", heeds=frozenset({"parts"}))
