"""
Decodes the outputs of the single-shot detectors for poses and faces.

``ssd_anchors_calculator.cc``, ``tensors_to_detections_calculator.cc``, ``non_max_suppression_calculator.cc``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import log

import numpy as np

from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.landmarks import sigmoid

MIN_SCORE = 0.5
"""The default of MediaPipe's Python API"""
MIN_OVERLAP = 0.5
"""Boxes that overlap more, as intersection over union, belong to one detection. The default of MediaPipe's Python API;
that in C++ is 0.3"""


@dataclass(frozen=True, slots=True)
class Detection:
    """
    :param score: from 0 to 1.
    :param box: left, top, right, bottom, as fractions of the detector's input.
    :param keypoints: ``(n, 2)``, as fractions of the detector's input.
    """

    score: float
    box: FloatArray
    keypoints: FloatArray


class Decoder:
    """
    :param side: of the detector's input, in pixels.
    :param strides: pixels between the anchors of each layer. Layers have two anchors per place, and those of
        consecutive layers with the same stride are next to each other.
    """

    def __init__(self, side: int, strides: Sequence[int]) -> None:
        self._side = side
        self._anchors = np.concatenate(
            [_grid(side // stride, 2 * len(list(layers))) for stride, layers in groupby(strides)]
        )

    def decode(self, boxes: FloatArray, scores: FloatArray) -> list[Detection]:
        """
        :param boxes: ``(1, n, 4 + 2 * keypoints)``: middle, size and keypoints in pixels, relative to the anchors.
        :param scores: ``(1, n, 1)``: before the sigmoid.
        :return: the best detection first.
        """
        logits = scores.reshape(-1)
        over = np.flatnonzero(logits >= log(MIN_SCORE / (1 - MIN_SCORE)))
        if not len(over):
            return []
        order = over[np.argsort(-logits[over], kind="stable")]
        found = boxes.reshape(len(logits), -1)[order] / np.float32(self._side)
        anchors = self._anchors[order]
        middle, half = found[:, :2] + anchors, found[:, 2:4] / 2
        keypoints = found[:, 4:].reshape(len(order), -1, 2) + anchors[:, np.newaxis]
        corners = np.concatenate((middle - half, middle + half), axis=1)
        return _merge(sigmoid(logits[order]), corners, keypoints)


def _grid(cells: int, repeats: int) -> FloatArray:
    """``(cells * cells * repeats, 2)``: the middle of each cell several times, row by row, as fractions."""
    middles = (np.arange(cells, dtype=np.float32) + np.float32(0.5)) / np.float32(cells)
    x, y = np.meshgrid(middles, middles)
    return np.repeat(np.stack((x.ravel(), y.ravel()), axis=1), repeats, axis=0)


def _merge(scores: FloatArray, boxes: FloatArray, keypoints: FloatArray) -> list[Detection]:
    """Weighted non-maximum suppression: each detection is the mean of overlapping ones, weighted by their scores."""
    found = []
    left = np.arange(len(scores))
    while len(left):
        near = _overlaps(boxes[left], boxes[left[0]]) > MIN_OVERLAP
        near[0] = True
        group = left[near]
        weights = scores[group] / scores[group].sum()
        found.append(
            Detection(
                float(scores[group[0]]), weights @ boxes[group], np.tensordot(weights, keypoints[group], axes=(0, 0))
            )
        )
        left = left[~near]
    return found


def _overlaps(boxes: FloatArray, box: FloatArray) -> FloatArray:
    """Intersection over union of each box with one."""
    sides = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])
    common = sides.clip(0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    overlaps: FloatArray = common / np.maximum(areas + areas[0] - common, np.float32(1e-12))
    return overlaps
