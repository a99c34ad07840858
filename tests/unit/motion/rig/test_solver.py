"""The rig, solved from landmarks of known poses."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holistic_rtc.model.geometry import Array, blend, multiply, to_matrix
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.model.rig import Rig
from holistic_rtc.model.skeleton import BONE_INDEX, BONES, PARENTS
from holistic_rtc.motion.rig import fingers, limbs, trunk
from holistic_rtc.motion.rig.joints import Range, flexion, side, twist_and_bend
from holistic_rtc.motion.rig.kinematics import forward
from holistic_rtc.motion.rig.rest import RELAXED
from holistic_rtc.motion.rig.solver import NECK_LIMIT, RigSolver
from tests.kit.rig_poses import (
    POSES,
    degrees_between,
    landmarks_of,
    mirrored,
    mirrored_picture,
    pose,
    rig_of,
    turn,
    with_visibility,
)
from tests.kit.synthetic import FUZZ

FRAME_MS = 33
HIPS, LEGS = (23, 24), range(25, 33)

LEFT_ARM = [BONE_INDEX[bone] for bone in ("leftUpperArm", "leftLowerArm", "leftHand")]


def solve(result: HolisticResult) -> Rig:
    rig = RigSolver().solve(result, 0)
    assert rig is not None
    return rig


def assert_solved(rotations: Array, tolerance: float = 0.2) -> Rig:
    """That the rotations of a pose, all of them, come back from its landmarks."""
    rig = solve(landmarks_of(rotations))
    off = degrees_between(rig.rotations, rotations)
    assert off.max() < tolerance, {bone: round(float(off[i]), 2) for i, bone in enumerate(BONES) if off[i] > tolerance}
    return rig


@pytest.mark.parametrize("name", POSES)
def test_the_rotations_of_a_known_pose_come_back_from_its_landmarks(name: str) -> None:
    assert_solved(POSES[name])


@pytest.mark.parametrize("name", POSES)
def test_a_mirrored_picture_gives_the_mirrored_rig(name: str) -> None:
    result = landmarks_of(POSES[name])
    rig, other = solve(result), solve(mirrored_picture(result))
    assert degrees_between(other.rotations, mirrored(rig.rotations)).max() < 0.05
    np.testing.assert_allclose(other.hips_position, rig.hips_position * (-1, 1, 1), atol=1e-4)


@pytest.mark.parametrize("axis", "xyz")
@pytest.mark.parametrize("degrees", [-60, -20, 20, 60])
def test_the_turn_of_a_head_is_shared_by_neck_and_head(axis: str, degrees: float) -> None:
    step = turn((axis, degrees / 2))
    assert_solved(pose(neck=step, head=step))


def test_the_head_is_turned_as_in_the_picture_whatever_the_body_does() -> None:
    body = pose(hips=turn(("y", 40), ("x", 10)))
    result = replace(landmarks_of(body), face_transform=np.identity(4, np.float32))
    world, _ = forward(solve(result))
    assert degrees_between(world[BONE_INDEX["head"]], turn()) < 0.1


@pytest.mark.parametrize("degrees", [-170, -90, 90])
def test_the_roll_of_a_straight_arm_is_shared_from_shoulder_to_hand_and_kept_by_the_hand(degrees: float) -> None:
    rolled = pose({"Hand": turn(("x", degrees))})
    rig = solve(landmarks_of(rolled))
    shares = [
        np.degrees(2 * np.arctan2(*rig.rotations[BONE_INDEX[bone]][[0, 3]]))
        for bone in ("leftUpperArm", "leftLowerArm", "leftHand")
    ]
    np.testing.assert_allclose(np.array(shares) / degrees, (0.5, 0.25, 0.25), atol=0.01)
    world, _ = forward(rig)
    assert degrees_between(world[BONE_INDEX["leftHand"]], turn(("x", degrees))) < 0.1


@pytest.mark.parametrize("bend", [0, 4, 8, 12, 16, 25])
def test_a_nearly_straight_arm_lies_where_it_is_seen_though_its_hinge_cannot_be_told(bend: float) -> None:
    for roll in (-150, -90, -20, 60):
        rotations = pose(leftUpperArm=turn(("-z", 30), ("x", roll)), leftLowerArm=turn(("-y", bend)))
        _, wanted = forward(rig_of(rotations))
        _, found = forward(solve(landmarks_of(rotations)))
        off = (found - found[LEFT_ARM[0]]) - (wanted - wanted[LEFT_ARM[0]])
        assert np.linalg.norm(off[LEFT_ARM], axis=1).max() < 0.01, roll


@pytest.mark.parametrize(("bone", "backwards"), [("LowerArm", turn(("y", 40))), ("LowerLeg", turn(("-x", 40)))])
def test_elbows_and_knees_do_not_bend_backwards(bone: str, backwards: Array) -> None:
    # Of somebody whose knee or elbow seems to, since it looks bent this way only from the side.
    rig = solve(landmarks_of(pose({bone: backwards})))
    assert_within_limits(rig)


def test_hips_go_down_in_a_squat_and_the_soles_stay_on_the_floor() -> None:
    standing, squat, kneeling = (solve(landmarks_of(POSES[name])).hips_position for name in ("T", "squat", "kneeling"))
    np.testing.assert_allclose(standing, (0, 0.95, 0), atol=1e-4)
    assert squat[1] < 0.6
    assert kneeling[1] == pytest.approx(0.53, abs=0.01)


def test_hips_are_where_the_person_stands_in_the_picture() -> None:
    result = landmarks_of(pose())
    assert result.pose_landmarks is not None
    # Half the picture's width is a metre, and the person's left is at its right.
    moved = replace(result, pose_landmarks=result.pose_landmarks + np.array((0.2, 0, 0), np.float32))
    assert solve(moved).hips_position[0] == pytest.approx(0.4, abs=0.01)


def unseen_legs(result: HolisticResult) -> HolisticResult:
    return with_visibility(result, (*HIPS, *LEGS), 0.1)


def test_hips_and_legs_that_are_not_seen_stay_at_rest_whatever_is_made_up_for_them() -> None:
    random = np.random.default_rng(3)
    solver = RigSolver()
    result = unseen_legs(landmarks_of(pose({"UpperArm": turn(("-z", 70))})))
    assert result.pose_world_landmarks is not None
    for frame in range(20):
        points = result.pose_world_landmarks.copy()
        points[23:] += random.normal(0, 0.2, (10, 3)).astype(np.float32)
        rig = solver.solve(replace(result, pose_world_landmarks=points), frame * FRAME_MS)
        assert rig is not None
        legs = [i for i, bone in enumerate(BONES) if "Leg" in bone or "Foot" in bone]
        assert degrees_between(rig.rotations[legs], RELAXED[legs]).max() < 0.01
        for bone in ("hips", "spine", "chest"):
            assert degrees_between(rig.rotations[BONE_INDEX[bone]], turn()) < 0.1
        assert rig.hips_position[1] == pytest.approx(0.95, abs=1e-4)


def test_somebody_at_a_desk_turns_round_without_a_jump() -> None:
    solver = RigSolver()
    before, forwards = None, np.array((0, 0, 1.0))
    for degrees in range(0, 361, 5):
        rig = solver.solve(unseen_legs(landmarks_of(pose(hips=turn(("y", degrees))))), degrees * 20)
        assert rig is not None
        if before is not None:
            trunk_bones = [BONE_INDEX[bone] for bone in ("hips", "spine", "chest")]
            assert degrees_between(rig.rotations[trunk_bones], before.rotations[trunk_bones]).max() < 10
        before = rig
        world, _ = forward(rig)
        chest = to_matrix(world[BONE_INDEX["chest"]]) @ forwards
        np.testing.assert_allclose(chest, (np.sin(np.radians(degrees)), 0, np.cos(np.radians(degrees))), atol=0.01)


def test_hips_over_legs_that_are_not_seen_stay_upright_and_the_spine_leans() -> None:
    rig = solve(with_visibility(landmarks_of(pose(hips=turn(("x", 30)))), LEGS, 0.1))
    assert degrees_between(rig.rotations[0], turn()) < 0.1
    world, _ = forward(rig)
    assert degrees_between(world[BONE_INDEX["chest"]], turn(("x", 30))) < 0.1


def test_a_quaternion_is_the_one_of_two_that_is_near_to_that_before() -> None:
    solver, before = RigSolver(), None
    for frame in range(80):
        rig = solver.solve(landmarks_of(pose(hips=turn(("y", frame * 10)))), frame * FRAME_MS)
        assert rig is not None
        if before is not None:
            assert np.linalg.norm(rig.rotations - before, axis=1).max() < 0.2
        before = rig.rotations


def test_limbs_may_pass_through_awkward_places_without_a_jump_of_more_than_they_move() -> None:
    # Arms hanging, elbows from straight to bent: the twist comes in little by little.
    solver, before = RigSolver(), None
    for frame in range(61):
        elbow = turn(("-y", frame))
        rotations = pose({"UpperArm": turn(("-z", 80), ("-x", 60)), "LowerArm": elbow})
        rig = solver.solve(landmarks_of(rotations), frame * FRAME_MS)
        assert rig is not None
        if before is not None:
            assert degrees_between(rig.rotations, before).max() < 8
        before = rig.rotations


@pytest.mark.parametrize("name", POSES)
def test_the_whole_body_turned_about_the_vertical_turns_the_hips_alone(name: str) -> None:
    still = POSES[name]
    rig = solve(landmarks_of(still))
    for degrees in (-170, -90, -45, 45, 90, 135):
        step = turn(("y", degrees))
        turned = still.copy()
        turned[0] = multiply(step, still[0])
        # The head is turned as the camera sees it; here it turns with the body.
        other = solve(landmarks_of(turned))
        assert degrees_between(other.rotations[0], multiply(step, rig.rotations[0].astype(float))) < 0.2
        assert degrees_between(other.rotations[1:], rig.rotations[1:]).max() < 0.2


@pytest.mark.parametrize("size", [0.65, 1.2])
@pytest.mark.parametrize("name", POSES)
def test_a_child_s_pose_and_a_giant_s_are_the_same(name: str, size: float) -> None:
    result = landmarks_of(POSES[name])
    assert result.pose_world_landmarks is not None
    assert result.left_hand_world_landmarks is not None
    assert result.right_hand_world_landmarks is not None
    scaled = replace(
        result,
        pose_world_landmarks=result.pose_world_landmarks * np.float32(size),
        left_hand_world_landmarks=result.left_hand_world_landmarks * np.float32(size),
        right_hand_world_landmarks=result.right_hand_world_landmarks * np.float32(size),
    )
    rig, other = solve(result), solve(scaled)
    assert degrees_between(other.rotations, rig.rotations).max() < 0.1
    assert other.hips_position[1] == pytest.approx(rig.hips_position[1], abs=1e-3)


BROKEN = (np.nan, np.inf, -np.inf, 3e38)


@pytest.mark.parametrize("number", BROKEN)
@pytest.mark.parametrize(
    "field",
    [
        *("pose_world_landmarks", "pose_landmarks", "pose_visibility", "left_hand_world_landmarks"),
        *("face_transform", "face_blendshapes"),
    ],
)
def test_a_number_that_is_none_spoils_no_other_part_and_no_later_frame(field: str, number: float) -> None:
    whole = replace(landmarks_of(POSES["hands up"]), face_blendshapes=np.full(52, 0.3, np.float32))
    broken = getattr(whole, field).copy()
    broken.flat[5] = number
    solver, untouched = RigSolver(), RigSolver()
    for milliseconds, result in ((0, whole), (33, replace(whole, **{field: broken})), (66, whole), (300, whole)):
        rig, expected = solver.solve(result, milliseconds), untouched.solve(whole, milliseconds)
        assert rig is not None
        assert expected is not None
        np.testing.assert_allclose(np.linalg.norm(rig.rotations, axis=1), 1, atol=1e-5)
        for numbers in (rig.hips_position, rig.expressions, rig.arkit):
            assert np.isfinite(numbers).all()
    # Held for that one frame, and where it is seen again after it.
    assert rig is not None
    assert expected is not None
    assert degrees_between(rig.rotations, expected.rotations).max() < 0.1
    np.testing.assert_allclose(rig.expressions, expected.expressions, atol=0.01)


@st.composite
def ways(draw: st.DrawFn) -> list[Array]:
    """Somebody on the way from one pose to another, whose bones turn by two degrees from frame to frame."""
    start, end = (draw(st.sampled_from(list(POSES.values()))) for _ in range(2))
    frames = int(degrees_between(start, end).max() / 2) + 1
    return [blend(start, end, np.full(len(BONES), frame / frames)) for frame in range(frames + 1)]


@settings(FUZZ, max_examples=10)
@given(ways())
def test_who_moves_little_by_little_makes_no_bone_leap(way: list[Array]) -> None:
    solver, before = RigSolver(), None
    for frame, rotations in enumerate(way):
        rig = solver.solve(landmarks_of(rotations), frame * FRAME_MS)
        assert rig is not None
        if before is not None:
            step = degrees_between(rig.rotations, before)
            assert step.max() < 6, BONES[step.argmax()]
        before = rig.rotations


@st.composite
def any_results(draw: st.DrawFn) -> HolisticResult:
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    scale = draw(st.sampled_from((0, 1e-12, 0.05, 1, 1e12)))

    def points(count: int) -> np.ndarray:
        found = random.uniform(-1, 1, (count, 3)) * scale
        # Some in one line, or in one place, with others.
        found[random.integers(0, count, count // 3)] = found[0]
        found[:, random.integers(0, 3)] *= draw(st.sampled_from((0, 1)))
        return found.astype(np.float32)

    face = np.identity(4)
    face[:3, :3] = to_matrix(_unit(random.normal(size=4)))
    with_pose = draw(st.booleans())
    return HolisticResult(
        pose_landmarks=points(33) if with_pose else None,
        pose_world_landmarks=points(33) if with_pose else None,
        pose_visibility=random.choice((0.0, 0.5, 1.0), 33, p=(0.05, 0.05, 0.9)).astype(np.float32)
        if with_pose
        else None,
        face_transform=face.astype(np.float32) if draw(st.booleans()) else None,
        face_blendshapes=random.random(52, dtype=np.float32),
        left_hand_world_landmarks=points(21) if draw(st.booleans()) else None,
        right_hand_world_landmarks=points(21),
    )


def _unit(vector: Array) -> Array:
    unit: Array = vector / np.linalg.norm(vector)
    return unit


@FUZZ
@given(st.lists(any_results(), min_size=1, max_size=3))
def test_any_landmarks_give_unit_quaternions_within_the_limits(results: list[HolisticResult]) -> None:
    solver = RigSolver()
    for frame, result in enumerate(results):
        rig = solver.solve(result, frame * 400)
        if rig is None:
            continue
        np.testing.assert_allclose(np.linalg.norm(rig.rotations, axis=1), 1, atol=1e-5)
        assert np.isfinite(rig.hips_position).all()
        for scores in (rig.expressions, rig.arkit):
            assert scores.min() >= 0
            assert scores.max() <= 1
        # Between two poses, while a part comes or goes, bones go the direct way.
        if frame == 0:
            assert_within_limits(rig)


def assert_within_limits(rig: Rig) -> None:
    matrices = to_matrix(rig.rotations.astype(float))
    upper, lower, tips = limbs.LIMB_AXES.swapaxes(1, 2) @ matrices[limbs.LIMBS] @ limbs.LIMB_AXES
    assert_within(limbs.UPPER_SIDE, side(upper[..., 0]))
    # Straight up or straight down, an arm has no flexion.
    level = np.abs(side(upper[..., 0])) < np.radians(89)
    assert_within(limbs.UPPER_FLEXION, np.where(level, flexion(upper[..., 0]), 0))
    assert_within(limbs.HINGE, flexion(lower[..., 0]))
    assert_within(limbs.GIVE, side(lower[..., 0]))
    twist, bend, aside = twist_and_bend(tips)
    for limit, angles in ((limbs.TIP_TWIST, twist), (limbs.TIP_FLEXION, bend), (limbs.TIP_SIDE, aside)):
        assert_within(limit, angles)
    base, middle, end = np.moveaxis(
        fingers.DIGIT_AXES.swapaxes(3, 4) @ matrices[fingers.DIGITS] @ fingers.DIGIT_AXES, 2, 0
    )
    assert_within(fingers.BASE_FLEXION, flexion(base[..., 0]))
    assert_within(fingers.BASE_SIDE, side(base[..., 0]))
    for limit, hinge in ((fingers.MIDDLE_HINGE, middle), (fingers.END_HINGE, end)):
        assert_within(limit, flexion(hinge[..., 0]))
        assert np.abs(side(hinge[..., 0])).max() < 1e-3
    for most, bones in ((trunk.SPINE_LIMIT, ("spine", "chest")), (NECK_LIMIT, ("neck", "head"))):
        for bone in bones:
            assert degrees_between(rig.rotations[BONE_INDEX[bone]], turn()) < np.degrees(most) + 0.1


def assert_within(limit: Range, angles: Array) -> None:
    slack = 1e-3
    assert (angles > limit.least - slack).all()
    assert (angles < limit.most + slack).all()


@FUZZ
@given(st.integers(0, 2**32))
def test_any_mirrored_picture_gives_the_mirrored_rig(seed: int) -> None:
    random = np.random.default_rng(seed)
    result = replace(
        landmarks_of(pose()),
        pose_world_landmarks=random.normal(size=(33, 3)).astype(np.float32),
        left_hand_world_landmarks=random.normal(size=(21, 3)).astype(np.float32),
        right_hand_world_landmarks=random.normal(size=(21, 3)).astype(np.float32),
    )
    rig, other = solve(result), solve(mirrored_picture(result))
    assert degrees_between(other.rotations, mirrored(rig.rotations)).max() < 0.1


def test_world_rotations_and_places_are_those_of_the_parents_and_ones_own() -> None:
    rotations = POSES["arms crossed"]
    rig = replace(solve(landmarks_of(rotations)), rotations=rotations.astype(np.float32))
    world, positions = forward(rig)
    hand = BONE_INDEX["leftHand"]
    expected = rotations[hand]
    parent = PARENTS[hand]
    while parent >= 0:
        expected = multiply(rotations[parent], expected)
        parent = PARENTS[parent]
    assert degrees_between(world[hand], expected) < 0.01
    assert positions[0] == pytest.approx(rig.hips_position)
    arm = positions[BONE_INDEX["leftLowerArm"]] - positions[BONE_INDEX["leftUpperArm"]]
    assert np.linalg.norm(arm) == pytest.approx(0.27, abs=1e-5)
