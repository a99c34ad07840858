from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest
from av import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from holistic_rtc.media.clock import RtpClock, SteadyClock

TICKS = 90_000


def times(frames: Iterable[tuple[float, float]]) -> list[float]:
    """
    :param frames: the sender's time and the arrival of each frame, in seconds.
    :return: the corrected times.
    """
    clock, corrected = SteadyClock(), []
    for sent, arrival in frames:
        frame = VideoFrame.from_ndarray(np.zeros((2, 2, 3), np.uint8), format="rgb24")
        frame.pts, frame.time_base = round(sent * TICKS), Fraction(1, TICKS)
        clock.set_time(frame, arrival)
        assert frame.time is not None
        corrected.append(frame.time)
    return corrected


def test_a_timestamp_that_wraps_goes_on() -> None:
    clock = RtpClock()
    assert [clock.map(time) for time in (2**32 - 3000, 0, 3000)] == [0, 3000, 6000]


def test_a_timestamp_that_steps_back_goes_back() -> None:
    clock = RtpClock()
    assert [clock.map(time) for time in (500_000, 503_000, 413_000, 416_000)] == [0, 3000, -87_000, -84_000]


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1))
def test_mapped_timestamps_differ_from_the_senders_by_whole_wraps(timestamps: list[int]) -> None:
    clock = RtpClock()
    mapped = [clock.map(timestamp) for timestamp in timestamps]
    assert all((time - sent + timestamps[0]) % 2**32 == 0 for time, sent in zip(mapped, timestamps, strict=True))


@pytest.mark.parametrize("jump", [-40_000.0, -7.3, -1.0, -0.1, 0.4, 3.0, 20_000.0])
def test_a_clock_that_jumps_moves_time_by_the_frame_only(jump: float) -> None:
    frames = [(count / 25 + (jump if count >= 50 else 0.0), 100 + count / 25) for count in range(100)]
    assert times(frames) == pytest.approx([count / 25 for count in range(100)], abs=0.001)


@pytest.mark.parametrize("late", [2, 5, 8, 20])
@pytest.mark.parametrize("jump", [-100.0, -1.0, 7.0])
def test_a_clock_that_jumps_while_frames_pile_up_moves_the_later_ones_by_a_frame_at_most(
    jump: float, late: int
) -> None:
    """
    :param late: how many frames come together, as after a loss.
    """
    sent = [count / 25 for count in range(150)]
    arrivals = [time if not 50 <= count < 50 + late else sent[49 + late] for count, time in enumerate(sent)]
    frames = [(time + (jump if count >= 50 else 0.0), 100 + arrivals[count]) for count, time in enumerate(sent)]
    errors = np.subtract(times(frames), sent)
    assert np.abs(errors[50 + late :]).max() <= 0.04


@pytest.mark.parametrize("jump", [0.05, 0.1, 0.2, 0.24])
def test_small_jumps_do_not_add_up(jump: float) -> None:
    frames = [(count / 25 + jump * (count // 50), 100 + count / 25) for count in range(3000)]
    errors = [time - count / 25 for count, time in enumerate(times(frames))]
    assert max(errors) < SteadyClock.JUMP + SteadyClock.DRIFT * 120 + 0.001
    assert min(errors) > -0.001


def test_a_burst_after_a_long_jam_changes_no_time() -> None:
    sent = [count / 25 for count in range(1500)]
    # Half a second late from 10 to 40 s; then, what has piled up comes at once.
    frames = [(time, time + 0.5 if 10 < time < 40 else max(time, 40.46) if time >= 40 else time) for time in sent]
    assert times(frames) == pytest.approx(sent, abs=0.001)


def test_a_clock_that_runs_faster_than_ours_is_followed() -> None:
    frames = [(1.0005 * count, float(count)) for count in range(10_000)]
    assert times(frames) == pytest.approx([sent for sent, _ in frames], abs=0.001)


def test_a_clock_that_starts_anew_again_and_again_moves_nothing() -> None:
    frames = [(count % 45 / 30, count / 30) for count in range(450)]
    assert times(frames) == pytest.approx([count / 30 for count in range(450)], abs=0.001)


def test_a_clock_that_stands_still_is_replaced_by_that_of_arrival() -> None:
    assert times([(5.0, count / 30) for count in range(30)]) == pytest.approx([5 + count / 30 for count in range(30)])


def test_a_pause_lasts_as_long_as_it_did() -> None:
    frames = [(0.0, 10.0), (0.04, 10.04), (30.0, 40.0), (30.04, 40.04)]
    assert times(frames) == pytest.approx([0.0, 0.04, 30.0, 30.04])


def test_a_clock_that_starts_anew_after_a_pause_goes_on_after_the_pause() -> None:
    frames = [(7.0, 10.0), (7.04, 10.04), (0.0, 13.04), (0.04, 13.08)]
    assert times(frames) == pytest.approx([7.0, 7.04, 10.04, 10.08])


def test_delay_changes_no_time() -> None:
    delays = [0.05, 0.4, 0.38, 0.1, 0.06, 1.5, 1.47, 1.43, 1.0, 0.05]
    frames = [(count / 30, count / 30 + delay) for count, delay in enumerate(delays)]
    frames.sort(key=lambda frame: frame[1])
    in_order = [(count / 30, arrival) for count, (_, arrival) in enumerate(frames)]
    assert times(in_order) == pytest.approx([count / 30 for count in range(len(delays))], abs=0.001)


def test_a_clock_that_runs_slower_than_ours_is_followed() -> None:
    frames = [(0.999 * count, float(count)) for count in range(10_000)]
    corrected = times([*frames, (0.999 * 10_000 + 0.5, 10_000.0)])
    assert corrected[:-1] == pytest.approx([sent for sent, _ in frames], abs=0.001)
    assert corrected[-1] - corrected[-2] == pytest.approx(1.0, abs=0.01)


def test_a_frame_that_is_late_was_taken_when_the_fastest_ones_would_have_come() -> None:
    clock, captured = SteadyClock(), []
    for count, delay in enumerate([0.05, 0.06, 0.4, 0.38, 0.05]):
        frame = VideoFrame.from_ndarray(np.zeros((2, 2, 3), np.uint8), format="rgb24")
        frame.pts, frame.time_base = 3000 * count, Fraction(1, TICKS)
        captured.append(clock.set_time(frame, 10 + count / 30 + delay))
    assert captured == pytest.approx([10.05 + count / 30 for count in range(5)])
