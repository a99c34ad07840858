"""The rig of real people, with the real model."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest

from holistic_rtc.native_log import without_noise
from holistic_rtc.rig.kinematics import forward
from holistic_rtc.rig.rest import RELAXED
from holistic_rtc.rig.skeleton import BONE_INDEX, Rig
from holistic_rtc.rig.solver import TO_VRM, RigSolver
from holistic_rtc.tracking import models
from holistic_rtc.tracking.base import HolisticResult
from holistic_rtc.tracking.mediapipe import MediaPipeTracker
from holistic_rtc.tracking.refine import Refiner

ARMS = {"UpperArm": ("LowerArm", 11, 13), "LowerArm": ("Hand", 13, 15)}
LEGS = {"UpperLeg": ("LowerLeg", 23, 25), "LowerLeg": ("Foot", 25, 27)}


def solved(name: str, step: int, frames: int) -> Iterator[tuple[HolisticResult, Rig]]:
    """Frames of a clip of the shared media, one in ``step``, and their rigs."""
    path = Path(os.environ.get("HOLISTIC_TEST_MEDIA", "/nowhere")) / name
    if not path.exists():
        pytest.skip(f"{path} of the shared media isn't there")
    refiner, solver = Refiner(), RigSolver()
    model = models.find(models.PoseModel.LITE).path
    with av.open(str(path)) as container, without_noise(), closing(MediaPipeTracker(model)) as tracker:
        for index, frame in enumerate(container.decode(video=0)):
            if index % step:
                continue
            if index >= step * frames:
                break
            image = frame.to_ndarray(format="rgb24")
            result = tracker.track(image, index * 33)
            result = refiner.refine(result, image.shape[1], image.shape[0], index * 33, smoothing=True)
            rig = solver.solve(result, index * 33)
            assert rig is not None
            yield result, rig


def off_landmarks(result: HolisticResult, rig: Rig, bones: dict[str, tuple[str, int, int]]) -> dict[str, float]:
    """By bone, the degrees between it and the line of its landmarks."""
    assert result.pose_world_landmarks is not None
    points = result.pose_world_landmarks * TO_VRM
    _, positions = forward(rig)
    off = {}
    for i, side in enumerate(("left", "right")):
        for bone, (following, begin, end) in bones.items():
            solved_line = positions[BONE_INDEX[side + following]] - positions[BONE_INDEX[side + bone]]
            seen_line = points[end + i] - points[begin + i]
            cosine = solved_line @ seen_line / np.linalg.norm(solved_line) / np.linalg.norm(seen_line)
            off[side + bone] = float(np.degrees(np.arccos(min(cosine, 1))))
    return off


def test_arms_and_legs_lie_where_they_are_seen_and_hips_go_down_in_squats() -> None:
    off: dict[str, list[float]] = {}
    heights = []
    for result, rig in solved("squats.mp4", step=3, frames=14):
        for bone, degrees in off_landmarks(result, rig, ARMS | LEGS).items():
            off.setdefault(bone, []).append(degrees)
        heights.append(float(rig.hips_position[1]))
    # A joint's limit may hold back a bone for a frame in which the landmarks are beyond what people can do.
    assert {bone: np.percentile(degrees, 90) < 5 for bone, degrees in off.items()} == dict.fromkeys(off, True)
    assert max(heights) == pytest.approx(0.95, abs=0.05)
    assert min(heights) < 0.8


def test_the_legs_of_somebody_at_a_desk_stay_at_rest_and_the_arm_waves() -> None:
    legs = [BONE_INDEX[side + bone] for side in ("left", "right") for bone in ("UpperLeg", "LowerLeg", "Foot")]
    hands = []
    for _, rig in solved("wave.mp4", step=3, frames=18):
        np.testing.assert_allclose(rig.rotations[legs], RELAXED[legs], atol=1e-6)
        assert rig.hips_position[1] == pytest.approx(0.95, abs=1e-4)
        _, positions = forward(rig)
        hands.append(positions[BONE_INDEX["rightHand"]])
    # From beside the hips to before the face.
    assert min(hand[1] for hand in hands) < 1.1
    assert max(hand[1] for hand in hands) > 1.3
