"""Rotations as messages carry them, unit quaternions, and the face's transform as a matrix."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from holistic_rtc.errors import DecodeError
from holistic_rtc.model.result import FloatArray

# How far from 1 the length of a quaternion may be; writers' rounding makes it less than a thousandth of that.
_LENGTH_TOLERANCE = 0.05


def to_quaternion(matrix: FloatArray) -> NDArray[np.float64]:
    """
    The rotation of a transform as a unit quaternion x, y, z, w with w >= 0.

    It is that of the nearest rotation, so a scale or a little noise doesn't matter. Source: Bar-Itzhack, "New method
    for extracting the quaternion from a rotation matrix", J. Guidance, Control, and Dynamics 23(6), 2000.

    :param matrix: ``(4, 4)``, or ``(3, 3)``, finite.
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = matrix[:3, :3].tolist()
    profile = np.array(
        [
            [xx - yy - zz, 0, 0, 0],
            [yx + xy, yy - xx - zz, 0, 0],
            [zx + xz, zy + yz, zz - xx - yy, 0],
            [zy - yz, xz - zx, yx - xy, xx + yy + zz],
        ]
    )
    # The eigenvalues are in rising order; of the matrix, only the lower triangle is read.
    quaternion: NDArray[np.float64] = np.linalg.eigh(profile)[1][:, -1]
    return -quaternion if quaternion[3] < 0 else quaternion


def to_matrix(position: ArrayLike, quaternion: ArrayLike) -> FloatArray:
    """
    The transform as a ``(4, 4)`` matrix.

    :param position: ``(3,)``
    :param quaternion: ``(4,)`` x, y, z, w; it is normalised.
    :raises DecodeError: the position isn't finite, or the quaternion is no unit quaternion.
    """
    length = float(np.linalg.norm(quaternion))
    if not np.isfinite(position).all() or not abs(length - 1) < _LENGTH_TOLERANCE:
        raise DecodeError("face_transform of the landmark message is no rigid transform")
    x, y, z, w = np.asarray(quaternion, np.float64) / length
    matrix = np.identity(4, np.float32)
    matrix[:3, :3] = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    matrix[:3, 3] = position
    return matrix


def unit_quaternions(quaternions: NDArray[np.floating]) -> FloatArray:
    """
    The quaternions normalised.

    :param quaternions: ``(n, 4)`` as they were read.
    :raises DecodeError: one is no unit quaternion.
    """
    lengths = np.linalg.norm(quaternions, axis=1, keepdims=True)
    if not (np.abs(lengths - 1) < _LENGTH_TOLERANCE).all():
        raise DecodeError("rig of the landmark message has a rotation that is no unit quaternion")
    normalised: FloatArray = (quaternions / lengths).astype(np.float32)
    return normalised


def with_positive_w(quaternions: FloatArray) -> FloatArray:
    """The same rotations, each by that of its two quaternions whose w >= 0. ``(n, 4)``"""
    return np.where(quaternions[:, 3:] < 0, -quaternions, quaternions)
