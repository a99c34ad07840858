import numpy as np

from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.one_euro import OneEuroFilter


def values(*numbers: float) -> FloatArray:
    return np.array(numbers, np.float32)


def test_the_first_values_pass() -> None:
    np.testing.assert_array_equal(OneEuroFilter(0.05, 80).apply(values(1, 2), 0), values(1, 2))


def test_fast_coordinates_are_followed_and_slow_ones_smoothed() -> None:
    smoother = OneEuroFilter(0.05, 80)
    smoother.apply(values(0, 0), 0, size=100)
    fast, slow = smoother.apply(values(100, 0.1), 33, size=100) / values(100, 0.1)
    assert fast > 0.9
    assert slow < 0.2


def test_speed_is_relative_to_the_object_s_size() -> None:
    near, far = OneEuroFilter(0.05, 80), OneEuroFilter(0.05, 80)
    for value, time in ((0, 0), (10, 33), (12, 66)):
        a = near.apply(values(value), time, size=100)
        b = far.apply(values(value / 10), time, size=10)
    np.testing.assert_allclose(a, b * 10, rtol=1e-5)


def test_after_a_reset_the_first_values_pass() -> None:
    smoother = OneEuroFilter(0.05, 80)
    smoother.apply(values(5), 0)
    smoother.reset()
    np.testing.assert_array_equal(smoother.apply(values(1), 33), values(1))


def test_a_change_of_the_unit_is_no_motion() -> None:
    smoother = OneEuroFilter(0.05, 80)
    smoother.apply(values(10, 20), 0)
    smoother.scale(values(2, 3))
    np.testing.assert_allclose(smoother.apply(values(20, 60), 33), values(20, 60))


def test_values_of_the_same_time_start_over_and_poison_nothing() -> None:
    smoother = OneEuroFilter(0.05, 80)
    smoother.apply(values(1), 33)
    np.testing.assert_array_equal(smoother.apply(values(5), 33), values(5))
    assert np.isfinite(smoother.apply(values(6), 66)).all()
