import io
from pathlib import Path

import numpy as np
import pytest

from holistic_rtc.model.rig import Rig
from holistic_rtc.model.skeleton import BONES
from holistic_rtc.recording import bvh
from holistic_rtc.recording.motion import MotionRecorder
from tests.kit.takes import FPS, after, posed, turn, waving_motion

TAKE = Path(__file__).parents[2] / "vectors" / "take.bvh"
"""Read by three.js in web/tests/take.test.ts"""


def written(*rigs: Rig, fps: float = 10) -> list[str]:
    recorder = MotionRecorder()
    for index, rig in enumerate(rigs):
        recorder.add(round(index * 1000 / fps), rig)
    file = io.StringIO()
    bvh.write(recorder.motion(), fps, file)
    return file.getvalue().splitlines()


def numbers(lines: list[str]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([line.split() for line in lines[lines.index("MOTION") + 3 :]], float)


def test_the_take_that_three_js_reads_is_what_is_written() -> None:
    file = io.StringIO()
    bvh.write(waving_motion(), FPS, file)
    lines, kept = file.getvalue().splitlines(), TAKE.read_text().splitlines()
    end = lines.index("MOTION") + 3
    assert lines[:end] == kept[:end]
    assert numbers(lines) == pytest.approx(numbers(kept), abs=2e-4)


def test_every_bone_is_a_joint_and_every_frame_has_a_number_for_each_channel() -> None:
    lines = written(posed(), posed())
    names = [line.split()[1] for line in lines if line.split()[0] in ("ROOT", "JOINT")]
    assert sorted(names) == sorted(BONES)
    channels = sum(int(line.split()[1]) for line in lines if "CHANNELS" in line)
    assert numbers(lines).shape == (2, channels)


def test_uneven_frames_become_even_ones() -> None:
    recorder = MotionRecorder()
    for milliseconds in (0, 70, 120, 300):
        recorder.add(milliseconds, posed(x=milliseconds / 1000))
    file = io.StringIO()
    bvh.write(recorder.motion(), 20, file)
    lines = file.getvalue().splitlines()
    assert lines[lines.index("MOTION") + 1 :][:2] == ["Frames: 7", "Frame Time: 0.050000000"]
    assert numbers(lines)[:, 0] == pytest.approx(np.arange(7) * 5)


@pytest.mark.parametrize("x", [0, 60, -89.9, 90, -90, 120])
@pytest.mark.parametrize(("z", "y"), [(0, 0), (30, -100), (170, 80)])
def test_the_three_angles_make_the_rotation(z: float, x: float, y: float) -> None:
    rotation = after(after(turn("z", z), turn("x", x)), turn("y", y))
    written_z, written_x, written_y = numbers(written(posed({"hips": rotation})))[0, 3:6]
    again = after(after(turn("z", written_z), turn("x", written_x)), turn("y", written_y))
    assert abs(again @ rotation) == pytest.approx(1, abs=1e-7)


def test_thousands_of_frames_are_written_as_few_are() -> None:
    rows = numbers(written(*(posed(x=count / 1000) for count in range(2050))))
    assert rows[:, 0] == pytest.approx(np.arange(2050) / 10, abs=1e-3)


@pytest.mark.parametrize("most", [30.0, 170.0, 800.0])
@pytest.mark.parametrize("axis", "xyz")
def test_angles_do_not_leap_from_frame_to_frame_so_that_programs_may_draw_curves_through_them(
    axis: str, most: float
) -> None:
    # As a knee in a squat, which passes a right angle, or somebody who turns round again and again.
    turns = np.linspace(0, most, round(most / 5) + 1)
    askew = after(turn("z", 3), turn("x", 4))
    rows = numbers(written(*(posed({"leftLowerLeg": after(askew, turn(axis, degrees))}) for degrees in turns)))
    assert np.abs(np.diff(rows[:, 3:], axis=0)).max() < 60
    assert np.abs(rows[:, 3:]).max() < most + 200


def test_a_leg_that_bends_by_a_right_angle_turns_little_about_the_other_axes_however_it_trembles() -> None:
    random = np.random.default_rng(5)
    legs = [after(turn("x", 90 + random.normal(0, 3)), turn("y", random.normal(0, 1))) for _ in range(50)]
    rows = numbers(written(*(posed({"leftLowerLeg": leg}) for leg in legs)))
    assert np.abs(np.diff(rows[:, 3:], axis=0)).max() < 60
