from holistic_rtc.media.governor import Governor

KEEPS_UP = (1.0, 30.0, 0.4)
LOSES_FRAMES = (0.6, 15.0, 1.0)
JUST_KEEPS_UP = (1.0, 20.0, 0.8)


def overloaded_after(governor: Governor, figures: tuple[float, float, float], seconds: int) -> bool:
    for _ in range(seconds):
        governor.take(*figures)
    return governor.overloaded


def test_a_track_that_loses_frames_for_some_seconds_is_overloaded() -> None:
    governor = Governor()
    assert not overloaded_after(governor, LOSES_FRAMES, Governor.SECONDS_TO_OVERLOAD - 1)
    assert overloaded_after(governor, LOSES_FRAMES, 1)


def test_a_bad_second_now_and_then_is_no_overload() -> None:
    governor = Governor()
    for _ in range(10):
        assert not overloaded_after(governor, LOSES_FRAMES, Governor.SECONDS_TO_OVERLOAD - 1)
        assert not overloaded_after(governor, KEEPS_UP, 1)


def test_it_recovers_only_after_longer_and_with_time_to_spare() -> None:
    governor = Governor()
    assert overloaded_after(governor, LOSES_FRAMES, Governor.SECONDS_TO_OVERLOAD)
    assert overloaded_after(governor, JUST_KEEPS_UP, 100)
    assert overloaded_after(governor, KEEPS_UP, Governor.SECONDS_TO_RECOVER - 1)
    assert not overloaded_after(governor, KEEPS_UP, 1)


def test_a_track_that_loses_frames_because_they_come_in_bursts_is_not_overloaded() -> None:
    assert not overloaded_after(Governor(), (0.5, 10.0, 0.2), 10)


def test_a_track_of_which_no_frame_is_ready_is_overloaded() -> None:
    assert overloaded_after(Governor(), (0.0, 0.0, 0.0), Governor.SECONDS_TO_OVERLOAD)


def test_a_track_whose_peer_sends_more_than_anybody_needs_is_not_overloaded() -> None:
    assert not overloaded_after(Governor(), (0.5, 30.0, 1.0), 10)
