import cv2
import numpy as np
import pytest

from holistic_rtc.tracking.holistic import warp
from holistic_rtc.tracking.holistic.landmarks import to_frame
from holistic_rtc.tracking.holistic.regions import Region

PICTURE = np.random.default_rng(2).integers(0, 256, (120, 160, 3), np.uint8)


def test_an_upright_region_of_the_same_size_is_copied() -> None:
    cut = warp.crop(PICTURE, Region(60, 50, 64, 64), 64, warp.BLACK)
    np.testing.assert_array_equal(cut, PICTURE[18:82, 28:92])


def test_a_region_turned_clockwise_by_a_right_angle_has_its_top_at_the_right() -> None:
    cut = warp.crop(PICTURE, Region(60, 50, 64, 64, np.pi / 2), 64, warp.BLACK)
    np.testing.assert_array_equal(cut, np.rot90(PICTURE[18:82, 29:93]))


@pytest.mark.parametrize(("border", "colour"), [(warp.BLACK, (0, 0, 0)), (warp.REPLICATE, PICTURE[0, 0])])
def test_the_border_is_black_or_that_of_the_picture(border: int, colour: tuple[int, int, int]) -> None:
    cut = warp.crop(PICTURE, Region(-100, -100, 64, 64), 64, border)
    assert (cut == colour).all()


def test_a_point_of_the_cut_is_where_its_pixel_came_from() -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    cv2.circle(picture, (200, 90), 6, (255, 255, 255), -1)
    region = Region(190, 100, 120, 80, 0.7)
    cut = warp.crop(picture, region, 256, warp.BLACK)
    rows, columns = np.nonzero(cut[..., 0] > 127)
    middle = np.array([[columns.mean() / 256, rows.mean() / 256]], np.float32)
    assert to_frame(middle, region).tolist()[0] == pytest.approx([200, 90], abs=0.5)


def test_inputs_of_networks_are_scaled() -> None:
    pixels = np.array([[[0, 51, 255]]], np.uint8)
    np.testing.assert_allclose(warp.zero_to_one(pixels), [[[0, 0.2, 1]]], atol=1e-6)
    np.testing.assert_allclose(warp.minus_one_to_one(pixels), [[[-1, -0.6, 1]]], atol=1e-6)
