from holistic_rtc.client.timeline import Timeline
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.result import HolisticResult


def message(timestamp_ms: int) -> LandmarkMessage:
    return LandmarkMessage(result=HolisticResult(), track=0, seq=0, timestamp_ms=timestamp_ms, width=640, height=480)


def test_timestamps_are_those_of_the_first_session_and_grow_with_the_next_as_time_passes() -> None:
    timeline = Timeline()
    placed = [
        timeline.place(message(timestamp_ms), session).timestamp_ms
        for timestamp_ms, session in ((500, "a"), (600, "a"), (20, "b"), (120, "b"), (9000, "c"), (9100, "c"))
    ]
    assert placed[:2] == [500, 600]
    for former, later in ((1, 2), (3, 4)):
        # No time has passed to speak of.
        assert 0 <= placed[later] - placed[former] < 1000
    for former, later in ((2, 3), (4, 5)):
        assert placed[later] - placed[former] == 100
