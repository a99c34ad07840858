"""Motion as BVH (Biovision Hierarchy), the text format that nearly every animation program reads.

In centimetres and degrees. Every joint is a bone of the rig, whose rest pose is the T-pose. It rotates about Z, then X,
then Y, each time about the axes rotated so far.
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
    # bone: its end relative to its origin, in metres
    "Eye": (0.0, 0.0, 0.02),
    "ThumbDistal": (0.02, 0.0, 0.02),
    "IndexDistal": (0.022, 0.0, 0.0),
    "MiddleDistal": (0.024, 0.0, 0.0),
    "RingDistal": (0.023, 0.0, 0.0),
    "LittleDistal": (0.019, 0.0, 0.0),
    "Foot": (0.0, -0.06, 0.14),
}
"""For the left side's bones without children; their names without ``left``"""
_AT_ONCE = 1000
"""Number of frames processed at a time"""


def write(motion: Motion, fps: float, file: TextIO) -> None:
    """
    Write a motion. BVH only has a frame rate, so the motion is resampled at even times.

    :param fps: frames per second.
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
"""The bones' order in the file: each is followed by its descendants"""


def _joint(bone: int, indent: str) -> Iterator[str]:
    root = PARENTS[bone] < 0
    # Programs differ in whether the root's position is added to its offset.
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
    Convert quaternions ``(n, 49, 4)`` to angles about z, x and y, in degrees ``(n, 49, 3)``.

    The rotation matrix is the product of those about z, x and y, in this order.
    """
    qx, qy, qz, qw = np.moveaxis(rotations.astype(np.float64), -1, 0)
    sine = np.clip(2 * (qy * qz + qx * qw), -1, 1)
    # If x is a right angle, z and y are about the same axis: use z only.
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
    Of all equivalent angles, those nearest to the previous frame's, so that programs that interpolate angles don't spin
    the bones.

    :param angles: (49, 3) degrees about z, x and y, like ``last``.
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
