"""Validates the rotations in messages. For calculations with rotations, see :mod:`holistic_rtc.model.geometry`."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from holistic_rtc.errors import DecodeError
from holistic_rtc.model import geometry
from holistic_rtc.model.result import FloatArray

# How far a quaternion's length may be from 1. Rounding by the writer changes it by less than a thousandth of this.
_LENGTH_TOLERANCE = 0.05


def to_transform(position: ArrayLike, quaternion: ArrayLike) -> FloatArray:
    """
    The matrix of the face's rigid transform.

    :param position: ``(3,)``, centimetres.
    :param quaternion: ``(4,)`` x, y, z, w; normalised here.
    :return: ``(4, 4)``
    :raises DecodeError: the position isn't finite, or the quaternion isn't a unit quaternion.
    """
    length = float(np.linalg.norm(quaternion))
    if not np.isfinite(position).all() or not abs(length - 1) < _LENGTH_TOLERANCE:
        raise DecodeError("face_transform of the landmark message isn't a rigid transform")
    transform = np.identity(4, np.float32)
    transform[:3, :3] = geometry.to_matrix(np.asarray(quaternion, np.float64) / length)
    transform[:3, 3] = position
    return transform


def unit_quaternions(quaternions: NDArray[np.floating]) -> FloatArray:
    """
    Normalise quaternions that were read from a message.

    :param quaternions: ``(n, 4)``
    :return: ``(n, 4)``
    :raises DecodeError: one isn't a unit quaternion.
    """
    lengths = np.linalg.norm(quaternions, axis=1, keepdims=True)
    if not (np.abs(lengths - 1) < _LENGTH_TOLERANCE).all():
        raise DecodeError("rig of the landmark message has a rotation that isn't a unit quaternion")
    normalised: FloatArray = (quaternions / lengths).astype(np.float32)
    return normalised


def with_positive_w(quaternions: FloatArray) -> FloatArray:
    """The same rotations with w >= 0, ``(n, 4)``: q and -q are the same rotation."""
    return np.where(quaternions[:, 3:] < 0, -quaternions, quaternions)
