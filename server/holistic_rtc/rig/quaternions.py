"""Rotations, many at once: unit quaternions (..., 4), in the order x, y, z, w, and matrices (..., 3, 3)."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

IDENTITY: Array = np.array((0.0, 0.0, 0.0, 1.0))
_CONJUGATE = np.array((-1.0, -1.0, -1.0, 1.0))


def multiply(first: Array, second: Array) -> Array:
    """The rotation that turns by ``second``, then by ``first``: the Hamilton product."""
    x, y, z, w = (first[..., i] for i in range(4))
    a, b, c, d = (second[..., i] for i in range(4))
    return np.stack(
        (
            w * a + x * d + y * c - z * b,
            w * b - x * c + y * d + z * a,
            w * c + x * b - y * a + z * d,
            w * d - x * a - y * b - z * c,
        ),
        axis=-1,
    )


def conjugate(quaternion: Array) -> Array:
    """The rotation back."""
    back: Array = quaternion * _CONJUGATE
    return back


def from_axis_angle(axis: Array, angle: Array | float) -> Array:
    """
    :param axis: (..., 3) of length 1.
    :param angle: (...) radians, right-handed.
    """
    half = np.asarray(angle, float)[..., np.newaxis] / 2
    return np.concatenate((axis * np.sin(half), np.broadcast_to(np.cos(half), (*axis.shape[:-1], 1))), axis=-1)


def to_matrix(quaternion: Array) -> Array:
    """(..., 3, 3) whose columns are where the axes go."""
    # With the products of all pairs, each entry of the matrix is a sum of two of them.
    p = quaternion[..., :, np.newaxis] * quaternion[..., np.newaxis, :] * 2
    matrix = np.empty((*quaternion.shape[:-1], 3, 3))
    matrix[..., 0, 0] = 1 - p[..., 1, 1] - p[..., 2, 2]
    matrix[..., 1, 1] = 1 - p[..., 0, 0] - p[..., 2, 2]
    matrix[..., 2, 2] = 1 - p[..., 0, 0] - p[..., 1, 1]
    matrix[..., 1, 0], matrix[..., 0, 1] = p[..., 0, 1] + p[..., 2, 3], p[..., 0, 1] - p[..., 2, 3]
    matrix[..., 0, 2], matrix[..., 2, 0] = p[..., 0, 2] + p[..., 1, 3], p[..., 0, 2] - p[..., 1, 3]
    matrix[..., 2, 1], matrix[..., 1, 2] = p[..., 1, 2] + p[..., 0, 3], p[..., 1, 2] - p[..., 0, 3]
    return matrix


def from_matrix(matrix: Array) -> Array:
    """
    (..., 4), w not negative.

    The symmetric matrix ``4 q qᵀ`` is linear in the rotation matrix; of its rows, which all are multiples of q, the
    longest is taken, so that nothing is lost at half turns (S. W. Shepperd, "Quaternion from Rotation Matrix", Journal
    of Guidance and Control, 1978).
    """
    products = (matrix.reshape(*matrix.shape[:-2], 9) @ _PRODUCTS + _PRODUCTS_OFFSET).reshape(*matrix.shape[:-2], 4, 4)
    longest = products[..., _DIAGONAL, _DIAGONAL].argmax(axis=-1)
    row = np.take_along_axis(products, longest[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    row *= np.where(row[..., 3:] < 0, -1, 1) / np.sqrt((row * row).sum(axis=-1, keepdims=True))
    return row


def rotate(quaternion: Array, vector: Array) -> Array:
    """The vectors (..., 3), turned."""
    return (to_matrix(quaternion) @ vector[..., np.newaxis])[..., 0]


def blend(start: Array, end: Array, share: Array) -> Array:
    """
    Between two rotations the shorter way, along the chord of the sphere of quaternions ("nlerp").

    :param share: (...) from 0 at the start to 1 at the end.
    """
    share = share[..., np.newaxis] * np.where((start * end).sum(axis=-1, keepdims=True) < 0, -1, 1)
    mixed = start * (1 - np.abs(share)) + end * share
    between: Array = mixed / np.sqrt((mixed * mixed).sum(axis=-1, keepdims=True))
    return between


def angle(quaternion: Array) -> Array:
    """(...) by how much each rotation turns, from 0 to pi."""
    sine = np.sqrt((quaternion[..., :3] ** 2).sum(axis=-1))
    angle: Array = 2 * np.arctan2(sine, np.abs(quaternion[..., 3]))
    return angle


def scaled(quaternion: Array, share: float, at_most: float) -> Array:
    """The rotation about the same axis by a share of the angle, but by no more than so many radians."""
    vector, w = quaternion[..., :3], quaternion[..., 3:]
    sine = np.sqrt((vector * vector).sum(axis=-1, keepdims=True))
    half = np.minimum(2 * np.arctan2(sine, np.abs(w)) * share, at_most) / 2
    axis = vector * np.where(w < 0, -1, 1) / np.maximum(sine, 1e-12)
    return np.concatenate((axis * np.sin(half), np.cos(half)), axis=-1)


def _products_of(matrix: Array) -> Array:
    """``4 q qᵀ`` of a rotation matrix, without the 1 that is added on the diagonal."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return np.array(
        (
            (a - e - i, b + d, c + g, h - f),
            (b + d, e - a - i, f + h, c - g),
            (c + g, f + h, i - a - e, d - b),
            (h - f, c - g, d - b, a + e + i),
        )
    )


_DIAGONAL = np.arange(4)
_PRODUCTS = np.array([_products_of(unit).ravel() for unit in np.identity(9).reshape(9, 3, 3)])
_PRODUCTS_OFFSET = np.identity(4).ravel()
