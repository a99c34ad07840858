"""Landmarks and rig as a table: one row per frame, one named column per number, empty for what wasn't seen."""

from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from holistic_rtc.model.geometry import nearest_quaternion
from holistic_rtc.model.message import PART_FIELDS, LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS, BLENDSHAPE_NAMES, PARTS, Part
from holistic_rtc.model.skeleton import BONES, EXPRESSIONS
from holistic_rtc.recording.format import Format, Lines

# MediaPipe's names of the points, in MediaPipe's order.
_SIDES = ("left", "right")
_POSE = (
    "nose",
    *(f"{side}_eye{part}" for side in _SIDES for part in ("_inner", "", "_outer")),
    *(f"{side}_ear" for side in _SIDES),
    *(f"mouth_{side}" for side in _SIDES),
    *(
        f"{side}_{part}"
        for part in (
            *("shoulder", "elbow", "wrist", "pinky", "index", "thumb"),
            *("hip", "knee", "ankle", "heel", "foot_index"),
        )
        for side in _SIDES
    ),
)
_FINGERS = ("index_finger", "middle_finger", "ring_finger", "pinky")
_HAND = (
    "wrist",
    *(f"thumb_{joint}" for joint in ("cmc", "mcp", "ip", "tip")),
    *(f"{finger}_{joint}" for finger in _FINGERS for joint in ("mcp", "pip", "dip", "tip")),
)
_POINTS = {
    Part.POSE: _POSE,
    Part.POSE_WORLD: _POSE,
    Part.LEFT_HAND: _HAND,
    Part.LEFT_HAND_WORLD: _HAND,
    Part.RIGHT_HAND: _HAND,
    Part.RIGHT_HAND_WORLD: _HAND,
}
_DECIMALS = 5


def _columns(part: Part) -> list[str]:
    if part is Part.FACE_TRANSFORM:
        return [f"{part}_{axis}" for axis in ("x", "y", "z", "qx", "qy", "qz", "qw")]
    if part is Part.BLENDSHAPES:
        return list(BLENDSHAPE_NAMES[1:])
    return [f"{part}_{point}_{axis}" for point, axis in product(_POINTS.get(part, range(PARTS[part].count)), "xyz")]


_HEADER = ("seq", "time_ms", "width", "height")
_PARTS = {part: _columns(part) for part in PART_FIELDS}
_VISIBILITY = [f"pose_{point}_visibility" for point in _POSE]
_RIG = [
    *(f"hips_{axis}" for axis in "xyz"),
    *(f"{bone}_q{axis}" for bone, axis in product(BONES, "xyzw")),
    *EXPRESSIONS,
]
COLUMNS = (*_HEADER, *(column for part in _PARTS for column in _PARTS[part]), *_VISIBILITY, *_RIG, "person")


def _line(cells: Iterable[object]) -> bytes:
    # None of them needs quotes: all are numbers, or names of columns.
    return (",".join(map(str, cells)) + "\n").encode("ascii")


def _encode(message: LandmarkMessage) -> bytes:
    return _line(_row(message))


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"\n") and line.count(b",") == len(COLUMNS) - 1 and b"\0" not in line


def _row(message: LandmarkMessage) -> Iterator[object]:
    yield from (message.seq, message.timestamp_ms, message.width, message.height)
    seen = message.seen()
    for part, columns in _PARTS.items():
        array = seen.get(part)
        if array is not None and part is Part.FACE_TRANSFORM:
            yield from _numbers(np.concatenate((array[:3, 3], nearest_quaternion(array))), columns)
        elif array is not None and part is Part.BLENDSHAPES:
            yield from _numbers(array[1:], columns)
        else:
            yield from _numbers(array, columns)
    yield from _numbers(message.result.pose_visibility if Part.POSE in seen else None, _VISIBILITY)
    rig = message.seen_rig()
    numbers = np.concatenate((rig.hips_position, rig.rotations.ravel(), rig.expressions)) if rig else None
    yield from _numbers(numbers, _RIG)
    yield message.person


def _numbers(array: NDArray[np.floating] | None, columns: list[str]) -> list[object]:
    if array is None:
        return [""] * len(columns)
    numbers: list[object] = np.round(array.astype(np.float64).ravel(), _DECIMALS).tolist()
    assert len(numbers) == len(columns)
    return numbers


LINES = Lines(_encode, _is_whole, header=_line(COLUMNS))

FORMAT = Format(".csv", "CSV", ALL_PARTS, LINES.writing, LINES)
