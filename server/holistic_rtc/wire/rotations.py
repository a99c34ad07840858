"""Checks of the rotations that a message carries; the rotations themselves are in ``model/geometry.py``."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from holistic_rtc.errors import DecodeError
from holistic_rtc.model import geometry
from holistic_rtc.model.result import FloatArray

# How far from 1 the length of a quaternion may be; writers' rounding makes it less than a thousandth of that.
_LENGTH_TOLERANCE = 0.05


def to_transform(position: ArrayLike, quaternion: ArrayLike) -> FloatArray:
    """
    The face's transform as a ``(4, 4)`` matrix.

    :param position: ``(3,)``
    :param quaternion: ``(4,)`` x, y, z, w; it is normalised.
    :raises DecodeError: the position isn't finite, or the quaternion is no unit quaternion.
    """
    length = float(np.linalg.norm(quaternion))
    if not np.isfinite(position).all() or not abs(length - 1) < _LENGTH_TOLERANCE:
        raise DecodeError("face_transform of the landmark message is no rigid transform")
    transform = np.identity(4, np.float32)
    transform[:3, :3] = geometry.to_matrix(np.asarray(quaternion, np.float64) / length)
    transform[:3, 3] = position
    return transform


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
