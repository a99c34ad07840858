"""Whether a hand is looked for at all; the result of looking is in test_tracker.py."""

from collections.abc import Sequence

import numpy as np
import pytest

from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.frame import Frame
from holistic_rtc.tracking.holistic.gates import BALANCED, EXACT, Gates
from holistic_rtc.tracking.holistic.hand import POSE_HANDS, HandTracker, Side
from holistic_rtc.tracking.holistic.networks import Network
from holistic_rtc.tracking.holistic.pose import Pose

FRAME = Frame(np.zeros((480, 640, 3), np.uint8), 0)
LEFT = POSE_HANDS[Side.LEFT]
INSIDE, OUTSIDE = (100, 400), (100, 500)


class NoHand:
    """A runtime that counts its runs and never finds a hand."""

    name = "no hand"

    def __init__(self) -> None:
        self.runs: list[Network] = []

    def run(self, network: Network, values: FloatArray) -> Sequence[FloatArray]:
        self.runs.append(network)
        if network is Network.HAND_RECROP:
            return [np.array([128, 128, 128, 28], np.float32)]
        return [np.zeros(63, np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32), np.zeros(63, np.float32)]

    def close(self) -> None:
        pass


def looked_for(
    gates: Gates,
    wrist: tuple[int, int] = INSIDE,
    index: tuple[int, int] = INSIDE,
    visibility: float = 0.9,
    raw_visibility: float = 0.9,
) -> bool:
    points = np.zeros((33, 3), np.float32)
    points[LEFT.wrist, :2], points[LEFT.index, :2], points[LEFT.pinky, :2] = wrist, index, (index[0] + 20, index[1])
    pose = Pose(
        points,
        np.full(33, visibility, np.float32),
        np.full(33, raw_visibility, np.float32),
        np.zeros((33, 3), np.float32),
        1.0,
    )
    runtime = NoHand()
    assert HandTracker(runtime, gates, Side.LEFT).track(FRAME, pose) is None
    return bool(runtime.runs)


@pytest.mark.parametrize("gates", [EXACT, BALANCED], ids=["exact", "balanced"])
def test_a_hand_whose_wrist_is_seen_is_looked_for_and_others_are_not(gates: Gates) -> None:
    assert looked_for(gates)
    assert not looked_for(gates, visibility=0.1)


def test_a_hand_is_looked_for_while_its_wrist_or_its_index_finger_is_in_the_picture() -> None:
    assert looked_for(BALANCED, wrist=OUTSIDE)
    assert looked_for(BALANCED, index=OUTSIDE)
    assert not looked_for(BALANCED, wrist=OUTSIDE, index=OUTSIDE)
    assert looked_for(EXACT, wrist=OUTSIDE, index=OUTSIDE)


def test_a_hand_that_is_hidden_right_now_is_not_looked_for() -> None:
    assert not looked_for(BALANCED, raw_visibility=0.19)
    assert looked_for(EXACT, raw_visibility=0.01)


def test_a_hand_that_is_absent_is_tried_in_two_frames_then_in_every_third() -> None:
    points = np.zeros((33, 3), np.float32)
    points[[LEFT.wrist, LEFT.index, LEFT.pinky], :2] = [[100, 400], [100, 350], [120, 350]]
    seen = np.ones(33, np.float32)
    pose = Pose(points, seen, seen, np.zeros((33, 3), np.float32), 1.0)
    runtime = NoHand()
    tracker = HandTracker(runtime, BALANCED, Side.LEFT)
    runs = []
    for _ in range(10):
        tracker.track(FRAME, pose)
        runs.append(runtime.runs.count(Network.HAND))
    assert runs == [1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
