from dataclasses import replace
from math import pi

import numpy as np
import pytest

from holistic_rtc.tracking.holistic.regions import (
    SIDEWAYS,
    UPRIGHT,
    Limits,
    Region,
    around,
    box,
    direction,
    keeps,
    turned_box,
    whole,
)

LIMITS = Limits(degrees=40, translation=0.2, scale=0.4, margin=-0.1)
FOUND = Region(100, 100, 50, 50, 0.5)
MIDDLE = np.array([[100, 100, 0]], np.float32)


def test_a_person_who_stands_upright_has_an_upright_region() -> None:
    assert around((100, 200), (100, 120), UPRIGHT) == Region(100, 200, 160, 160, 0)


def test_rotations_are_between_minus_and_plus_half_a_turn() -> None:
    for x, y in ((1, 0), (0, 1), (-1, 0), (0, -1), (-1, -1)):
        assert -pi <= direction((0, 0), (x, y), UPRIGHT) <= pi
    assert direction((0, 0), (1, 1), SIDEWAYS) == pytest.approx(pi / 4)


def test_a_region_is_shifted_along_its_own_axis_before_it_is_made_square() -> None:
    upright = Region(100, 100, 20, 40).transformed(2, shift_y=-0.1)
    assert upright == Region(100, 96, 80, 80)
    turned = Region(100, 100, 20, 40, pi / 2).transformed(2, shift_y=-0.1)
    assert (turned.x, turned.y) == pytest.approx((104, 100))


def test_the_square_around_a_frame_is_as_wide_as_its_longer_side() -> None:
    assert whole(640, 480) == Region(320, 240, 640, 640)


def test_boxes_contain_their_points() -> None:
    points = np.array([[10, 10, 0], [30, 30, 0], [20, 20, 0]], np.float32)
    assert box(points, 0.3) == Region(20, 20, 20, 20, 0.3)
    turned = turned_box(points, pi / 4)
    assert (turned.x, turned.y) == pytest.approx((20, 20))
    assert (turned.width, turned.height) == pytest.approx((800**0.5, 0), abs=1e-4)


def test_a_region_that_hardly_differs_is_kept() -> None:
    assert keeps(LIMITS, replace(FOUND, x=104, width=60, rotation=0.9), MIDDLE, FOUND)
    assert keeps(LIMITS, replace(FOUND, rotation=0.5 + 2 * pi), MIDDLE, FOUND)


@pytest.mark.parametrize(
    "tracked",
    [
        replace(FOUND, rotation=1.3),
        replace(FOUND, x=115),
        replace(FOUND, y=85),
        replace(FOUND, width=75),
        replace(FOUND, height=25),
    ],
)
def test_a_region_that_turned_moved_or_grew_is_not_kept(tracked: Region) -> None:
    assert not keeps(LIMITS, tracked, MIDDLE, FOUND)


def test_landmarks_outside_of_the_found_region_are_not_followed() -> None:
    assert not keeps(LIMITS, FOUND, np.array([[100, 100, 0], [130, 115, 0]], np.float32), FOUND)


def test_a_region_follows_a_change_of_the_frame_s_size() -> None:
    assert Region(10, 20, 30, 40, 0.5).scaled(2, 3) == Region(20, 60, 60, 120, 0.5)
