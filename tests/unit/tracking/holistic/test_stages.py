from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.tracking.holistic.stages import Stage, needed


def test_every_part_needs_something() -> None:
    assert all(needed({part}) for part in ALL_PARTS)


def test_hands_need_the_pose_and_blendshapes_the_face() -> None:
    assert needed({Part.LEFT_HAND}) == {Stage.POSE, Stage.LEFT_HAND}
    assert needed({Part.BLENDSHAPES}) == {Stage.FACE, Stage.BLENDSHAPES}
    assert needed({Part.FACE_TRANSFORM}) == {Stage.FACE}


def test_an_avatar_needs_all() -> None:
    assert needed({Part.RIG}) == set(Stage)


def test_nothing_needs_nothing() -> None:
    assert needed(()) == frozenset()
