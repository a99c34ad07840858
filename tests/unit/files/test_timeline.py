"""When frames are shown whose times start again, jump or are out of order."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from av import VideoFrame

from holistic_rtc.files.timeline import timed

MILLISECOND = Fraction(1, 1000)
RATE = Fraction(25)


def shown(times: Sequence[int | None], *, may_jump: bool = False) -> list[int | None]:
    """
    :param times: of the frames in their file, in milliseconds.
    """
    frames = []
    for time in times:
        frame = VideoFrame(16, 16, "yuv420p")
        frame.pts, frame.time_base = time, MILLISECOND
        frames.append(frame)
    return [frame.pts for frame in timed(frames, RATE, may_jump=may_jump)]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([500, 540, 580], [0, 40, 80]),
        ([0, 40, 47, 1130], [0, 40, 47, 1130]),
        ([0, 40, 80, 0, 40, 80], [0, 40, 80, 120, 160, 200]),
        ([0, 40, 0, 40, 0, 40], [0, 40, 80, 120, 160, 200]),
        ([0, 67, 133, 0, 67], [0, 67, 133, 199, 266]),
        ([0, 40, 9000, 0], [0, 40, 9000, 9120]),
        ([0, 40, 80, 70, 120, 160], [0, 40, 80, 81, 120, 160]),
        ([0, 40, 80, 80, 120], [0, 40, 80, 81, 120]),
        ([0, 40, 80, 20], [0, 40, 80, 120]),
        ([None, None, None], [0, 40, 80]),
        ([0, 40, None, 120, None], [0, 40, 80, 120, 160]),
        ([], []),
    ],
    ids=[
        *("starts late", "uneven", "joined", "joined twice", "joined at another rate", "joined after a pause"),
        *("one out of order", "one doubled", "the last out of order", "no times", "some times", "nothing"),
    ],
)
def test_times_are_as_a_player_shows_them(times: list[int | None], expected: list[int]) -> None:
    assert shown(times) == expected


def test_only_where_times_may_jump_is_a_long_pause_a_jump() -> None:
    times = [0, 40, 20_000, 20_040]
    assert shown(times) == times
    assert shown(times, may_jump=True) == [0, 40, 80, 120]
    assert shown([0, 40, 9_000], may_jump=True) == [0, 40, 9_000]
