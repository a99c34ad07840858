"""Motion as BVH (Biovision Hierarchy), the text format that nearly every animation program reads.

Centimetres and degrees. Every joint is a bone of the rig, at rest in T-pose, and turns by Z, then X, then Y, each about
the axes that the ones before it have turned.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TextIO

import numpy as np

from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import FloatArray
from holistic_rtc.model.rig import OFFSETS
from holistic_rtc.model.skeleton import BONES, PARENTS
from holistic_rtc.recording.format import Add, Format, Options
from holistic_rtc.recording.motion import LONGEST, Motion, writing_motion

_CENTIMETRES = 100
_ROTATION = "Zrotation Xrotation Yrotation"
_ENDS = {
    # bone: where it ends as seen from where it begins, in metres
    "Eye": (0.0, 0.0, 0.02),
    "ThumbDistal": (0.02, 0.0, 0.02),
    "IndexDistal": (0.022, 0.0, 0.0),
    "MiddleDistal": (0.024, 0.0, 0.0),
    "RingDistal": (0.023, 0.0, 0.0),
    "LittleDistal": (0.019, 0.0, 0.0),
    "Foot": (0.0, -0.06, 0.14),
}
"""Of the left side's bones that no other begins at, without ``left``"""
_AT_ONCE = 1000
"""Frames that are worked on at a time"""


def write(motion: Motion, fps: float, file: TextIO) -> None:
    """
    BVH knows a rate only, so the motion is brought to even times.

    :param fps: frames a second.
    """
    frames = int(motion.times[-1] * fps + 1e-6) + 1
    file.writelines(f"{line}\n" for line in ("HIERARCHY", *_joint(0, "")))
    file.write(f"MOTION\nFrames: {frames}\nFrame Time: {1 / fps:.9f}\n")
    last = np.zeros((len(BONES), 3), np.float32)
    for first in range(0, frames, _AT_ONCE):
        even = motion.at(np.arange(first, min(first + _AT_ONCE, frames)) / fps)
        angles = _angles(even.rotations[:, _ORDER])
        for row in angles:
            row[:] = last = _nearest(row, last)
        rows = angles.reshape(len(angles), -1)
        np.savetxt(file, np.hstack((even.hips_positions * _CENTIMETRES, rows)), fmt="%.4f")


def _descend(bone: int) -> Iterator[int]:
    yield bone
    for child in _children(bone):
        yield from _descend(child)


def _children(bone: int) -> list[int]:
    return [child for child, parent in enumerate(PARENTS) if parent == bone]


_ORDER = list(_descend(0))
"""Of the bones in the file, where each is followed by its children"""


def _joint(bone: int, indent: str) -> Iterator[str]:
    root = PARENTS[bone] < 0
    # Programs differ in whether the root's position adds to its offset.
    x, y, z = (0, 0, 0) if root else OFFSETS[bone] * _CENTIMETRES
    children = _children(bone)
    yield f"{indent}{'ROOT' if root else 'JOINT'} {BONES[bone]}"
    yield indent + "{"
    yield f"{indent}  OFFSET {x:.2f} {y:.2f} {z:.2f}"
    position = "6 Xposition Yposition Zposition" if root else "3"
    yield f"{indent}  CHANNELS {position} {_ROTATION}"
    for child in children:
        yield from _joint(child, indent + "  ")
    if not children:
        sign = 1 if BONES[bone].startswith("left") else -1
        x, y, z = np.multiply(_ENDS[BONES[bone].removeprefix("left").removeprefix("right")], _CENTIMETRES)
        yield f"{indent}  End Site"
        yield indent + "  {"
        yield f"{indent}    OFFSET {sign * x + 0.0:.2f} {y:.2f} {z:.2f}"
        yield indent + "  }"
    yield indent + "}"


def _angles(rotations: FloatArray) -> FloatArray:
    """
    Quaternions ``(n, 49, 4)`` as degrees about z, x and y ``(n, 49, 3)``.

    The rotation's matrix is that about z times that about x times that about y.
    """
    qx, qy, qz, qw = np.moveaxis(rotations.astype(np.float64), -1, 0)
    sine = np.clip(2 * (qy * qz + qx * qw), -1, 1)
    # With x at a right angle, z and y turn about one axis, and z does all of it.
    upright = np.abs(sine) > 1 - 1e-7
    z = np.where(
        upright,
        np.arctan2(2 * (qx * qy + qz * qw), 1 - 2 * (qy * qy + qz * qz)),
        np.arctan2(2 * (qz * qw - qx * qy), 1 - 2 * (qx * qx + qz * qz)),
    )
    y = np.where(upright, 0, np.arctan2(2 * (qy * qw - qx * qz), 1 - 2 * (qx * qx + qy * qy)))
    angles: FloatArray = np.degrees(np.stack((z, np.arcsin(sine), y), axis=-1))
    return angles


def _nearest(angles: FloatArray, last: FloatArray) -> FloatArray:
    """
    Of all the angles that make the same rotations, those nearest to the last ones, so that programs that draw curves
    through them don't whirl.

    :param angles: (49, 3) degrees about z, x and y, as ``last``.
    """
    both = np.stack((angles, angles * (1, -1, 1) + 180))
    both += 360 * np.round((last - both) / 360)
    nearer = np.abs(both - last).sum(axis=2).argmin(axis=0)
    nearest: FloatArray = both[nearer, np.arange(len(angles))]
    return nearest


def _writing(path: Path, options: Options) -> AbstractContextManager[Add]:
    def write_file(motion: Motion, path: Path) -> None:
        with path.open("w", encoding="ascii") as file:
            write(motion, options.fps, file)

    return writing_motion(path, write_file)


FORMAT = Format(".bvh", "BVH", frozenset({Part.RIG}), _writing, longest=LONGEST, heeds=frozenset({"fps"}))
