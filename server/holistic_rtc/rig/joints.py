"""What joints can do, for many joints at once.

A joint has axes of its own: at rest its bone lies along x, and a hinge bends towards z, about -y. The joints of the
right side have those of the left side, mirrored, so that both have the same signs and limits. A direction has two
angles: its *flexion* from x towards z, and to the *side*, towards y.
"""

from math import pi

import numpy as np

from .quaternions import Array

_TINY = 1e-9


def unit(vectors: Array) -> Array:
    """The vectors (..., 3) with length 1; x for one without length."""
    length = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    if length.min() < _TINY:
        return np.where(length < _TINY, (1.0, 0.0, 0.0), vectors / np.maximum(length, _TINY))
    directions: Array = vectors / length
    return directions


def frame(x: Array, y: Array) -> Array:
    """
    Axes (..., 3, 3), in the columns, of a right-handed frame.

    :param x: (..., 3) the direction of its x axis.
    :param y: (..., 3) what its y axis comes as near to as it can.
    """
    x = unit(x)
    z = _cross(x, y)
    length = np.sqrt((z * z).sum(axis=-1, keepdims=True))
    if length.min() < _TINY:
        # y says nothing where it lies along x: any direction across x is as good.
        other = np.identity(3)[np.abs(x).argmin(axis=-1)]
        z = np.where(length < _TINY, _cross(x, other), z)
        length = np.sqrt((z * z).sum(axis=-1, keepdims=True))
    z = z / length
    axes: Array = np.stack((x, _cross(z, x), z), axis=-1)
    return axes


def seen_from(frames: Array, vectors: Array) -> Array:
    """The vectors (..., 3) in the coordinates of the frames (..., 3, 3)."""
    seen: Array = (vectors[..., np.newaxis, :] @ frames)[..., 0, :]
    return seen


def flexion(directions: Array) -> Array:
    return np.arctan2(directions[..., 2], directions[..., 0])


def side(directions: Array) -> Array:
    aside: Array = np.arcsin(directions[..., 1].clip(-1, 1))
    return aside


def within(directions: Array, limits: Array) -> Array:
    """
    The directions with their angles within limits.

    :param limits: (..., 2, 2) radians: least and most flexion, and least and most to the side.
    """
    bent = flexion(directions).clip(limits[..., 0, 0], limits[..., 0, 1])
    aside = side(directions).clip(limits[..., 1, 0], limits[..., 1, 1])
    return np.stack((np.cos(aside) * np.cos(bent), np.sin(aside), np.cos(aside) * np.sin(bent)), axis=-1)


def swing(directions: Array) -> Array:
    """The rotations without twist that turn x there: about an axis across both."""
    a, b, c = directions[..., 0], directions[..., 1], directions[..., 2]
    k = 1 / np.maximum(1 + a, _TINY)
    matrix = np.empty((*directions.shape, 3))
    matrix[..., :, 0] = directions
    matrix[..., 0, 1], matrix[..., 0, 2] = -b, -c
    matrix[..., 1, 1], matrix[..., 2, 2] = 1 - b * b * k, 1 - c * c * k
    matrix[..., 1, 2] = matrix[..., 2, 1] = -b * c * k
    return matrix


def bent(flexion: Array, side: Array | float = 0.0) -> Array:
    """The rotations that turn x to the direction with these angles: to the side, then about the hinge."""
    c, s, p, q = np.cos(flexion), np.sin(flexion), np.cos(side), np.sin(side)
    matrix = np.zeros((*flexion.shape, 3, 3))
    matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 0, 2] = c * p, -c * q, -s
    matrix[..., 1, 0], matrix[..., 1, 1] = q, p
    matrix[..., 2, 0], matrix[..., 2, 1], matrix[..., 2, 2] = s * p, -s * q, c
    return matrix


def twisted(angle: Array) -> Array:
    """The rotations about x."""
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., 0, 0] = 1
    matrix[..., 1, 1] = matrix[..., 2, 2] = np.cos(angle)
    matrix[..., 2, 1] = np.sin(angle)
    matrix[..., 1, 2] = -matrix[..., 2, 1]
    return matrix


def twist_of(rotations: Array) -> Array:
    """
    The angles about x of rotations (..., 3, 3), when the rest of them is a swing.

    It is the swing-twist decomposition (P. Dobrowolski, "Swing-twist decomposition in Clifford algebra", 2015):
    ``tan(angle / 2) = qx / qw``, written with the entries of the matrix.
    """
    return np.arctan2(rotations[..., 2, 1] - rotations[..., 1, 2], rotations[..., 1, 1] + rotations[..., 2, 2])


def hinge_twist(directions: Array) -> Array:
    """By what angle about x a hinge has to be turned, so that it bends to these directions."""
    return np.arctan2(-directions[..., 1], directions[..., 2])


def clip_twist(angles: Array, limits: Array) -> Array:
    """
    :param limits: (..., 2). An angle is counted the way round that is nearer to their middle.
    """
    low, high = limits[..., 0], limits[..., 1]
    middle = (low + high) / 2
    return (middle + (angles - middle + pi) % (2 * pi) - pi).clip(low, high)


def smooth_step(values: Array, low: float, high: float) -> Array:
    """From 0 at ``low`` to 1 at ``high``."""
    share: Array = ((values - low) / (high - low)).clip(0, 1)
    return share * share * (3 - 2 * share)


def _cross(a: Array, b: Array) -> Array:
    # np.cross takes five times as long for so few vectors.
    return a[..., _YZX] * b[..., _ZXY] - a[..., _ZXY] * b[..., _YZX]


_YZX = np.array((1, 2, 0))
_ZXY = np.array((2, 0, 1))
