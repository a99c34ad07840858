import numpy as np
import pytest

from holistic_rtc.tracking.holistic.detectors import Decoder

SIDE, STRIDES = 32, (8, 16, 16)
ANCHORS = 4 * 4 * 2 + 2 * 2 * 4


def decode(*found: tuple[int, float, tuple[float, float, float, float]]) -> list[tuple[float, list[float]]]:
    """Scores and boxes of detections: number of the anchor, logit, box relative to the anchor in pixels."""
    boxes = np.zeros((1, ANCHORS, 6), np.float32)
    scores = np.full((1, ANCHORS, 1), -100, np.float32)
    for anchor, logit, box in found:
        boxes[0, anchor, :4] = box
        scores[0, anchor, 0] = logit
    return [(found.score, found.box.tolist()) for found in Decoder(SIDE, STRIDES).decode(boxes, scores)]


def test_nothing_is_found_below_a_score_of_one_half() -> None:
    assert decode((0, -0.01, (0, 0, 8, 8))) == []


def test_a_box_is_relative_to_its_anchor() -> None:
    # The second cell of the first row: its middle is at 12, 4.
    ((score, box),) = decode((2, 0, (2, 0, 8, 4)))
    assert score == 0.5
    assert box == pytest.approx([10 / 32, 2 / 32, 18 / 32, 6 / 32])


def test_anchors_of_layers_with_the_same_stride_are_next_to_each_other() -> None:
    first_cell, second_cell = 32, 36
    for anchor, x in ((first_cell, 8), (first_cell + 3, 8), (second_cell, 24), (second_cell + 3, 24)):
        ((_, box),) = decode((anchor, 1, (0, 0, 2, 2)))
        assert (box[0] + box[2]) / 2 == pytest.approx(x / SIDE)


def test_overlapping_boxes_become_their_weighted_mean_and_others_stay() -> None:
    first, second = decode((0, 3, (0, 0, 8, 8)), (1, 0, (1, 0, 8, 8)), (30, 1, (0, 0, 4, 4)))
    weights = np.array([1 / (1 + np.exp(-3)), 0.5])
    assert first[0] == pytest.approx(weights[0])
    assert first[1][0] * SIDE == pytest.approx(weights[1] / weights.sum(), abs=1e-4)
    assert second[0] == pytest.approx(1 / (1 + np.exp(-1)))
