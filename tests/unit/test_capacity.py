import pytest

from holistic_rtc.limits import Limits
from holistic_rtc.sessions.capacity import Capacity


@pytest.mark.parametrize(
    ("cpus", "frame_cpu_ms", "sessions"),
    [
        (2.0, 37.0, 3),  # 12 frames of 46 ms a second take 0.56 CPUs
        (8.0, 37.0, 14),
        (0.5, 37.0, 1),
        (2.0, 80.0, 1),
    ],
)
def test_as_many_are_admitted_as_can_have_twelve_frames_a_second(
    cpus: float, frame_cpu_ms: float, sessions: int
) -> None:
    assert Capacity(Limits(cpus, None, "")).sessions(frame_cpu_ms) == sessions


def test_memory_counts_too() -> None:
    assert Capacity(Limits(16.0, 1_100_000_000, "")).sessions(37.0) == 2
    assert Capacity(Limits(16.0, 200_000_000, "")).sessions(37.0) == 1


def test_one_is_admitted_before_anything_is_measured() -> None:
    assert Capacity(Limits(16.0, None, "")).sessions(None) == 1


def test_a_setting_goes_before_what_is_measured() -> None:
    assert Capacity(Limits(0.5, None, ""), setting=7).sessions(80.0) == 7
    assert Capacity(Limits(0.5, None, ""), setting=7).sessions(None) == 7
