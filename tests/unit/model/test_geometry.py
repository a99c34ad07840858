"""Quaternions, checked against matrices and numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holistic_rtc.model.geometry import (
    IDENTITY,
    Array,
    blend,
    from_axis_angle,
    from_matrix,
    half,
    multiply,
    rotate,
    to_matrix,
)
from tests.kit.rig_poses import degrees_between
from tests.kit.synthetic import FUZZ

seeds = st.integers(0, 2**32)


def some(seed: int, count: int = 8) -> Array:
    quaternions = np.random.default_rng(seed).normal(size=(count, 4))
    unit: Array = quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)
    return unit


@FUZZ
@given(seeds)
def test_multiplying_is_what_multiplying_matrices_is(seed: int) -> None:
    a, b = some(seed), some(seed + 1)
    np.testing.assert_allclose(to_matrix(multiply(a, b)), to_matrix(a) @ to_matrix(b), atol=1e-12)


@FUZZ
@given(seeds)
def test_a_matrix_gives_its_quaternion_back(seed: int) -> None:
    quaternions = some(seed)
    back = from_matrix(to_matrix(quaternions))
    assert (back[:, 3] >= 0).all()
    np.testing.assert_allclose(back, quaternions * np.where(quaternions[:, 3:] < 0, -1, 1), atol=1e-12)


def test_half_turns_have_a_quaternion_too() -> None:
    axes = np.random.default_rng(1).normal(size=(50, 3))
    axes[:3] = np.identity(3)
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    half_turns = from_axis_angle(axes, np.full(50, np.pi))
    assert degrees_between(from_matrix(to_matrix(half_turns)), half_turns).max() < 1e-4


def test_turning_is_right_handed() -> None:
    quarter = from_axis_angle(np.array((0.0, 0.0, 1.0)), np.pi / 2)
    np.testing.assert_allclose(rotate(quarter, np.array((1.0, 0.0, 0.0))), (0, 1, 0), atol=1e-12)


@pytest.mark.parametrize("degrees", [0, 1, 40, 120, 179])
def test_half_a_rotation_twice_is_the_rotation_unless_that_is_beyond_the_limit(degrees: float) -> None:
    axis = np.array((0.6, 0.0, 0.8))
    whole = from_axis_angle(axis, np.radians(degrees))
    found = half(to_matrix(whole), np.pi)
    np.testing.assert_allclose(multiply(found, found), whole, atol=1e-7)
    limited = half(to_matrix(whole), np.radians(30))
    assert degrees_between(limited, IDENTITY) == pytest.approx(min(degrees / 2, 30), abs=1e-4)


def test_half_of_a_half_turn_is_a_rotation() -> None:
    assert np.linalg.norm(half(np.diag((1.0, -1.0, -1.0)), 1)) == pytest.approx(1)


@FUZZ
@given(seeds, st.floats(0, 1))
def test_what_is_between_two_rotations_is_on_the_shorter_way(seed: int, share: float) -> None:
    a, b = some(seed), some(seed + 1)
    between = blend(a, b, np.full(len(a), share))
    np.testing.assert_allclose(np.linalg.norm(between, axis=1), 1)
    whole = degrees_between(a, b)
    np.testing.assert_allclose(degrees_between(a, between) + degrees_between(between, b), whole, atol=1e-4)
    assert degrees_between(blend(a, b, np.zeros(len(a))), a).max() < 1e-4
    assert degrees_between(blend(a, b, np.ones(len(a))), b).max() < 1e-4
