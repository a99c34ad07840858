"""
Rotated regions of a frame that a network looks at, and how they follow from landmarks.

All coordinates are in pixels of the frame, x right, y down. Angles are in radians and clockwise. The formulas are those
of MediaPipe's calculators, which each function names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import atan2, cos, degrees, floor, hypot, pi, sin

import numpy as np

from holistic_rtc.model.result import FloatArray

Point = Sequence[float]

UPRIGHT = pi / 2
"""The target angle for a direction that should point up in the region"""
UPSIDE_DOWN = -pi / 2
SIDEWAYS = 0.0


@dataclass(frozen=True, slots=True)
class Region:
    """
    :param x: the middle's x, in pixels, as are ``y``, ``width`` and ``height``.
    :param rotation: clockwise, in radians.
    """

    x: float
    y: float
    width: float
    height: float
    rotation: float = 0.0

    def scaled(self, x: float, y: float) -> "Region":
        """The same region of a frame that was stretched by ``x`` and ``y``."""
        return replace(self, x=self.x * x, y=self.y * y, width=self.width * x, height=self.height * y)

    def transformed(self, scale: float, *, shift_y: float = 0.0, square: bool = True) -> "Region":
        """
        ``rect_transformation_calculator.cc``: shift by a fraction of the height, make square, then scale.

        :param shift_y: along the region's own y axis, in units of its height before it is made square.
        """
        shift = self.height * shift_y
        width, height = self.width, self.height
        if square:
            width = height = max(width, height)
        return Region(
            self.x - shift * sin(self.rotation),
            self.y + shift * cos(self.rotation),
            width * scale,
            height * scale,
            self.rotation,
        )

    def moved_from(self, other: "Region") -> float:
        """How much this region differs from another in place or size, in units of its size."""
        size = max(self.width, self.height)
        moved = max(abs(self.x - other.x), abs(self.y - other.y), abs(size - max(other.width, other.height)))
        return moved / size


def whole(width: int, height: int) -> Region:
    """The smallest square around the whole frame, which is in its middle."""
    side = max(width, height)
    return Region(width / 2, height / 2, side, side)


def direction(start: Point, end: Point, target: float) -> float:
    """
    The rotation that turns the direction between two points to the angle ``target``.

    ``detections_to_rects_calculator.cc``.
    """
    angle = target - atan2(start[1] - end[1], end[0] - start[0])
    return angle - 2 * pi * floor((angle + pi) / (2 * pi))


def around(centre: Point, edge: Point, target: float) -> Region:
    """``alignment_points_to_rects_calculator.cc``: a square about a point that reaches to another."""
    side = 2 * hypot(edge[0] - centre[0], edge[1] - centre[1])
    return Region(centre[0], centre[1], side, side, direction(centre, edge, target))


def box(points: FloatArray, rotation: float) -> Region:
    """
    ``detections_to_rects_calculator.cc``: the upright bounding box of points, turned about its middle.

    :param points: ``(n, 2 or more)``.
    """
    left, top = points[:, :2].min(axis=0).tolist()
    right, bottom = points[:, :2].max(axis=0).tolist()
    return Region((left + right) / 2, (top + bottom) / 2, right - left, bottom - top, rotation)


def turned_box(points: FloatArray, rotation: float) -> Region:
    """
    ``hand_landmarks_to_rect_calculator.cc``: the smallest box around points among those with a rotation.

    :param points: ``(n, 2 or more)``.
    """
    c, s = cos(rotation), sin(rotation)
    along = points[:, :2] @ np.array([[c, -s], [s, c]], np.float32)
    upright = box(along, rotation)
    x, y = upright.x, upright.y
    return replace(upright, x=x * c - y * s, y=x * s + y * c)


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How much a tracked region may differ from a newly found one: ``roi_tracking_calculator.cc``.

    :param degrees: of rotation.
    :param translation: along the found region's axes, in units of its size.
    :param scale: in units of its size.
    :param margin: by how much larger than the found region the area is that must contain the landmarks.
    """

    degrees: float
    translation: float
    scale: float
    margin: float


def keeps(limits: Limits, tracked: Region, points: FloatArray, found: Region) -> bool:
    """
    Whether to keep following landmarks rather than start over in a newly found region.

    :param tracked: the region that follows from the landmarks of the previous frame.
    :param points: these landmarks, ``(n, 2 or more)``.
    :param found: the region that was found in this frame.
    """
    turned = abs(degrees(tracked.rotation - found.rotation))
    if min(turned, abs(turned - 360)) > limits.degrees:
        return False
    if abs(tracked.width - found.width) > limits.scale * found.width:
        return False
    if abs(tracked.height - found.height) > limits.scale * found.height:
        return False
    c, s = cos(found.rotation), sin(found.rotation)
    dx, dy = tracked.x - found.x, tracked.y - found.y
    if abs(dx * c + dy * s) > limits.translation * found.width:
        return False
    if abs(dy * c - dx * s) > limits.translation * found.height:
        return False
    # The points' extents along the found region's axes, about its middle.
    turn = np.array([[c, -s], [s, c]], np.float32)
    along = np.abs((points[:, :2] - np.array([found.x, found.y], np.float32)) @ turn).max(axis=0)
    half = (1 + limits.margin) / 2
    return bool(along[0] < half * found.width and along[1] < half * found.height)
