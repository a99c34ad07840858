"""VRM's expressions and ARKit's names, from MediaPipe's blendshapes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holistic_rtc.model.geometry import Array, rotate
from holistic_rtc.model.parts import BLENDSHAPE_NAMES
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONE_INDEX, EXPRESSIONS
from holistic_rtc.motion.rig.easing import EASE_OUT_MS, HOLD_MS
from holistic_rtc.motion.rig.expressions import GAZE, expressions, eyes
from holistic_rtc.motion.rig.solver import RigSolver
from tests.kit.rig_poses import degrees_between, landmarks_of, pose, turn
from tests.kit.synthetic import FUZZ

VOWELS = ("aa", "ih", "ou", "ee", "oh")
MOODS = ("happy", "angry", "sad", "surprised", "relaxed")


def shapes(**scores: float) -> Array:
    """Blendshapes; a name without side stands for both sides."""
    values = np.zeros(len(BLENDSHAPE_NAMES))
    for name, score in scores.items():
        for index, full in enumerate(BLENDSHAPE_NAMES):
            if full in (name, name + "Left", name + "Right"):
                values[index] = score
    return values


def face(**scores: float) -> dict[str, float]:
    return dict(zip(EXPRESSIONS, expressions(shapes(**scores)).tolist(), strict=True))


@pytest.mark.parametrize(
    ("scores", "expression", "least"),
    [
        ({"jawOpen": 0.6}, "aa", 0.9),
        ({"mouthPucker": 0.9}, "ou", 0.9),
        ({"mouthFunnel": 0.5, "jawOpen": 0.5}, "oh", 0.7),
        ({"mouthStretch": 0.6, "mouthLowerDown": 0.6, "mouthUpperUp": 0.5}, "ee", 0.7),
        ({"mouthLowerDown": 0.6, "mouthUpperUp": 0.5}, "ih", 0.7),
        ({"eyeBlink": 0.7}, "blink", 0.99),
        ({"eyeBlinkLeft": 0.7}, "blinkLeft", 0.99),
        ({"eyeBlinkRight": 0.7}, "blinkRight", 0.99),
        ({"eyeLookUp": 0.7}, "lookUp", 0.99),
        ({"eyeLookDown": 0.8}, "lookDown", 0.99),
        ({"eyeLookOutLeft": 0.8, "eyeLookInRight": 0.8}, "lookLeft", 0.99),
        ({"eyeLookOutRight": 0.8, "eyeLookInLeft": 0.8}, "lookRight", 0.99),
        ({"mouthSmile": 0.8}, "happy", 0.9),
        ({"browDown": 0.7, "noseSneer": 0.5, "mouthPress": 0.4}, "angry", 0.9),
        ({"mouthFrown": 0.5, "browInnerUp": 0.6}, "sad", 0.9),
        ({"browOuterUp": 0.8, "eyeWide": 0.4}, "surprised", 0.9),
        ({"eyeSquint": 0.8}, "relaxed", 0.4),
    ],
)
def test_a_clear_face_gives_its_expression_and_no_other_of_its_kind(
    scores: dict[str, float], expression: str, least: float
) -> None:
    found = face(**scores)
    assert found[expression] >= least
    for kind in (VOWELS, MOODS, ("blink", "blinkLeft", "blinkRight"), ("lookUp", "lookDown", "lookLeft", "lookRight")):
        if expression in kind:
            assert max(found[other] for other in kind if other != expression) < 0.3


def test_a_calm_face_with_the_scores_of_noise_has_no_expression() -> None:
    assert max(face(**dict.fromkeys(BLENDSHAPE_NAMES, 0.05)).values()) == 0


def test_a_wink_while_the_other_eye_is_half_closed_is_shared_so_that_both_may_be_added_up() -> None:
    found = face(eyeBlinkLeft=0.65, eyeBlinkRight=0.425)
    assert found["blink"] == pytest.approx(0.5)
    assert found["blinkLeft"] == pytest.approx(0.5)
    assert found["blinkRight"] == 0


@FUZZ
@given(st.lists(st.floats(0, 1), min_size=52, max_size=52))
def test_what_may_be_added_up_is_at_most_whole(scores: list[float]) -> None:
    found = dict(zip(EXPRESSIONS, expressions(np.array(scores)).tolist(), strict=True))
    assert min(found.values()) >= 0
    for kind in (VOWELS, MOODS, ("blink", "blinkLeft"), ("blink", "blinkRight")):
        assert sum(found[name] for name in kind) <= 1 + 1e-9


def test_arkit_has_each_score_by_its_name_and_no_tongue() -> None:
    scores = np.linspace(0, 1, 52, dtype=np.float32)
    rig = RigSolver().solve(replace(landmarks_of(pose()), face_blendshapes=scores), 0)
    assert rig is not None
    found = dict(zip(ARKIT_BLENDSHAPES, rig.arkit.tolist(), strict=True))
    assert found == {**dict(zip(BLENDSHAPE_NAMES[1:], scores[1:].tolist(), strict=True)), "tongueOut": 0}


@pytest.mark.parametrize(
    ("scores", "direction"),
    [
        ({"eyeLookOutLeft": 1, "eyeLookInRight": 1}, (np.sin(GAZE[0]), 0, np.cos(GAZE[0]))),
        ({"eyeLookOutRight": 1, "eyeLookInLeft": 1}, (-np.sin(GAZE[0]), 0, np.cos(GAZE[0]))),
        ({"eyeLookUp": 1}, (0, np.sin(GAZE[1]), np.cos(GAZE[1]))),
        ({"eyeLookDown": 1}, (0, -np.sin(GAZE[1]), np.cos(GAZE[1]))),
    ],
)
def test_eyes_turn_to_where_they_look(scores: dict[str, float], direction: tuple[float, float, float]) -> None:
    looking = rotate(eyes(expressions(shapes(**scores))), np.array((0.0, 0.0, 1.0)))
    np.testing.assert_allclose(looking, direction, atol=1e-9)


def test_the_rig_has_the_face_of_its_frame() -> None:
    result = landmarks_of(pose())
    blendshapes = shapes(eyeBlink=0.7, eyeLookUp=0.7).astype(np.float32)
    rig = RigSolver().solve(replace(result, face_blendshapes=blendshapes), 0)
    assert rig is not None
    assert rig.expressions[EXPRESSIONS.index("blink")] == pytest.approx(1)
    assert rig.arkit[ARKIT_BLENDSHAPES.index("eyeBlinkLeft")] == pytest.approx(0.7)
    for bone in ("leftEye", "rightEye"):
        assert degrees_between(rig.rotations[BONE_INDEX[bone]], turn(("-x", np.degrees(GAZE[1])))) < 0.1


def test_a_gaze_that_leaps_for_one_frame_hardly_moves_the_eyes_and_one_that_stays_is_followed() -> None:
    # MediaPipe's scores of where the eyes look leap at times, as when a hand passes before the face.
    result = landmarks_of(pose())
    ahead = replace(result, face_blendshapes=shapes().astype(np.float32))
    aside = replace(result, face_blendshapes=shapes(eyeLookOutLeft=1, eyeLookInRight=1).astype(np.float32))
    solver = RigSolver()

    def gaze(seen: HolisticResult, milliseconds: int) -> float:
        rig = solver.solve(seen, milliseconds)
        assert rig is not None
        looks = dict(zip(EXPRESSIONS, rig.expressions.tolist(), strict=True))
        degrees = float(degrees_between(rig.rotations[BONE_INDEX["leftEye"]], turn()))
        assert degrees == pytest.approx(looks["lookLeft"] * np.degrees(GAZE[0]), abs=0.1)
        return degrees

    assert gaze(ahead, 0) == 0
    assert 5 < gaze(aside, 33) < 15
    assert gaze(ahead, 66) < 10
    assert [gaze(aside, 66 + 33 * frame) for frame in range(1, 8)][-1] > 28


def test_moods_come_little_by_little_and_lips_and_lids_at_once() -> None:
    result = landmarks_of(pose())
    calm = replace(result, face_blendshapes=shapes().astype(np.float32))
    moved = replace(result, face_blendshapes=shapes(mouthSmile=0.8, eyeBlink=0.65, jawOpen=0.6).astype(np.float32))
    solver = RigSolver()
    solver.solve(calm, 0)
    rig = solver.solve(moved, 33)
    assert rig is not None
    found = dict(zip(EXPRESSIONS, rig.expressions.tolist(), strict=True))
    assert found["blink"] == pytest.approx(1)
    assert found["aa"] > 0.6
    assert 0.1 < found["happy"] < 0.5


def test_a_face_that_comes_has_its_gaze_from_the_start() -> None:
    result = landmarks_of(pose())
    aside = replace(result, face_blendshapes=shapes(eyeLookOutLeft=1, eyeLookInRight=1).astype(np.float32))
    ahead = replace(result, face_blendshapes=shapes().astype(np.float32))
    solver = RigSolver()
    solver.solve(aside, 0)
    solver.solve(replace(result, face_transform=None), 50)
    solver.solve(ahead, 100)
    rig = solver.solve(ahead, 200)
    assert rig is not None
    assert degrees_between(rig.rotations[BONE_INDEX["leftEye"]], turn()) < 0.1


def test_a_lost_face_is_held_for_a_moment_and_goes_to_rest_in_the_set_time() -> None:
    result = replace(landmarks_of(pose(head=turn(("y", 20)))), face_blendshapes=shapes(eyeBlink=0.7).astype(np.float32))
    lost = replace(result, face_transform=None, face_blendshapes=None)
    solver = RigSolver()
    solver.solve(result, 0)
    blinks = []
    for milliseconds in range(10, EASE_OUT_MS + 10, 10):
        rig = solver.solve(lost, milliseconds)
        assert rig is not None
        blinks.append(float(rig.expressions[EXPRESSIONS.index("blink")]))
    assert rig is not None
    assert blinks[HOLD_MS // 10 - 1] == 1
    assert blinks == sorted(blinks, reverse=True)
    assert blinks[-1] == 0
    assert degrees_between(rig.rotations[BONE_INDEX["head"]], turn()) < 0.1
