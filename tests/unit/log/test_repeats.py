import logging
from typing import Any

from holistic_rtc.log.repeats import BURST, MOST, SECONDS, Repeats


def record(text: str = "GET /", level: int = logging.INFO, line: int = 1, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("holistic_rtc.http", level, "file.py", line, "%s failed", (text,), None)
    vars(made).update(extra)
    return made


def admitted(repeats: Repeats, count: int, now: float = 0.0, **extra: Any) -> int:
    return sum(repeats.admit(record(f"GET /{number}", **extra), now) for number in range(count))


def test_the_first_ones_are_logged_and_the_others_counted() -> None:
    repeats = Repeats()
    assert admitted(repeats, 522) == BURST
    assert repeats.sums(SECONDS - 0.1) == []
    [summed] = repeats.sums(SECONDS)
    assert summed.getMessage() == "repeated 512 times in 10 s: GET /521 failed"
    assert vars(summed)["repeated"] == 512
    assert vars(summed)["event"] == "%s failed"
    assert repeats.sums(2 * SECONDS) == []


def test_the_next_window_is_a_new_one() -> None:
    repeats = Repeats()
    admitted(repeats, BURST)
    assert repeats.sums(SECONDS) == []
    assert admitted(repeats, BURST, SECONDS) == BURST


def test_a_peer_can_not_hide_what_others_do() -> None:
    repeats = Repeats()
    assert admitted(repeats, 1000, peer="192.0.2.1") == BURST
    assert admitted(repeats, 1, peer="192.0.2.2") == 1
    assert admitted(repeats, 1, session="abc") == 1
    assert admitted(repeats, 1, line=2, peer="192.0.2.1") == 1


def test_very_many_peers_are_counted_together() -> None:
    repeats = Repeats()
    count = sum(admitted(repeats, 1, peer=str(number)) for number in range(50 * MOST))
    assert count == MOST + BURST
    assert len(repeats.sums(SECONDS)) == 1


def test_debugging_records_are_all_logged() -> None:
    assert admitted(Repeats(), 1000, level=logging.DEBUG) == 1000


def test_a_record_can_have_a_burst_of_its_own() -> None:
    assert admitted(Repeats(), 1000, burst=50) == 50
