"""Landmarks and rig as NumPy's arrays: one row per frame and person, NaN for what wasn't seen."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
from numpy.lib.format import dtype_to_descr, write_array, write_array_header_1_0
from numpy.typing import NDArray

from holistic_rtc.atomic import replacing
from holistic_rtc.model.message import PART_FIELDS, LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS, BLENDSHAPE_NAMES, Part
from holistic_rtc.model.rig import RIG_SHAPES
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS
from holistic_rtc.recording.format import Add, Format, Options
from holistic_rtc.recording.table import FRAME, HAND, POSE

_NAMES = {
    "pose_points": POSE,
    "hand_points": HAND,
    "blendshape_names": BLENDSHAPE_NAMES,
    "bone_names": BONES,
    "expression_names": EXPRESSIONS,
    "arkit_names": ARKIT_BLENDSHAPES,
}
"""Arrays of words: what the rows of the others are"""


@dataclass(frozen=True, slots=True)
class _Array:
    """An array that grows by rows, on the disk."""

    file: IO[bytes]
    shape: tuple[int, ...]
    """Of a row"""
    dtype: type = np.float32

    def add(self, row: NDArray[np.generic] | int | None) -> None:
        filled = np.nan if row is None else row
        self.file.write(np.broadcast_to(np.asarray(filled, self.dtype), self.shape).tobytes())

    def write(self, rows: int, file: IO[bytes]) -> None:
        descr = dtype_to_descr(np.dtype(self.dtype))
        write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": (rows, *self.shape)})
        self.file.seek(0)
        shutil.copyfileobj(self.file, file)


@contextmanager
def _writing(path: Path, options: Options) -> Iterator[Add]:
    parts = options.parts_of(ALL_PARTS)
    with replacing(path) as part, ExitStack() as stack:

        def array(shape: tuple[int, ...], dtype: type = np.float32) -> _Array:
            return _Array(stack.enter_context(TemporaryFile(dir=part.parent)), shape, dtype)

        numbers = {name: array((), np.int64) for name in (*FRAME, "person")}
        fields = {field: array(PART_FIELDS[field].shape) for field in PART_FIELDS if field in parts}
        visibility = {"pose_visibility": array((len(POSE),))} if Part.POSE in parts else {}
        rig = {name: array(shape) for name, shape in RIG_SHAPES.items()} if Part.RIG in parts else {}
        rows = 0

        def add(message: LandmarkMessage) -> None:
            nonlocal rows
            frame = (message.seq, message.timestamp_ms, message.width, message.height, message.person)
            for number, value in zip(numbers.values(), frame, strict=True):
                number.add(value)
            seen, pose = message.seen(parts), message.seen_rig(parts)
            for field, of_field in fields.items():
                of_field.add(seen.get(field))
            for of_pose in visibility.values():
                of_pose.add(message.result.pose_visibility if Part.POSE in seen else None)
            for name, of_rig in rig.items():
                of_rig.add(getattr(pose, name) if pose else None)
            rows += 1

        yield add
        with ZipFile(part, "w") as archive:
            of_rigs = {f"rig_{name}": of_rig for name, of_rig in rig.items()}
            of_parts = {str(field): of_field for field, of_field in fields.items()}
            arrays = {**numbers, **of_parts, **visibility, **of_rigs}
            for name, of_name in arrays.items():
                with archive.open(_entry(name), "w", force_zip64=True) as file:
                    of_name.write(rows, file)
            for name, words in _NAMES.items():
                with archive.open(_entry(name), "w") as file:
                    write_array(file, np.array(words), allow_pickle=False)


def _entry(name: str) -> ZipInfo:
    info = ZipInfo(f"{name}.npy")
    info.compress_type = ZIP_DEFLATED
    return info


FORMAT = Format(".npz", "NumPy", ALL_PARTS, _writing, heeds=frozenset({"parts"}))
