from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holistic_rtc.pipeline.clock import MediaClock

RTP = Fraction(1, 90_000)


def test_time_begins_at_the_first_frame() -> None:
    clock = MediaClock()
    assert [clock.timestamp_ms(pts, RTP) for pts in (900_000, 903_000, 906_000)] == [0, 33, 67]


def test_rounding_does_not_add_up() -> None:
    clock = MediaClock()
    times = [clock.timestamp_ms(frame * 3003, RTP) for frame in range(10_000)]
    assert times[-1] == pytest.approx(9_999 * 1001 / 30, abs=0.5)


def test_a_time_base_that_changes_in_mid_stream_is_followed() -> None:
    clock = MediaClock()
    assert clock.timestamp_ms(90_000, RTP) == 0
    assert clock.timestamp_ms(1_500, Fraction(1, 1_000)) == 500


@given(st.lists(st.integers(-(2**40), 2**40), min_size=2))
def test_time_always_increases_whatever_the_sender_says(times: list[int]) -> None:
    clock = MediaClock()
    stamps = [clock.timestamp_ms(pts, RTP) for pts in times]
    assert stamps[0] == 0
    assert all(later > earlier for earlier, later in zip(stamps, stamps[1:], strict=False))
