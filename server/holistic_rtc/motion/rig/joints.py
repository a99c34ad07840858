"""Vectorised rotations and limits of joints.

Each joint has its own axes: at rest its bone lies along x, and a hinge bends towards z, about -y. The axes of the right
side are those of the left side mirrored, so both sides have the same signs and limits. A direction has two angles: its
*flexion*, from x towards z, and its *side*, towards y.
"""

from collections.abc import Iterable, Sequence
from math import hypot, pi

import numpy as np
from numpy.typing import ArrayLike

from holistic_rtc.model.geometry import Array

_TINY = 1e-9


class Range:
    """
    The permitted angles of joints. Its methods take radians.

    :param degrees: least and greatest angle of each joint.
    """

    def __init__(self, *degrees: ArrayLike) -> None:
        self.least, self.most = np.radians(np.array(degrees, float)).T
        self._start = (self.least + self.most) / 2 - pi

    def clip(self, angles: Array) -> Array:
        """Clip angles to the range."""
        limited: Array = np.minimum(np.maximum(angles, self.least), self.most)
        return limited

    def clip_turn(self, angles: Array) -> Array:
        """Clip angles of any number of turns to the nearer end of the range, going around the circle."""
        return self.clip(self._start + (angles - self._start) % (2 * pi))


def lines(points: int, ends: Iterable[tuple[Sequence[int], Sequence[int]]]) -> Array:
    """
    A matrix (m, n) that maps n points (n, 3) to m vectors between them.

    :param points: n.
    :param ends: for each vector, the points whose mean it starts at, and those whose mean it ends at.
    """
    rows = []
    for begin, end in ends:
        row = np.zeros(points)
        row[list(begin)] -= 1 / len(begin)
        row[list(end)] += 1 / len(end)
        rows.append(row)
    return np.array(rows)


def frame(x: Sequence[float], y: Sequence[float]) -> tuple[tuple[float, ...], ...]:
    """
    The axes of a right-handed frame, in columns. Without numpy, which is slower for fewer than ten frames.

    :param x: the direction of the x axis; (1, 0, 0) is used if its length is 0.
    :param y: the y axis is as close to this direction as possible. If it is parallel to x, any perpendicular direction
        is used.
    :return: 3 rows of 3.
    """
    length = hypot(*x)
    a, b, c = (x[0] / length, x[1] / length, x[2] / length) if length > _TINY else (1.0, 0.0, 0.0)
    u, v, w = y
    along = a * u + b * v + c * w
    u, v, w = u - a * along, v - b * along, w - c * along
    length = hypot(u, v, w)
    if length < _TINY:
        across = min((abs(a), 0), (abs(b), 1), (abs(c), 2))[1]
        return frame((a, b, c), (across == 0, across == 1, across == 2))
    u, v, w = u / length, v / length, w / length
    return (a, u, b * w - c * v), (b, v, c * u - a * w), (c, w, a * v - b * u)


def seen_from(frames: Array, vectors: Array) -> Array:
    """The vectors (..., 3) in the coordinates of the frames (..., 3, 3)."""
    seen: Array = np.vecmat(vectors, frames)
    return seen


def flexion(vectors: Array) -> Array:
    """The flexion of vectors (..., 3) of any length, in radians; 0 for the null vector."""
    return np.arctan2(vectors[..., 2], vectors[..., 0])


def side(vectors: Array) -> Array:
    """The side angle of vectors (..., 3) of any length, in radians; 0 for the null vector."""
    return np.arctan2(vectors[..., 1], np.hypot(vectors[..., 0], vectors[..., 2]))


def swing(flexion: Array, side: Array) -> Array:
    """
    The shortest rotations from x to the directions with these angles, by Rodrigues' formula. Every rotation is such a
    swing after a twist about x (P. Dobrowolski, "Swing-twist decomposition in Clifford algebra", 2015).

    :param flexion: (...) radians.
    :param side: (...) radians. The direction must not be -x.
    :return: (..., 3, 3)
    """
    across = np.cos(side)
    a, b, c = across * np.cos(flexion), np.sin(side), across * np.sin(flexion)
    k = 1 / (1 + a)
    bk, ck = b * k, c * k
    matrix = np.empty((*flexion.shape, 3, 3))
    matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 0, 2] = a, -b, -c
    matrix[..., 1, 0], matrix[..., 1, 1] = b, 1 - b * bk
    matrix[..., 2, 0], matrix[..., 2, 2] = c, 1 - c * ck
    matrix[..., 1, 2] = matrix[..., 2, 1] = -b * ck
    return matrix


def bent(flexion: Array, side: Array) -> Array:
    """
    The rotations from x to the directions with these angles: to the side, about z, then about the hinge, -y.

    :param flexion: (...) radians.
    :param side: (...) radians.
    :return: (..., 3, 3)
    """
    c, s, p, q = np.cos(flexion), np.sin(flexion), np.cos(side), np.sin(side)
    matrix = np.empty((*flexion.shape, 3, 3))
    matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 0, 2] = c * p, -c * q, -s
    matrix[..., 1, 0], matrix[..., 1, 1], matrix[..., 1, 2] = q, p, 0
    matrix[..., 2, 0], matrix[..., 2, 1], matrix[..., 2, 2] = s * p, -s * q, c
    return matrix


def twisted(angle: Array) -> Array:
    """The rotations (..., 3, 3) about x by angles (...) in radians."""
    matrix = np.zeros((*angle.shape, 3, 3))
    matrix[..., 0, 0] = 1
    matrix[..., 1, 1] = matrix[..., 2, 2] = np.cos(angle)
    matrix[..., 2, 1] = np.sin(angle)
    matrix[..., 1, 2] = -matrix[..., 2, 1]
    return matrix


def turned_hinge(twist: Array, angle: Array) -> Array:
    """``twisted(twist) @ bent(angle, 0)``"""
    c, s, p, q = np.cos(twist), np.sin(twist), np.cos(angle), np.sin(angle)
    matrix = np.empty((*twist.shape, 3, 3))
    matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 0, 2] = p, 0, -q
    matrix[..., 1, 0], matrix[..., 1, 1], matrix[..., 1, 2] = -s * q, c, -s * p
    matrix[..., 2, 0], matrix[..., 2, 1], matrix[..., 2, 2] = c * q, s, c * p
    return matrix


def twist_of(rotations: Array) -> Array:
    """The twist of :func:`twist_and_bend`."""
    return np.arctan2(-rotations[..., 1, 2], rotations[..., 2, 2])


def twist_and_bend(rotations: Array) -> tuple[Array, Array, Array]:
    """
    Decompose rotations: ``twisted(twist) @ bent(flexion, side)``.

    The scale of the matrices doesn't matter. If only the z column is known and the others are 0, the side is 0.

    :param rotations: (..., 3, 3)
    :return: (...) twist, flexion and side, in radians.
    """
    x, y, z = rotations[..., 0, 0], rotations[..., 0, 1], rotations[..., 0, 2]
    across = np.hypot(rotations[..., 1, 2], rotations[..., 2, 2])
    return twist_of(rotations), np.arctan2(-z, across), np.arctan2(-y, x)


def ramp(values: Array, low: float, high: float) -> Array:
    """Rises linearly from 0 at ``low`` to 1 at ``high``."""
    share: Array = np.minimum(np.maximum((values - low) * (1 / (high - low)), 0), 1)
    return share
