from fractions import Fraction

import numpy as np
import pytest
from av import VideoFrame

from holistic_rtc.pipeline.frames import encodable, from_rgb, to_rgb, upright
from tests.kit.colours import LIMITED, SMPTE170M, TAGGED, Colours, colourful, decoded, difference, h264, untagged

MS = Fraction(1, 1000)


def make_frame(colours: Colours) -> VideoFrame:
    frame = decoded(h264(colours, colourful()))
    assert (frame.colorspace, frame.color_range) == (colours.matrix, colours.range)
    frame.pts, frame.time_base = 40, MS
    return frame


@pytest.mark.parametrize("colours", TAGGED, ids=str)
def test_a_frame_looks_the_same_as_rgb_and_back_whatever_its_colours_were(colours: Colours) -> None:
    frame = make_frame(colours)
    rgb = to_rgb(frame)
    assert difference(rgb, colourful())[0] < 2
    back = from_rgb(rgb, frame)
    # Once as its tags say, and once as a receiver shows it that has none.
    for shown in (to_rgb(back), untagged(back)):
        mean, most = difference(shown, rgb)
        assert mean < 2
        assert most <= 4
    assert (back.pts, back.time_base) == (40, MS)


@pytest.mark.parametrize("colours", TAGGED, ids=str)
def test_a_receiver_that_is_not_told_the_colours_shows_the_right_ones(colours: Colours) -> None:
    frame = make_frame(colours)
    mean, most = difference(untagged(encodable(frame)), to_rgb(frame))
    assert mean < 2
    assert most <= 4
    assert (encodable(frame).pts, encodable(frame).time_base) == (40, MS)


def test_a_frame_that_needs_no_conversion_is_not_copied() -> None:
    frame = make_frame(Colours(SMPTE170M, LIMITED))
    assert encodable(frame) is frame
    untold = from_rgb(colourful())
    untold.colorspace, untold.color_range = 2, 0
    assert encodable(untold) is untold


@pytest.mark.parametrize(
    ("size", "even"),
    [((51, 35), (50, 34)), ((51, 34), (50, 34)), ((50, 35), (50, 34)), ((7, 1), (6, 2)), ((1, 1), (2, 2))],
)
def test_a_frame_of_an_odd_size_becomes_one_that_every_encoder_takes(
    size: tuple[int, int], even: tuple[int, int]
) -> None:
    frame = VideoFrame(*size, "yuv420p")
    for plane, value in zip(frame.planes, (120, 90, 160), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    frame.pts, frame.time_base = 40, MS
    for encoded in (encodable(frame), from_rgb(to_rgb(frame), frame)):
        assert (encoded.width, encoded.height) == even
        assert (encoded.pts, encoded.time_base) == (40, MS)
        assert difference(to_rgb(encoded), to_rgb(frame)[:1, :1])[1] <= 4


@pytest.mark.parametrize("size", [(64, 48), (50, 34), (31, 17)], ids=str)
@pytest.mark.parametrize("orientation", range(16))
def test_a_frame_is_turned_as_it_says(orientation: int, size: tuple[int, int]) -> None:
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2, 0] = 200  # what is top left is red
    picture[height // 2 :, width // 2 :] = 255
    frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = 40, MS
    turned = upright(frame, orientation)
    seen = picture[:, ::-1] if orientation & 4 else picture
    expected = np.rot90(seen, -(orientation & 3))
    assert (turned.height, turned.width) == expected.shape[:2]
    assert (turned.pts, turned.time_base) == (40, MS)
    assert np.abs(turned.to_ndarray(format="rgb24").astype(int) - expected).mean() < 12


@pytest.mark.parametrize("colours", TAGGED, ids=str)
def test_a_turned_frame_keeps_its_colours(colours: Colours) -> None:
    frame = make_frame(colours)
    mean, most = difference(to_rgb(upright(upright(frame, 1), 3)), to_rgb(frame))
    assert mean < 2
    assert most <= 4
