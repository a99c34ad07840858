"""Parts of the rig that come and go."""

from dataclasses import replace

import numpy as np
import pytest

from holistic_rtc.model.result import HolisticResult
from holistic_rtc.model.skeleton import BONE_INDEX
from holistic_rtc.motion.rig.easing import EASE_IN_MS, EASE_OUT_MS, HOLD_MS, LOST_BELOW, SEEN_FROM
from holistic_rtc.motion.rig.fingers import DIGITS
from holistic_rtc.motion.rig.kinematics import forward
from holistic_rtc.motion.rig.rest import RELAXED
from holistic_rtc.motion.rig.solver import RigSolver
from tests.kit.rig_poses import FINGERS, POSES, degrees_between, landmarks_of, pose, turn, with_visibility

FRAME_MS = 33
LEGS = range(25, 33)
LEFT_HAND = [BONE_INDEX["leftHand"], *DIGITS[0].flat]


def without_left_hand(result: HolisticResult) -> HolisticResult:
    return replace(result, left_hand_world_landmarks=None)


@pytest.fixture
def fists() -> HolisticResult:
    return landmarks_of(POSES["fists"])


def test_a_lost_hand_is_held_for_a_moment_and_then_goes_to_rest_in_the_set_time(fists: HolisticResult) -> None:
    solver = RigSolver()
    seen = solver.solve(fists, 0)
    assert seen is not None
    distances = []
    for ms in range(10, EASE_OUT_MS + 10, 10):
        rig = solver.solve(without_left_hand(fists), ms)
        assert rig is not None
        if ms <= HOLD_MS:
            assert degrees_between(rig.rotations, seen.rotations).max() < 0.01
        distances.append(degrees_between(rig.rotations[LEFT_HAND], RELAXED[LEFT_HAND]).max())
    assert distances == sorted(distances, reverse=True)
    assert max(np.diff(distances[::-1])) < 8
    assert distances[-1] < 0.01


def test_a_hand_that_comes_is_where_it_is_seen_within_the_set_time(fists: HolisticResult) -> None:
    solver = RigSolver()
    solver.solve(without_left_hand(fists), 0)
    came = solver.solve(fists, EASE_IN_MS // 2)
    there = solver.solve(fists, EASE_IN_MS)
    assert came is not None
    assert there is not None
    assert 5 < degrees_between(came.rotations[LEFT_HAND], POSES["fists"][LEFT_HAND]).max() < 60
    assert degrees_between(there.rotations, POSES["fists"]).max() < 0.2


def test_nobody_is_no_rig_at_first_and_again_when_all_is_at_rest(fists: HolisticResult) -> None:
    solver = RigSolver()
    assert solver.solve(HolisticResult(), 0) is None
    solver.solve(fists, 33)
    times = range(66, 66 + EASE_OUT_MS + 66, 33)
    rigs = [solver.solve(HolisticResult(), ms) for ms in times]
    assert [rig is None for rig in rigs] == [ms >= 33 + EASE_OUT_MS for ms in times]


def test_somebody_who_comes_back_comes_from_rest_however_few_frames_there_were(fists: HolisticResult) -> None:
    solver = RigSolver()
    solver.solve(fists, 0)
    assert solver.solve(HolisticResult(), 250) is not None
    assert solver.solve(HolisticResult(), 500) is None
    rig = solver.solve(fists, 501)
    assert rig is not None
    assert degrees_between(rig.rotations[LEFT_HAND], RELAXED[LEFT_HAND]).max() < 1


def test_a_gap_in_time_is_not_followed_by_a_leap(fists: HolisticResult) -> None:
    solver = RigSolver()
    before = solver.solve(fists, 0)
    after = solver.solve(HolisticResult(), 60_000)
    assert before is not None
    assert after is not None
    assert degrees_between(before.rotations, after.rotations).max() < 30


def test_a_visibility_that_trembles_between_the_thresholds_changes_nothing() -> None:
    result = landmarks_of(POSES["sitting"])
    for start, bent in ((1.0, True), (0.1, False)):
        solver = RigSolver()
        for frame, visibility in enumerate((start, *(LOST_BELOW + 0.01, SEEN_FROM - 0.01) * 20)):
            rig = solver.solve(with_visibility(result, LEGS, visibility), frame * FRAME_MS)
            assert rig is not None
            knee = degrees_between(rig.rotations[BONE_INDEX["leftLowerLeg"]], turn(("x", 90 if bent else 0)))
            assert knee < 0.2


def test_legs_and_head_stay_where_they_are_seen_while_the_trunk_goes_to_rest_and_comes_back() -> None:
    squat = POSES["squat"].copy()
    squat[0] = turn(("y", 50), ("x", 20))
    # Bent knees, as of straight legs the hips and the feet tell how the thighs are turned.
    seen = replace(landmarks_of(squat), face_transform=np.identity(4, np.float32))
    without_shoulders = with_visibility(seen, (11, 12), 0.1)
    bones = [BONE_INDEX[bone] for bone in ("head", "leftUpperLeg", "rightLowerLeg", "leftFoot")]
    solver = RigSolver()
    still = solver.solve(seen, 0)
    assert still is not None
    for frame in range(1, 60):
        rig = solver.solve(seen if frame >= 40 else without_shoulders, frame * 16)
        assert rig is not None
        assert degrees_between(forward(rig)[0][bones], forward(still)[0][bones]).max() < 0.1
        if frame == 39:
            assert degrees_between(rig.rotations[0], turn()) < 0.1


def test_a_hand_found_inside_out_is_not_seen() -> None:
    backwards = {finger + "Proximal": turn(("z", 50)) for finger in FINGERS}
    rig = RigSolver().solve(landmarks_of(pose(backwards)), 0)
    assert rig is not None
    assert degrees_between(rig.rotations[LEFT_HAND], RELAXED[LEFT_HAND]).max() < 0.01


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("elbow", [30, 90, 140])
@pytest.mark.parametrize(
    ("roll", "seen"), [(-110, True), (-60, True), (60, True), (110, True), (150, False), (180, False)]
)
def test_a_hand_rolled_further_than_a_forearm_can_is_not_seen(side: str, elbow: float, roll: float, seen: bool) -> None:
    # As a small or blurred hand is found at times, with its back for its palm.
    arm = {"UpperArm": turn(("-z", 70)), "LowerArm": turn(("-y", elbow)), "Hand": turn(("x", roll))}
    rig = RigSolver().solve(landmarks_of(pose(arm)), 0)
    assert rig is not None
    hand = BONE_INDEX[f"{side}Hand"]
    assert (degrees_between(rig.rotations[hand], RELAXED[hand]) > 10) == seen


def test_the_hand_of_a_straight_arm_may_be_rolled_right_round() -> None:
    # With the upper arm a hand turns that far; of which bone does how much of it, only a bent elbow tells.
    arm = {"UpperArm": turn(("-z", 70)), "LowerArm": turn(("-y", 3)), "Hand": turn(("x", -170))}
    rig = RigSolver().solve(landmarks_of(pose(arm)), 0)
    assert rig is not None
    assert degrees_between(rig.rotations[LEFT_HAND[0]], RELAXED[LEFT_HAND[0]]) > 30


@pytest.mark.parametrize("fps", [10, 20, 60, 144])
def test_easing_takes_the_same_time_at_any_frame_rate(fists: HolisticResult, fps: int) -> None:
    def lost_for(milliseconds: int, steps: int) -> float:
        solver = RigSolver()
        solver.solve(fists, 1000)
        for step in range(1, steps + 1):
            rig = solver.solve(without_left_hand(fists), 1000 + round(milliseconds * step / steps))
        assert rig is not None
        return float(degrees_between(rig.rotations[LEFT_HAND], POSES["fists"][LEFT_HAND]).max())

    assert lost_for(300, steps=300 * fps // 1000) == pytest.approx(lost_for(300, steps=50), abs=0.1)


def test_a_hand_collapsed_to_nothing_is_not_seen(fists: HolisticResult) -> None:
    hand = fists.left_hand_world_landmarks
    assert hand is not None
    rig = RigSolver().solve(replace(fists, left_hand_world_landmarks=hand[0] + (hand - hand[0]) * np.float32(0.1)), 0)
    assert rig is not None
    assert degrees_between(rig.rotations[LEFT_HAND], RELAXED[LEFT_HAND]).max() < 0.01
