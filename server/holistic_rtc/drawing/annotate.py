"""Draws the landmarks of one frame."""

from collections.abc import Collection, Iterable
from itertools import groupby
from math import dist

import cv2
import numpy as np
from numpy.typing import NDArray

from holistic_rtc.drawing import topology
from holistic_rtc.drawing.style import REFERENCE_SIZE, STYLE, Colour
from holistic_rtc.drawing.topology import Path
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import FloatArray, HolisticResult, Image, Persons

# OpenCV takes fixed-point coordinates. With sixteenths of a pixel, a small mesh doesn't jitter.
_SHIFT = 4
_ONE = 1 << _SHIFT
# In frame sizes. Lines to points further out look the same, and coordinates stay far from the limits of int32.
_FARTHEST = 4
_MIN_VISIBILITY = 0.5

DRAWN_PARTS = frozenset({Part.POSE, Part.FACE, Part.LEFT_HAND, Part.RIGHT_HAND})

Points = NDArray[np.int32]
"""(n, 2), x and y in sixteenths of a pixel"""


def annotate(image: Image, persons: Persons, parts: Collection[Part] = DRAWN_PARTS) -> Image:
    """
    A copy of the image with the landmarks drawn on it.

    Points may lie outside the image. Parts with non-finite numbers aren't drawn.

    :param image: ``(height, width, 3)`` uint8 RGB; isn't modified.
    :param parts: what to draw. Trackers may find more than was asked for, in some frames only.
    :return: ``(height, width, 3)`` uint8 RGB.
    """
    annotated = np.array(image, order="C")
    for person, result in persons.items():
        accent = STYLE.persons[person % len(STYLE.persons)]
        _draw_person(_Canvas(annotated, min(image.shape[:2]) / REFERENCE_SIZE, accent), result, parts)
    return annotated


def _draw_person(canvas: "_Canvas", result: HolisticResult, parts: Collection[Part]) -> None:
    face = canvas.locate(result.face_landmarks) if Part.FACE in parts else None
    pose = canvas.locate(result.pose_landmarks) if Part.POSE in parts else None
    left_hand = canvas.locate(result.left_hand_landmarks) if Part.LEFT_HAND in parts else None
    right_hand = canvas.locate(result.right_hand_landmarks) if Part.RIGHT_HAND in parts else None
    if face is not None:
        _draw_face(canvas, face)
    if pose is not None and result.pose_visibility is not None:
        visible = result.pose_visibility >= _MIN_VISIBILITY
        # The pose's points of face and fingers are less precise than the face and hand landmarks.
        visible[topology.POSE_FACE] &= face is None
        visible[topology.POSE_LEFT_FINGERS] &= left_hand is None
        visible[topology.POSE_RIGHT_FINGERS] &= right_hand is None
        _draw_pose(canvas, pose, visible)
    if left_hand is not None:
        _draw_hand(canvas, left_hand, STYLE.left)
    if right_hand is not None:
        _draw_hand(canvas, right_hand, STYLE.right)


def _draw_face(canvas: "_Canvas", points: Points) -> None:
    _draw_veil(canvas, points)
    canvas.lines(_strokes(points, topology.FACE_MIDDLE), canvas.accent, STYLE.contour_width)
    canvas.lines(_strokes(points, topology.FACE_LEFT), STYLE.left, STYLE.contour_width)
    canvas.lines(_strokes(points, topology.FACE_RIGHT), STYLE.right, STYLE.contour_width)
    canvas.ring(points[topology.LEFT_IRIS], STYLE.left, STYLE.contour_width)
    canvas.ring(points[topology.RIGHT_IRIS], STYLE.right, STYLE.contour_width)


def _draw_veil(canvas: "_Canvas", points: Points) -> None:
    """Draw the translucent part of a face: its mesh, and the outlines of its contours."""
    corner, region = canvas.region(points)
    if region.size == 0:
        return
    veil = _Canvas(region.copy(), canvas.scale, canvas.accent)
    points = points - corner
    contours = _strokes(points, topology.FACE_MIDDLE + topology.FACE_LEFT + topology.FACE_RIGHT)
    # Anti-aliasing takes four times as long, and isn't visible here.
    veil.lines(contours, STYLE.outline, STYLE.contour_width + 2 * STYLE.outline_width, cv2.LINE_8)
    if _extent(points) >= STYLE.mesh_face_size * max(1, canvas.scale):
        veil.lines([points[topology.FACE_MESH]], STYLE.mesh, STYLE.mesh_width)
    cv2.addWeighted(veil.image, STYLE.veil_opacity, region, 1 - STYLE.veil_opacity, 0, dst=region)


def _draw_pose(canvas: "_Canvas", points: Points, visible: NDArray[np.bool_]) -> None:
    left = _visible_strokes(points, topology.POSE_LEFT, visible)
    right = _visible_strokes(points, topology.POSE_RIGHT, visible)
    middle = _visible_strokes(points, topology.POSE_MIDDLE, visible)
    canvas.lines(left + right + middle, STYLE.outline, STYLE.limb_width + 2 * STYLE.outline_width)
    canvas.lines(middle, canvas.accent, STYLE.limb_width)
    canvas.lines(left, STYLE.left, STYLE.limb_width)
    canvas.lines(right, STYLE.right, STYLE.limb_width)
    canvas.dots(points[visible], STYLE.joint_radius, STYLE.outline_width)


def _draw_hand(canvas: "_Canvas", points: Points, colour: Colour) -> None:
    # At full width, the lines of a hand far from the camera would merge into a blob.
    slim = min(1, _extent(points) / (STYLE.slim_hand_size * canvas.scale))
    fingers = _strokes(points, topology.HAND)
    canvas.lines(fingers, STYLE.outline, slim * (STYLE.finger_width + 2 * STYLE.outline_width))
    canvas.lines(fingers, colour, slim * STYLE.finger_width)
    canvas.dots(points, slim * STYLE.knuckle_radius, slim * STYLE.outline_width)


def _strokes(points: Points, paths: Iterable[Path]) -> list[Points]:
    return [points[path] for path in paths]


def _visible_strokes(points: Points, paths: Iterable[Path], visible: NDArray[np.bool_]) -> list[Points]:
    """The strokes of the paths, interrupted at points that aren't visible."""
    return [points[list(run)] for path in paths for seen, run in groupby(path, visible.__getitem__) if seen]


def _extent(points: Points) -> float:
    """The longer side of the points' bounding box, in pixels."""
    return float(np.ptp(points, axis=0).max()) / _ONE


class _Canvas:
    """
    An image to draw a person on, with widths and radii in the style's units.

    :param accent: the person's colour, for what is neither left nor right.
    """

    def __init__(self, image: Image, scale: float, accent: Colour) -> None:
        self.image = image
        self.scale = scale
        self.accent = accent

    def locate(self, landmarks: FloatArray | None) -> Points | None:
        if landmarks is None or not np.isfinite(landmarks).all():
            return None
        height, width = self.image.shape[:2]
        fractions = np.clip(landmarks[:, :2], -_FARTHEST, _FARTHEST)
        points: Points = np.rint(fractions * (width * _ONE, height * _ONE)).astype(np.int32)
        return points

    def region(self, points: Points) -> tuple[Points, Image]:
        """The region of the image around the points: its upper left corner, and a view of its pixels."""
        height, width = self.image.shape[:2]
        margin = self._thickness(STYLE.contour_width + 2 * STYLE.outline_width)
        left, top = np.clip((points.min(axis=0) >> _SHIFT) - margin, 0, (width, height)).tolist()
        right, bottom = np.clip((points.max(axis=0) >> _SHIFT) + margin, 0, (width, height)).tolist()
        return np.array((left * _ONE, top * _ONE), np.int32), self.image[top:bottom, left:right]

    def lines(self, strokes: list[Points], colour: Colour, width: float, line_type: int = cv2.LINE_AA) -> None:
        cv2.polylines(self.image, strokes, False, colour, self._thickness(width), line_type, _SHIFT)

    def dots(self, points: Points, radius: float, outline_width: float) -> None:
        for colour, grown in ((STYLE.outline, radius + outline_width), (self.accent, radius)):
            size = round(grown * self.scale * _ONE)
            for centre in points.tolist():
                cv2.circle(self.image, centre, size, colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)

    def ring(self, points: Points, colour: Colour, width: float) -> None:
        """Draw the circle around the points' centre with their mean distance from it as its radius."""
        places = points.tolist()
        centre = [sum(values) / len(places) for values in zip(*places, strict=True)]
        radius = sum(dist(place, centre) for place in places) / len(places)
        x, y = map(round, centre)
        cv2.circle(self.image, (x, y), round(radius), colour, self._thickness(width), cv2.LINE_AA, _SHIFT)

    def _thickness(self, width: float) -> int:
        return max(1, round(width * self.scale))
