import msgspec
import pytest

from holistic_rtc.model.figures import BOUNDS, Distribution, SessionFigures, Traffic, VideoFigures


def test_a_duration_is_in_the_first_bucket_whose_bound_it_does_not_exceed() -> None:
    distribution = Distribution()
    for seconds in (0, BOUNDS[0], BOUNDS[0] * 1.01, BOUNDS[-1], BOUNDS[-1] + 1):
        distribution.observe(seconds)
    assert distribution.counts[:2] == [2, 1]
    assert distribution.counts[-2:] == [1, 1]
    assert distribution.total == pytest.approx(sum((BOUNDS[0] * 2.01, BOUNDS[-1] * 2 + 1)))


def test_figures_are_added_field_by_field() -> None:
    delay = Distribution()
    delay.observe(0.02)
    sum_of_all = SessionFigures(VideoFigures(tracked=1), Traffic(bytes_in=5, lost_out=1))
    sum_of_all.add(SessionFigures(VideoFigures(tracked=2, delay=delay), Traffic(bytes_in=7)))
    sum_of_all.add(SessionFigures(VideoFigures(delay=delay)))
    assert (sum_of_all.video.tracked, sum_of_all.traffic.bytes_in, sum_of_all.traffic.lost_out) == (3, 12, 1)
    assert sum(sum_of_all.video.delay.counts) == 2
    assert sum(delay.counts) == 1


@pytest.mark.parametrize(
    "forged",
    [{"video": {"tracked": -1}}, {"video": {"delay": {"counts": [1], "total": 0}}}, {"traffic": {"bytes_in": 1.5}}],
)
def test_figures_that_would_turn_a_counter_back_are_invalid(forged: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(forged), type=SessionFigures)
