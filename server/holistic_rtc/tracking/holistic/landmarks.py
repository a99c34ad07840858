"""From a network's points to points of the frame."""

from math import cos, hypot, sin

import numpy as np

from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.regions import Region


def to_frame(points: FloatArray, region: Region) -> FloatArray:
    """
    The points of a region in the frame.

    :param points: ``(n, 2)``: x and y as fractions of the region, which may lie outside [0, 1].
    :return: ``(n, 2)`` in pixels.
    """
    c, s = cos(region.rotation), sin(region.rotation)
    turn: FloatArray = np.array(
        [[region.width * c, region.width * s], [-region.height * s, region.height * c]], np.float32
    )
    middle: FloatArray = np.array([region.x, region.y], np.float32)
    offsets: FloatArray = points - np.float32(0.5)
    return offsets @ turn + middle


def turned(world: FloatArray, rotation: float) -> FloatArray:
    """
    ``world_landmark_projection_calculator.cc``: world points as seen by the camera rather than in the region.

    :param world: ``(n, 3)``.
    """
    c, s = cos(rotation), sin(rotation)
    seen: FloatArray = world @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]], np.float32)
    return seen


def depth_scale(region: Region, width: int, height: int) -> float:
    """
    The region's width in units of the frame's width: the unit of z.

    ``landmark_projection_calculator.cc`` measures it in a frame that is scaled to a square, so it isn't quite that for
    regions which are rotated.
    """
    return hypot(region.width * cos(region.rotation) / width, region.width * sin(region.rotation) / height)


def sigmoid(values: FloatArray) -> FloatArray:
    return np.float32(1) / (np.float32(1) + np.exp(-values))


HEATMAP_KERNEL = 7
"""``pose_landmarks_detector_graph.cc``"""
HEATMAP_CONFIDENCE = 0.5
"""``refine_landmarks_from_heatmap_calculator.proto``"""

_WINDOW = np.arange(HEATMAP_KERNEL) - HEATMAP_KERNEL // 2


def refined(points: FloatArray, heatmaps: FloatArray) -> FloatArray:
    """
    Points moved to the centre of mass of their heatmap's surroundings, where that is confident.

    ``refine_landmarks_from_heatmap_calculator.cc``.

    :param points: ``(n, 2)``: x and y as fractions of the region.
    :param heatmaps: ``(height, width, n)``, before the sigmoid.
    """
    height, width, count = heatmaps.shape
    size = np.array([width, height], np.float32)
    cells = (points * size).astype(np.int32)
    inside = ((cells >= 0) & (cells < (width, height))).all(axis=1)
    columns, rows = cells[:, 0, np.newaxis] + _WINDOW, cells[:, 1, np.newaxis] + _WINDOW
    in_column, in_row = (columns >= 0) & (columns < width), (rows >= 0) & (rows < height)
    window = heatmaps[
        rows.clip(0, height - 1)[:, :, np.newaxis],
        columns.clip(0, width - 1)[:, np.newaxis, :],
        np.arange(count)[:, np.newaxis, np.newaxis],
    ]
    weights = sigmoid(window) * (in_row[:, :, np.newaxis] & in_column[:, np.newaxis, :])
    sums = weights.sum(axis=(1, 2))
    confident = inside & (weights.max(axis=(1, 2)) >= HEATMAP_CONFIDENCE)
    x = (weights.sum(axis=1) * columns).sum(axis=1)
    y = (weights.sum(axis=2) * rows).sum(axis=1)
    centres = np.stack((x, y), axis=1) / np.maximum(sums, np.float32(1e-12))[:, np.newaxis] / size
    return np.where(confident[:, np.newaxis], centres, points).astype(np.float32)
