"""The rig of real people, with the real model."""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice

import av
import numpy as np
import PIL.Image
import pytest

from holistic_rtc.bundle import models
from holistic_rtc.model.result import FloatArray, HolisticResult, Image
from holistic_rtc.model.rig import Rig
from holistic_rtc.model.skeleton import BONE_INDEX, BONES
from holistic_rtc.motion.refine import Refiner
from holistic_rtc.motion.rig.kinematics import forward
from holistic_rtc.motion.rig.rest import RELAXED
from holistic_rtc.motion.rig.solver import TO_VRM, RigSolver
from holistic_rtc.native_log import without_noise
from holistic_rtc.pipeline.frames import to_rgb
from holistic_rtc.tracking.mediapipe.engine import MediaPipeTracker
from tests.kit.persons import first_of
from tests.kit.pictures import shared_media

ARMS = {"UpperArm": ("LowerArm", 11, 13), "LowerArm": ("Hand", 13, 15)}
LEGS = {"UpperLeg": ("LowerLeg", 23, 25), "LowerLeg": ("Foot", 25, 27)}


def solved(name: str, step: int, frames: int) -> Iterator[tuple[HolisticResult, Rig]]:
    """Frames of a clip of the shared media, one in ``step``, and their rigs."""
    with av.open(str(shared_media(name))) as container:
        pictures = (to_rgb(frame) for frame in islice(container.decode(video=0), 0, step * frames, step))
        yield from solved_pictures(pictures, 33 * step)


def solved_pictures(pictures: Iterable[Image], period_ms: int = 33) -> Iterator[tuple[HolisticResult, Rig]]:
    refiner, solver = Refiner(), RigSolver()
    with without_noise(), closing(MediaPipeTracker(models.find(models.PoseModel.LITE).path)) as tracker:
        for index, picture in enumerate(pictures):
            height, width, _ = picture.shape
            result = first_of(tracker.track(picture, index * period_ms))
            result = refiner.refine(result, width, height, index * period_ms, smoothing=True)
            rig = solver.solve(result, index * period_ms)
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


def test_a_mirrored_picture_gives_the_mirrored_rig() -> None:
    # Somebody who does another thing with each arm.
    picture = np.asarray(PIL.Image.open(shared_media("upper_body.png")).convert("RGB"))
    *_, (_, rig) = solved_pictures([picture] * 3)
    *_, (_, other) = solved_pictures([np.ascontiguousarray(picture[:, ::-1])] * 3)
    off = degrees_between(mirrored(rig.rotations), other.rotations)
    off_unmirrored = degrees_between(rig.rotations, other.rotations)
    # As near as the model itself comes, whose landmarks aren't the mirrored ones.
    for bone in ("hips", "spine", "chest", "neck", "head"):
        assert off[BONE_INDEX[bone]] < 10, bone
    for bone in ("leftUpperArm", "leftLowerArm", "rightUpperArm", "rightLowerArm"):
        assert off[BONE_INDEX[bone]] < min(25, off_unmirrored[BONE_INDEX[bone]]), bone
    assert off_unmirrored.max() > 40
    assert other.hips_position[0] == pytest.approx(-rig.hips_position[0], abs=0.02)


def mirrored(rotations: FloatArray) -> FloatArray:
    twin = {"left": "right", "right": "left"}
    twins = [BONE_INDEX[re.sub("^(left|right)", lambda side: twin[side[0]], bone)] for bone in BONES]
    turned: FloatArray = rotations[twins] * np.array((1, -1, -1, 1), np.float32)
    return turned


def degrees_between(first: FloatArray, second: FloatArray) -> FloatArray:
    cosines = np.abs((first * second).sum(axis=1))
    angles: FloatArray = np.degrees(2 * np.arccos(np.minimum(cosines, 1)))
    return angles
