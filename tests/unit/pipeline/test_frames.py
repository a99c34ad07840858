from fractions import Fraction

import pytest
from av import VideoFrame

from holistic_rtc.pipeline.frames import encodable, from_rgb, to_rgb
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
