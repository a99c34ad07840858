"""Landmarks and rig as a table: one row per frame and person, one named column per number."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from holistic_rtc.model.geometry import nearest_quaternion
from holistic_rtc.model.message import PART_FIELDS, LandmarkMessage
from holistic_rtc.model.parts import BLENDSHAPE_NAMES, PARTS, Part
from holistic_rtc.model.skeleton import BONES, EXPRESSIONS

# MediaPipe's names of the points, in MediaPipe's order.
_SIDES = ("left", "right")
POSE = (
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
HAND = (
    "wrist",
    *(f"thumb_{joint}" for joint in ("cmc", "mcp", "ip", "tip")),
    *(f"{finger}_{joint}" for finger in _FINGERS for joint in ("mcp", "pip", "dip", "tip")),
)
_POINTS = {
    Part.POSE: POSE,
    Part.POSE_WORLD: POSE,
    Part.LEFT_HAND: HAND,
    Part.LEFT_HAND_WORLD: HAND,
    Part.RIGHT_HAND: HAND,
    Part.RIGHT_HAND_WORLD: HAND,
}

FRAME = ("seq", "time_ms", "width", "height")
"""The first columns, whole numbers; the last one is the ``person``"""


def _columns(part: Part) -> list[str]:
    if part is Part.FACE_TRANSFORM:
        return [f"{part}_{axis}" for axis in ("x", "y", "z", "qx", "qy", "qz", "qw")]
    if part is Part.BLENDSHAPES:
        return list(BLENDSHAPE_NAMES[1:])
    return [f"{part}_{point}_{axis}" for point, axis in product(_POINTS.get(part, range(PARTS[part].count)), "xyz")]


_PARTS = {part: _columns(part) for part in PART_FIELDS}
_VISIBILITY = [f"pose_{point}_visibility" for point in POSE]
_RIG = [
    *(f"hips_{axis}" for axis in "xyz"),
    *(f"{bone}_q{axis}" for bone, axis in product(BONES, "xyzw")),
    *EXPRESSIONS,
]


class Table:
    """
    The columns between :data:`FRAME` and the ``person``.

    :param parts: those that have columns.
    """

    def __init__(self, parts: frozenset[Part]) -> None:
        self._parts = parts
        self._columns = {part: columns for part, columns in _PARTS.items() if part in parts}
        self._visibility = _VISIBILITY if Part.POSE in parts else []
        self._rig = _RIG if Part.RIG in parts else []
        self.columns = [
            *(column for columns in self._columns.values() for column in columns),
            *self._visibility,
            *self._rig,
        ]
        """Their names"""

    def row(self, message: LandmarkMessage) -> NDArray[np.float64]:
        """
        :return: a number for each column, NaN for what wasn't seen.
        """
        row: NDArray[np.float64] = np.concatenate([np.empty(0), *self._arrays(message)])
        assert len(row) == len(self.columns)
        return row

    def _arrays(self, message: LandmarkMessage) -> Iterator[NDArray[np.floating]]:
        seen = message.seen(self._parts)
        for part, columns in self._columns.items():
            array = seen.get(part)
            if array is None:
                yield np.full(len(columns), np.nan)
            elif part is Part.FACE_TRANSFORM:
                yield np.concatenate((array[:3, 3], nearest_quaternion(array)))
            elif part is Part.BLENDSHAPES:
                yield array[1:]
            else:
                yield array.ravel()
        visibility = message.result.pose_visibility
        if Part.POSE in seen and visibility is not None:
            yield visibility
        else:
            yield np.full(len(self._visibility), np.nan)
        if rig := message.seen_rig(self._parts):
            yield from (rig.hips_position, rig.rotations.ravel(), rig.expressions)
        else:
            yield np.full(len(self._rig), np.nan)
