"""How well the bones of the rig lie where the landmarks are, and how long solving takes."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from itertools import count, cycle, pairwise

import av
import numpy as np

from benchmarks.figure import Figure
from benchmarks.sample import median_ms
from holistic_rtc.bundle import models
from holistic_rtc.model.geometry import rotate
from holistic_rtc.model.result import FloatArray, HolisticResult, Image
from holistic_rtc.model.rig import OFFSETS
from holistic_rtc.model.skeleton import BONE_INDEX
from holistic_rtc.motion.refine import Refiner
from holistic_rtc.motion.rig.kinematics import forward
from holistic_rtc.motion.rig.rest import RELAXED
from holistic_rtc.motion.rig.solver import TO_VRM, RigSolver
from holistic_rtc.native_log import without_noise
from holistic_rtc.tracking import open_model
from tests.kit.clips import FPS, media, person_clip
from tests.kit.persons import first_of

SQUATS_STEP = 2
"""Every second frame of squats.mp4 shows as much as all of them."""
_LIMBS = ("UpperArm", "LowerArm", "UpperLeg", "LowerLeg")
_FINGERS = ("Index", "Middle", "Ring", "Little")


def _lines() -> Iterator[tuple[str, int, int, FloatArray]]:
    """Each bone, the landmarks where it begins and ends, and in which direction that is in its own axes.

    The landmarks are counted through the pose, the left hand and the right hand.
    """
    for i, side in enumerate(("left", "right")):
        chains = [("UpperArm", "LowerArm", "Hand"), ("UpperLeg", "LowerLeg", "Foot")]
        for place, chain in zip((11, 23), chains, strict=True):
            for bone, following in pairwise(chain):
                yield side + bone, place + i, place + 2 + i, OFFSETS[BONE_INDEX[side + following]]
                place += 2
        yield side + "Foot", 29 + i, 31 + i, np.array((0, 0, 1), np.float32)
        hand = 33 + 21 * i
        yield side + "Hand", hand, hand + 9, OFFSETS[BONE_INDEX[side + "MiddleProximal"]]
        digits = [["ThumbMetacarpal", "ThumbProximal", "ThumbDistal"]]
        digits += [[finger + joint for joint in ("Proximal", "Intermediate", "Distal")] for finger in _FINGERS]
        for place, digit in enumerate(digits):
            for joint, (bone, following) in enumerate(pairwise([*digit, digit[-1]]), hand + 4 * place + 1):
                yield side + bone, joint, joint + 1, OFFSETS[BONE_INDEX[side + following]]


_BONES, _BEGIN, _END, _AT_REST = zip(*_lines(), strict=True)
_INDICES = [BONE_INDEX[bone] for bone in _BONES]


def measure() -> list[Figure]:
    results = [*_tracked(person_clip(strips=True)), *_tracked(_squats())]
    off: defaultdict[str, list[float]] = defaultdict(list)
    for result in results:
        for bone, residual in residuals(result).items():
            off[_kind(bone)].append(residual)
    figures = []
    for kind, degrees in off.items():
        figures.append(Figure(f"{kind} off its landmarks, median", float(np.median(degrees)), "°"))
        most = 5 if kind in _LIMBS else None
        figures.append(Figure("in 95 % of the frames less than", float(np.percentile(degrees, 95)), "°", at_most=most))
    return [*figures, Figure("solving the rig, a frame, median", _solve_ms(results), "ms", at_most=0.5)]


def residuals(result: HolisticResult) -> dict[str, float]:
    """By bone, how many degrees it is off the direction from landmark to landmark; bones at rest are left out."""
    # A solver of its own, so that nothing is on its way from or to rest.
    rig = RigSolver().solve(result, 0)
    if rig is None:
        return {}
    parts = (result.pose_world_landmarks, result.left_hand_world_landmarks, result.right_hand_world_landmarks)
    points = np.concatenate(
        [
            np.full((n, 3), np.nan) if part is None else part * TO_VRM
            for part, n in zip(parts, (33, 21, 21), strict=True)
        ]
    )
    seen = points[list(_END)] - points[list(_BEGIN)]
    world, _ = forward(rig)
    solved = rotate(world[_INDICES], np.array(_AT_REST, float))
    degrees = np.degrees(np.arctan2(np.linalg.norm(np.cross(solved, seen), axis=1), (solved * seen).sum(axis=1)))
    at_rest = (rig.rotations == RELAXED.astype(np.float32)).all(axis=1)[_INDICES]
    return {bone: off for bone, off, rest in zip(_BONES, degrees.tolist(), at_rest, strict=True) if not rest}


def _kind(bone: str) -> str:
    """Bones of both sides together, and those of the four fingers."""
    bone = bone.removeprefix("left").removeprefix("right")
    finger = next((finger for finger in _FINGERS if bone.startswith(finger)), None)
    return bone if finger is None else "Finger" + bone.removeprefix(finger)


def _tracked(pictures: list[Image]) -> Iterator[HolisticResult]:
    refiner = Refiner()
    with without_noise(), closing(open_model(models.find(models.PoseModel.LITE).path).tracker()) as tracker:
        for frame, picture in enumerate(pictures):
            ms = round(frame * 1000 / FPS)
            height, width, _ = picture.shape
            yield refiner.refine(first_of(tracker.track(picture, ms)), width, height, ms, smoothing=True)


def _squats() -> list[Image]:
    """None without the shared media."""
    path = media("squats.mp4")
    if path is None:
        return []
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in container.decode(video=0)][::SQUATS_STEP]


def _solve_ms(results: list[HolisticResult]) -> float:
    solver, frames, times = RigSolver(), cycle(results), count(step=33)
    return median_ms(lambda: solver.solve(next(frames), next(times)), 1000)
