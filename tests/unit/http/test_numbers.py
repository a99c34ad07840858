"""Numbers in parameters of requests."""

import pytest

from holistic_rtc.http.numbers import is_in


@pytest.mark.parametrize("value", ["1", "60", "07"])
def test_a_number_within_the_range_is_taken(value: str) -> None:
    assert is_in(range(1, 61), value)


@pytest.mark.parametrize("value", ["", "0", "61", "-1", "1.0", "one", "٣", "0" * 8 + "1", "0" * 5000 + "1", "9" * 5000])
def test_anything_else_is_refused(value: str) -> None:
    assert not is_in(range(1, 61), value)
