"""Vectorised rotations: unit quaternions (..., 4), in the order x, y, z, w, and matrices (..., 3, 3)."""

from math import atan2, cos, sin, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

IDENTITY: Array = np.array((0.0, 0.0, 0.0, 1.0))


def multiply(first: Array, second: Array) -> Array:
    """
    The Hamilton product: the rotation by ``second``, followed by ``first``.

    :param first: (..., 4).
    :param second: (..., 4); broadcasts with ``first``.
    :return: (..., 4).
    """
    x, y, z, w = first[..., 0], first[..., 1], first[..., 2], first[..., 3]
    a, b, c, d = second[..., 0], second[..., 1], second[..., 2], second[..., 3]
    product = np.empty(np.broadcast_shapes(first.shape, second.shape))
    product[..., 0] = w * a + x * d + y * c - z * b
    product[..., 1] = w * b - x * c + y * d + z * a
    product[..., 2] = w * c + x * b - y * a + z * d
    product[..., 3] = w * d - x * a - y * b - z * c
    return product


def from_axis_angle(axis: Array, angle: Array | float) -> Array:
    """
    :param axis: (..., 3) of length 1.
    :param angle: (...) radians, right-handed.
    :return: (..., 4).
    """
    half = np.asarray(angle, float)[..., np.newaxis] / 2
    return np.concatenate((axis * np.sin(half), np.broadcast_to(np.cos(half), (*axis.shape[:-1], 1))), axis=-1)


def to_matrix(quaternion: Array) -> Array:
    """
    :param quaternion: (..., 4) of length 1.
    :return: (..., 3, 3); the columns are the rotated axes.
    """
    products = quaternion[..., :, np.newaxis] * quaternion[..., np.newaxis, :]
    shape = quaternion.shape[:-1]
    matrix: Array = (products.reshape(*shape, 16) @ _FROM_PRODUCTS).reshape(*shape, 3, 3)
    return matrix


def from_matrix(matrices: Array) -> Array:
    """
    Convert rotation matrices to quaternions with w >= 0.

    The symmetric matrix ``4 q qᵀ`` is linear in the rotation matrix, and each of its rows is a multiple of q. Using the
    longest row keeps the precision at half turns (S. W. Shepperd, "Quaternion from Rotation Matrix", Journal of
    Guidance and Control, 1978).

    :param matrices: (n, 3, 3).
    :return: (n, 4).
    """
    count = len(matrices)
    products = matrices.reshape(count, 9) @ _PRODUCTS + _PRODUCTS_OFFSET
    longest = products[:, :: 4 + 1].argmax(axis=1)
    row = products.reshape(count, 4, 4)[np.arange(count), longest]
    quaternions: Array = row / np.copysign(np.sqrt(np.vecdot(row, row)), row[:, 3])[:, np.newaxis]
    return quaternions


def nearest_quaternion(matrix: NDArray[np.floating]) -> Array:
    """
    The quaternion of the rotation nearest to a matrix, with w >= 0.

    Uniform scale and slight noise in the matrix don't matter. Source: Bar-Itzhack, "New method for extracting the
    quaternion from a rotation matrix", J. Guidance, Control, and Dynamics 23(6), 2000.

    :param matrix: (3, 3), or (4, 4) for a transform; finite.
    :return: (4,).
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
    # eigh reads only the lower triangle, and sorts the eigenvalues in ascending order.
    quaternion: Array = np.linalg.eigh(profile)[1][:, -1]
    return -quaternion if quaternion[3] < 0 else quaternion


def rotate(quaternion: Array, vector: Array) -> Array:
    """
    Rotate vectors.

    :param quaternion: (..., 4) of length 1.
    :param vector: (..., 3).
    :return: (..., 3).
    """
    turned: Array = np.matvec(to_matrix(quaternion), vector)
    return turned


def blend(start: Array, end: Array, share: Array) -> Array:
    """
    Interpolate between two rotations along the shorter way, by normalised linear interpolation ("nlerp").

    :param start: (..., 4).
    :param end: (..., 4).
    :param share: (...) from 0 at the start to 1 at the end.
    :return: (..., 4).
    """
    share = share[..., np.newaxis]
    nearer = np.where((start * end).sum(axis=-1, keepdims=True) < 0, -end, end)
    mixed = start + (nearer - start) * share
    between: Array = mixed / np.sqrt((mixed * mixed).sum(axis=-1, keepdims=True))
    return between


def half(matrix: Array, at_most: float) -> Array:
    """
    Half of a rotation: about the same axis, by half the angle.

    :param matrix: (3, 3).
    :param at_most: upper limit of the resulting angle, in radians.
    :return: (4,); the identity for a half turn, whose axis has no defined direction.
    """
    # The antisymmetric part is the axis times twice the sine; the trace is 1 plus twice the cosine.
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    x, y, z = h - f, c - g, d - b
    sine = sqrt(x * x + y * y + z * z)
    if sine < 1e-9:
        return IDENTITY
    angle = min(atan2(sine, a + e + i - 1) / 2, at_most)
    scale = sin(angle / 2) / sine
    return np.array((x * scale, y * scale, z * scale, cos(angle / 2)))


def _products_of(matrix: Array) -> Array:
    """``4 q qᵀ - I``, from the rotation matrix of q."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return np.array(
        (
            (a - e - i, b + d, c + g, h - f),
            (b + d, e - a - i, f + h, c - g),
            (c + g, f + h, i - a - e, d - b),
            (h - f, c - g, d - b, a + e + i),
        )
    )


def _matrix_of(products: Array) -> Array:
    """The rotation matrix of a quaternion q, from ``q qᵀ``."""
    (xx, xy, xz, xw), (_, yy, yz, yw), (_, _, zz, zw), (_, _, _, ww) = products
    return np.array(
        (
            (ww + xx - yy - zz, 2 * (xy - zw), 2 * (xz + yw)),
            (2 * (xy + zw), ww - xx + yy - zz, 2 * (yz - xw)),
            (2 * (xz - yw), 2 * (yz + xw), ww - xx - yy + zz),
        )
    )


# Both functions are linear, so they can be written as matrices: each row is the image of one unit entry.
_PRODUCTS = np.array([_products_of(entry).ravel() for entry in np.identity(9).reshape(9, 3, 3)])
_PRODUCTS_OFFSET = np.identity(4).ravel()
_FROM_PRODUCTS = np.array([_matrix_of(entry).ravel() for entry in np.identity(16).reshape(16, 4, 4)])
