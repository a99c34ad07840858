import numpy as np
import pytest

from holistic_rtc.model.rig import OFFSETS
from holistic_rtc.model.skeleton import BONE_INDEX
from holistic_rtc.motion.rig.rest import RELAXED
from holistic_rtc.recording.motion import MotionRecorder
from tests.kit.takes import posed, turn

ARM = BONE_INDEX["leftUpperArm"]


def test_between_two_poses_bones_turn_evenly_and_the_rest_moves_evenly() -> None:
    recorder = MotionRecorder()
    recorder.add(0, posed({"leftUpperArm": turn("z", 20)}, {"happy": 0.2}, x=0.0))
    recorder.add(100, posed({"leftUpperArm": turn("z", 140)}, {"happy": 1.0}, x=0.4))
    between = recorder.motion().at(np.array([0.025, 0.05]))
    assert between.rotations[:, ARM] == pytest.approx(np.array([turn("z", 50), turn("z", 80)]), abs=1e-6)
    assert between.hips_positions[:, 0] == pytest.approx(np.array([0.1, 0.2]))
    assert between.expressions.max(axis=1) == pytest.approx(np.array([0.4, 0.6]))


def test_bones_turn_on_the_shorter_way_whichever_of_two_quaternions_stands_for_a_rotation() -> None:
    recorder = MotionRecorder()
    recorder.add(0, posed({"leftUpperArm": turn("y", 170)}))
    recorder.add(100, posed({"leftUpperArm": -turn("y", 190)}))
    [middle] = recorder.motion().at(np.array([0.05])).rotations[:, ARM]
    assert abs(middle @ turn("y", 180)) == pytest.approx(1)


def test_before_the_first_pose_and_after_the_last_nothing_moves() -> None:
    recorder = MotionRecorder()
    recorder.add(500, posed(x=1.0))
    recorder.add(600, posed(x=2.0))
    assert recorder.motion().at(np.array([-1.0, 9.0])).hips_positions[:, 0].tolist() == [1, 2]


def test_one_pose_is_a_motion_too() -> None:
    recorder = MotionRecorder()
    recorder.add(500, posed(x=1.0))
    motion = recorder.motion()
    assert motion.times.tolist() == [0]
    assert motion.at(np.array([0.0])).hips_positions[:, 0].tolist() == [1]


def test_while_nobody_is_seen_the_motion_is_at_rest() -> None:
    recorder = MotionRecorder()
    recorder.add(100, posed({"leftUpperArm": turn("z", 90)}))
    recorder.add(200, None)
    motion = recorder.motion()
    assert motion.rotations[1] == pytest.approx(RELAXED)
    assert motion.hips_positions[1] == pytest.approx(OFFSETS[0])


def test_a_frame_that_comes_late_is_left_out() -> None:
    recorder = MotionRecorder()
    for milliseconds in (100, 200, 200, 150, 300):
        recorder.add(milliseconds, posed())
    assert recorder.motion().times == pytest.approx([0, 0.1, 0.2])
