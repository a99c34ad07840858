import pytest

from holistic_rtc.limits import Limits
from holistic_rtc.sessions.capacity import Capacity, ports

PLENTY = 64_000_000_000
"""Of memory."""


@pytest.mark.parametrize(
    ("cpus", "frame_cpu_ms", "sessions"),
    [
        (2.0, 37.0, 3),  # 12 frames of 55 ms a second take 0.66 CPUs
        (8.0, 37.0, 12),
        (2.0, 9.0, 6),  # what isn't tracking counts, too, however little is tracked
        (0.5, 37.0, 1),
        (2.0, 80.0, 1),
    ],
)
def test_as_many_are_admitted_as_can_have_twelve_frames_a_second(
    cpus: float, frame_cpu_ms: float, sessions: int
) -> None:
    assert Capacity(Limits(cpus, PLENTY, "")).sessions(frame_cpu_ms) == sessions


def test_each_person_a_session_may_track_counts() -> None:
    assert Capacity(Limits(8.0, PLENTY, ""), max_persons=3).sessions(37.0) == 5
    assert Capacity(Limits(8.0, PLENTY, ""), max_sessions=9, max_persons=3).sessions(37.0) == 9


def test_memory_counts_too() -> None:
    assert Capacity(Limits(16.0, 1_100_000_000, "")).sessions(37.0) == 2
    assert Capacity(Limits(16.0, 200_000_000, "")).sessions(37.0) == 1


def test_what_is_kept_ready_takes_memory_from_the_sessions() -> None:
    limits = Limits(16.0, 1_400_000_000, "")
    assert Capacity(limits).sessions(37.0) == 3
    assert Capacity(limits, warm=3, snapshot_workers=2).sessions(37.0) == 1


@pytest.mark.parametrize(
    ("cpus", "memory", "spares", "picture_takers"),
    [
        (0.5, 64_000_000_000, 1, 1),
        (1.9, 64_000_000_000, 1, 1),
        (2.0, 3_000_000_000, 1, 2),
        (2.0, 2_900_000_000, 1, 1),
        (16.0, 64_000_000_000, 4, 4),
        (16.0, 8_000_000_000, 2, 2),
        (16.0, 1_000_000_000, 1, 1),
        (16.0, 900_000_000, 1, 1),
    ],
)
def test_how_many_processes_are_kept_ready_follows_the_caps(
    cpus: float, memory: int, spares: int, picture_takers: int
) -> None:
    capacity = Capacity(Limits(cpus, memory, ""))
    assert (capacity.spares, capacity.picture_takers) == (spares, picture_takers)
    given = Capacity(Limits(cpus, memory, ""), warm=3, snapshot_workers=5)
    assert (given.spares, given.picture_takers) == (3, 5)


def test_each_publisher_and_each_of_its_viewers_takes_a_port() -> None:
    assert ports(3) == 3 * 17


def test_one_is_admitted_before_anything_is_measured() -> None:
    assert Capacity(Limits(16.0, PLENTY, "")).sessions(None) == 1


def test_a_setting_goes_before_what_is_measured() -> None:
    assert Capacity(Limits(0.5, PLENTY, ""), max_sessions=7).sessions(80.0) == 7
    assert Capacity(Limits(0.5, PLENTY, ""), max_sessions=7).sessions(None) == 7
