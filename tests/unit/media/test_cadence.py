import pytest

from holistic_rtc.media.cadence import Cadence


def regular(interval: float, count: int = 50) -> Cadence:
    cadence = Cadence()
    for number in range(count):
        cadence.frame_came(number * interval)
    return cadence


def test_a_fresh_frame_is_tracked_at_once() -> None:
    assert regular(1 / 30).patience(10.0, 10.010) == 0


def test_an_aged_frame_makes_way_for_the_next_one() -> None:
    assert regular(0.040).patience(10.0, 10.030) == pytest.approx(0.020)


def test_a_frame_whose_successor_is_overdue_is_tracked_at_once() -> None:
    assert regular(0.040).patience(10.0, 10.051) == 0


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_is_waited_for_before_a_second_frame_came(count: int) -> None:
    assert regular(1 / 30, count).patience(10.0, 10.030) == 0


def test_frames_that_come_seldom_are_tracked_whatever_their_age() -> None:
    assert regular(0.2).patience(10.0, 10.15) == 0


def test_a_changed_rate_is_learned() -> None:
    cadence = regular(0.040)
    for number in range(200):
        cadence.frame_came(2 + number * 0.020)
    assert cadence.patience(10.0, 10.015) == pytest.approx(0.010, abs=0.001)
