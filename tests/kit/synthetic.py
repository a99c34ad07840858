"""Results with every part, made of numbers instead of a picture."""

import cv2
import numpy as np
from hypothesis import HealthCheck, settings

from holistic_rtc.model.message import PART_FIELDS, LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import FloatArray, HolisticResult
from holistic_rtc.model.rig import Rig
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS

# FlatBuffers' steps are 1/8192 for a coordinate and 1/255 for a score.
COORDINATE_TOLERANCE = 0.5 / 8192 + 1e-6
SCORE_TOLERANCE = 0.5 / 255 + 1e-6
# Each part of a quaternion is rounded to 1/32767 or 1e-5, which turns it by less than this angle.
TRANSFORM_TOLERANCE = 1e-4

# Fuzz tests look for wrong answers; how long one takes depends on what else the machine does.
FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def make_result(parts: frozenset[Part] = frozenset(Part)) -> HolisticResult:
    """Random coordinates in [-1.5, 1.5), scores in [0, 1) and a turned head, the same at each call."""
    random = np.random.default_rng(7)
    arrays = {
        field.attribute: random.random(field.shape, dtype=np.float32) * 3 - 1.5
        for part, field in PART_FIELDS.items()
        if part in parts and part not in (Part.BLENDSHAPES, Part.FACE_TRANSFORM)
    }
    if Part.BLENDSHAPES in parts:
        arrays["face_blendshapes"] = random.random(52, dtype=np.float32)
    if Part.POSE in parts:
        arrays["pose_visibility"] = random.random(33, dtype=np.float32)
    if Part.FACE_TRANSFORM in parts:
        arrays["face_transform"] = make_transform((0.3, -0.5, 0.1), (4.25, -7.5, -38.75))
    return HolisticResult(**arrays)


def make_transform(rotation: tuple[float, float, float], position: tuple[float, float, float]) -> FloatArray:
    """
    A rigid transform.

    :param rotation: axis times angle in radians.
    """
    matrix = np.identity(4, np.float32)
    matrix[:3, :3] = cv2.Rodrigues(np.array(rotation))[0]
    matrix[:3, 3] = position
    return matrix


def make_rig() -> Rig:
    """Random rotations, the hips about where they are at rest, and scores in [0, 1), the same at each call."""
    random = np.random.default_rng(8)
    rotations = random.normal(size=(len(BONES), 4)).astype(np.float32)
    return Rig(
        rotations=rotations / np.linalg.norm(rotations, axis=1, keepdims=True),
        hips_position=np.array([0.1, 0.9, -0.05], np.float32),
        expressions=random.random(len(EXPRESSIONS), dtype=np.float32),
        arkit=random.random(len(ARKIT_BLENDSHAPES), dtype=np.float32),
    )


def make_message(result: HolisticResult | None = None, rig: Rig | None = None) -> LandmarkMessage:
    """Without arguments, one with every part but the rig."""
    return LandmarkMessage(
        seq=70_000,
        timestamp_ms=2_345_678,
        width=640,
        height=480,
        track=1,
        result=result or make_result(),
        rig=rig,
        person=2,
    )


def make_whole_message() -> LandmarkMessage:
    return make_message(rig=make_rig())


def assert_close(actual: LandmarkMessage, expected: LandmarkMessage, *, coordinates: float, scores: float) -> None:
    for name in ("seq", "timestamp_ms", "width", "height", "track", "person"):
        assert getattr(actual, name) == getattr(expected, name)
    for name in HolisticResult.__dataclass_fields__:
        got, wanted = getattr(actual.result, name), getattr(expected.result, name)
        if wanted is None:
            assert got is None, name
            continue
        assert got.dtype == np.float32
        assert got.shape == wanted.shape
        if name == "face_transform":
            tolerance = TRANSFORM_TOLERANCE
        else:
            tolerance = scores if name in ("face_blendshapes", "pose_visibility") else coordinates
        np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance, err_msg=name)
    if expected.rig is None:
        assert actual.rig is None
        return
    assert actual.rig is not None
    for name, tolerance in {"expressions": scores, "arkit": scores, "hips_position": 1e-5, "rotations": 0}.items():
        got, wanted = getattr(actual.rig, name), getattr(expected.rig, name)
        assert got.dtype == np.float32
        assert got.shape == wanted.shape
        if name == "rotations":
            # A quaternion and its negative are one rotation.
            assert (got[:, 3] >= 0).all()
            wanted, tolerance = np.copysign(1, wanted[:, 3:]) * wanted, TRANSFORM_TOLERANCE
        np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance, err_msg=name)
