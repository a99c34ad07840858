import numpy as np
import pytest

from holistic_rtc.model.rig import OFFSETS, Rig
from holistic_rtc.model.skeleton import BONES
from holistic_rtc.outputs.vmc import datagrams
from tests.kit.takes import after, in_the_world, posed, turn, turned, waving
from tests.kit.vmc import Message, read

# UnityEngine.HumanBodyBones, without those that the rig hasn't (shoulders, toes, jaw, upper chest).
FINGERS = [
    f"{finger}{joint}"
    for finger in ("Thumb", "Index", "Middle", "Ring", "Little")
    for joint in ("Proximal", "Intermediate", "Distal")
]
UNITY = ["Hips", "Spine", "Chest", "Neck", "Head"] + [
    side + name
    for side in ("Left", "Right")
    for name in ("Eye", "UpperArm", "LowerArm", "Hand", *FINGERS, "UpperLeg", "LowerLeg", "Foot")
]
VRM0 = ["A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R"]
VRM0 += ["LookUp", "LookDown", "LookLeft", "LookRight", "Joy", "Angry", "Sorrow", "Surprised", "Fun"]
VRM1 = ["aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight"]
VRM1 += ["lookUp", "lookDown", "lookLeft", "lookRight", "happy", "angry", "sad", "surprised", "relaxed"]


def sent(rig: Rig | None, *, arkit: bool = False) -> list[Message]:
    return [message for datagram in datagrams(rig, 2.5, arkit=arkit) for message in read(datagram)]


def named(messages: list[Message], address: str) -> dict[str, tuple[float, ...]]:
    return {message.values[0]: message.values[1:] for message in messages if message.address == address}


def test_a_frame_in_the_protocol_s_order() -> None:
    addresses = [message.address.removeprefix("/VMC/Ext/") for message in sent(waving(300))]
    assert addresses == ["OK", "T", "Root/Pos", *["Bone/Pos"] * 49, *["Blend/Val"] * 34, "Blend/Apply"]


def test_it_is_loaded_calibrated_and_tracked() -> None:
    ok, time, root, *_ = sent(waving(300))
    assert (ok.values, time.values) == ((1, 3, 0, 1), (2.5,))
    assert root.values == ("root", 0, 0, 0, 0, 0, 0, 1)


def test_while_nobody_is_seen_only_that_is_told() -> None:
    assert sent(None) == [Message("/VMC/Ext/OK", (1, 3, 0, 0)), Message("/VMC/Ext/T", (2.5,))]


def test_bones_by_unity_s_names_and_all_of_them() -> None:
    assert sorted(named(sent(waving(0)), "/VMC/Ext/Bone/Pos")) == sorted(UNITY)


def test_what_vrm_1_calls_metacarpal_is_the_first_bone_of_unity_s_thumb() -> None:
    turns = {"leftThumbMetacarpal": turn("y", 10), "leftThumbProximal": turn("y", 20), "leftThumbDistal": turn("y", 30)}
    bones = named(sent(posed(turns)), "/VMC/Ext/Bone/Pos")
    for name, degrees in (("Proximal", 10), ("Intermediate", 20), ("Distal", 30)):
        assert bones[f"LeftThumb{name}"][3:] == pytest.approx(turn("y", -degrees), abs=1e-6)


def test_axes_are_unity_s_where_x_is_on_the_person_s_right() -> None:
    rig = waving(500)
    bones = named(sent(rig), "/VMC/Ext/Bone/Pos")
    place, rotation = np.zeros(3), np.array([0, 0, 0, 1.0])
    for name in ("Hips", "Spine", "Chest", "RightUpperArm", "RightLowerArm", "RightHand"):
        # Rotations are put together in the same way, whatever the hand of the axes.
        place = place + turned(np.array(bones[name][:3]), rotation)
        rotation = after(rotation, np.array(bones[name][3:]))
    expected, _ = in_the_world(rig)["rightHand"]
    assert place == pytest.approx(expected * (-1, 1, 1), abs=1e-5)


def test_a_bone_s_position_is_where_it_begins_in_its_parent() -> None:
    bones = named(sent(posed(y=0.8)), "/VMC/Ext/Bone/Pos")
    assert bones["Hips"][:3] == pytest.approx((0, 0.8, 0))
    assert bones["LeftHand"][:3] == pytest.approx(OFFSETS[BONES.index("leftHand")] * (-1, 1, 1))


def test_expressions_by_the_names_of_both_versions_of_vrm() -> None:
    scores = named(sent(posed(scores={"aa": 0.5, "sad": 0.25, "lookLeft": 1})), "/VMC/Ext/Blend/Val")
    assert sorted(scores) == sorted([*VRM0, *VRM1])
    assert {name: score for name, (score,) in scores.items() if score} == {
        **{"A": 0.5, "aa": 0.5},
        **{"Sorrow": 0.25, "sad": 0.25},
        **{"LookLeft": 1, "lookLeft": 1},
    }


def test_arkit_s_names_take_the_place_of_the_expressions() -> None:
    scores = named(sent(posed(scores={"aa": 0.5, "jawOpen": 0.75}), arkit=True), "/VMC/Ext/Blend/Val")
    assert len(scores) == 34 + 52
    assert {name: score for name, (score,) in scores.items() if score} == {"JawOpen": 0.75}
    assert {"BrowDownLeft", "EyeBlinkRight", "TongueOut"} < set(scores)
