from math import pi

import numpy as np

from holistic_rtc.tracking.holistic.landmarks import depth_scale, refined, to_frame, turned
from holistic_rtc.tracking.holistic.regions import Region


def test_the_corners_of_a_region_are_placed_by_its_size_and_rotation() -> None:
    corners = np.array([[0, 0], [1, 0], [0.5, 0.5]], np.float32)
    np.testing.assert_allclose(to_frame(corners, Region(50, 40, 20, 10)), [[40, 35], [60, 35], [50, 40]])
    quarter = to_frame(corners, Region(50, 40, 20, 10, pi / 2))
    np.testing.assert_allclose(quarter, [[55, 30], [55, 50], [50, 40]], atol=1e-4)


def test_world_points_turn_with_the_region() -> None:
    np.testing.assert_allclose(turned(np.array([[1, 0, 2]], np.float32), pi / 2), [[0, 1, 2]], atol=1e-6)


def test_depth_is_in_units_of_the_frame_s_width() -> None:
    assert depth_scale(Region(0, 0, 320, 100), 640, 480) == 0.5


def test_a_confident_heatmap_moves_its_point_to_its_centre_of_mass() -> None:
    heatmaps = np.full((64, 64, 2), -50, np.float32)
    heatmaps[22, 31, 0] = heatmaps[22, 33, 0] = 5
    points = np.array([[30.5 / 64, 20.5 / 64]] * 2, np.float32)
    moved, stays = refined(points, heatmaps)
    np.testing.assert_allclose(moved, [32 / 64, 22 / 64], atol=1e-5)
    np.testing.assert_array_equal(stays, points[1])


def test_a_doubtful_heatmap_and_a_point_outside_change_nothing() -> None:
    heatmaps = np.full((64, 64, 2), -0.1, np.float32)
    heatmaps[:, :, 1] = 5
    points = np.array([[0.5, 0.5], [1.2, 0.5]], np.float32)
    np.testing.assert_array_equal(refined(points, heatmaps), points)


def test_the_heatmap_s_window_ends_at_its_edge() -> None:
    heatmaps = np.full((64, 64, 1), -50, np.float32)
    heatmaps[0, 0, 0] = 5
    np.testing.assert_allclose(refined(np.array([[0.02, 0.02]], np.float32), heatmaps), [[0, 0]], atol=1e-6)
