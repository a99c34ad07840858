"""A made-up motion, where it puts the bones, and what a recording has of them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holistic_rtc.model.rig import OFFSETS, Rig
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONE_INDEX, BONES, EXPRESSIONS, PARENTS
from holistic_rtc.recording.motion import Motion, MotionRecorder

Numbers = NDArray[np.float64]

FPS = 25
"""A frame each 40 ms"""
TIMES = (0, 40, 90, 120, 200, 260, 280, 400, 430, 500, 520, 600, 640, 730, 800)
"""Milliseconds, uneven as they come from a camera"""
CHECKED = (0, 200, 400, 600, 800)
"""Those of them at which a BVH of this rate has a frame"""


def turn(axis: str, degrees: float) -> Numbers:
    """A quaternion x, y, z, w, by the right hand."""
    half = np.radians(degrees) / 2
    return np.array([*(np.sin(half) * (axis == name) for name in "xyz"), np.cos(half)])


def after(first: Numbers, second: Numbers) -> Numbers:
    """``second`` in the space that ``first`` has turned."""
    (ax, ay, az, aw), (bx, by, bz, bw) = first, second
    return np.array(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ]
    )


def turned(vector: Numbers, quaternion: Numbers) -> Numbers:
    x, y, z, w = quaternion
    axis = np.array([x, y, z])
    across: Numbers = 2 * np.cross(axis, vector)
    turned: Numbers = vector + w * across + np.cross(axis, across)
    return turned


def posed(turns: dict[str, Numbers] | None = None, scores: dict[str, float] | None = None, **place: float) -> Rig:
    """
    At rest but for what is named.

    :param place: x, y, z of the hips.
    """
    turns, scores = turns or {}, scores or {}
    rotations = [turns.get(bone, np.array([0, 0, 0, 1])) for bone in BONES]
    hips = [place.get(axis, rest) for axis, rest in zip("xyz", OFFSETS[0].tolist(), strict=True)]
    return Rig(
        rotations=np.array(rotations, np.float32),
        hips_position=np.array(hips, np.float32),
        expressions=np.array([scores.get(name, 0) for name in EXPRESSIONS], np.float32),
        arkit=np.array([scores.get(name, 0) for name in ARKIT_BLENDSHAPES], np.float32),
    )


def waving(milliseconds: float) -> Rig:
    """Turns, bows, lifts the right arm and waves; the left hand closes, a knee is bent past a right angle."""
    phase = milliseconds / 800
    wave = np.sin(4 * np.pi * phase)
    return posed(
        {
            "hips": turn("y", 170 * phase),
            "spine": turn("x", 20 * phase),
            "head": after(turn("y", -30 * phase), turn("z", 15)),
            "leftEye": turn("y", 10 * phase),
            "rightEye": turn("y", 10 * phase),
            "rightUpperArm": after(turn("z", -60), turn("y", 25 * wave)),
            "rightLowerArm": turn("y", 70 + 15 * wave),
            "rightHand": turn("x", 40 * wave),
            **{f"left{finger}Proximal": turn("z", -80 * phase) for finger in ("Index", "Middle", "Ring", "Little")},
            "leftUpperLeg": turn("x", -90 * phase),
            "leftLowerLeg": turn("x", 110 * phase),
        },
        {"aa": phase, "blinkLeft": 1 - phase, "happy": 0.25, "lookLeft": phase, "jawOpen": phase},
        x=0.1 * phase,
        y=0.95 - 0.2 * phase,
        z=-0.3 * phase,
    )


def waving_motion() -> Motion:
    recorder = MotionRecorder()
    for milliseconds in TIMES:
        recorder.add(10_000 + milliseconds, waving(milliseconds))
    return recorder.motion()


def in_the_world(rig: Rig) -> dict[str, tuple[Numbers, Numbers]]:
    """Where each bone begins, in metres, and how it is turned."""
    found: dict[str, tuple[Numbers, Numbers]] = {}
    for bone, parent in zip(BONES, PARENTS, strict=True):
        rotation = rig.rotations[BONE_INDEX[bone]].astype(np.float64)
        if parent < 0:
            found[bone] = rig.hips_position.astype(np.float64), rotation
            continue
        place, turned_by = found[BONES[parent]]
        offset = OFFSETS[BONE_INDEX[bone]].astype(np.float64)
        found[bone] = place + turned(offset, turned_by), after(turned_by, rotation)
    return found


def expected() -> dict[str, Any]:
    """What a reader must find in the take."""
    frames = []
    for milliseconds in CHECKED:
        rig = waving(milliseconds)
        frames.append(
            {
                "seconds": milliseconds / 1000,
                "bones": {
                    bone: {"position": place.round(5).tolist(), "rotation": rotation.round(5).tolist()}
                    for bone, (place, rotation) in in_the_world(rig).items()
                },
                "expressions": dict(zip(EXPRESSIONS, rig.expressions.round(5).tolist(), strict=True)),
            }
        )
    rest = {bone: place.round(5).tolist() for bone, (place, _) in in_the_world(posed()).items()}
    return {"fps": FPS, "rest": rest, "frames": frames}


def bvh_frames(path: Path) -> list[list[float]]:
    lines = path.read_text().splitlines()
    start = lines.index("MOTION")
    rows = [list(map(float, line.split())) for line in lines[start + 3 :]]
    assert lines[start + 1] == f"Frames: {len(rows)}"
    return rows
