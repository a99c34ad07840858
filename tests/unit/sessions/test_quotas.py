import math
import time
from dataclasses import dataclass

import pytest

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.sessions import quotas
from holistic_rtc.sessions.quotas import (
    PENDING_SECONDS,
    Client,
    RateLimit,
    check_share,
    make_room,
    pending_share,
    picture_share,
    session_share,
)


@dataclass
class Guest:
    key: str | None = "a"
    live: bool = False
    answered: float = math.inf
    places: int = 1

    @property
    def client(self) -> Client:
        return at(self.key)


def at(key: str | None) -> Client:
    return Client("192.0.2.1", key)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(quotas, "time", clock)
    return clock


def full() -> Refusal:
    return Refusal(Code.SERVER_FULL, "full", retry_after=5)


def answered(seconds_ago: float, key: str | None = "a") -> Guest:
    return Guest(key, answered=time.monotonic() - seconds_ago)


def test_a_bucket_gives_a_burst_and_then_its_rate(clock: Clock) -> None:
    limit = RateLimit(rate=2, burst=10)
    assert [limit.take("a") for _ in range(10)] == [0.0] * 10
    assert limit.take("a") == 0.5
    assert limit.take("a", 10) == 5
    clock.now += 0.5
    assert limit.take("a") == 0
    assert limit.take("a") == 0.5
    clock.now += 3600
    assert limit.take("a", 10) == 0
    assert limit.take("a") == 0.5


def test_each_key_has_its_own_bucket(clock: Clock) -> None:
    limit = RateLimit(rate=1, burst=1)
    assert limit.take("a") == 0
    assert limit.take("b") == 0
    assert limit.take("a") == limit.take("b") == 1


def test_only_so_many_keys_are_remembered_and_those_in_use_longest(clock: Clock) -> None:
    limit = RateLimit(rate=1, burst=1, keys=3)
    limit.take("busy")
    for number in range(1000):
        limit.take(str(number))
        assert limit.take("busy") > 0
    assert len(limit) == 3


@pytest.mark.parametrize(
    ("places", "sessions", "pending", "pictures"),
    [(1, 1, 1, 1), (2, 2, 1, 1), (4, 3, 2, 2), (8, 6, 4, 4), (16, 12, 8, 8), (40, 30, 20, 20), (100, 32, 50, 50)],
)
def test_an_address_leaves_places_to_others(places: int, sessions: int, pending: int, pictures: int) -> None:
    assert (session_share(places), pending_share(places), picture_share(places)) == (sessions, pending, pictures)


def test_who_has_its_share_gets_no_more_and_this_machine_has_none() -> None:
    check_share(at("a"), [at("a"), at("a"), at("b")], 3, "sessions")
    check_share(at(None), 100 * [at(None)], 3, "sessions")
    with pytest.raises(
        Refusal, match="your address, a, already has 3 sessions; its maximum on this server is 3"
    ) as caught:
        check_share(at("a"), 3 * [at("a")], 3, "sessions")
    assert (caught.value.code, caught.value.retry_after) == (Code.ADDRESS_FULL, 5)


def test_who_sends_several_videos_takes_as_much_of_its_share() -> None:
    check_share(at("a"), [at("a")], 3, "videos", 2)
    check_share(at("a"), [at("b")], 1, "videos", 2)
    with pytest.raises(Refusal):
        check_share(at("a"), 2 * [at("a")], 3, "videos", 2)


def test_a_free_place_needs_nobody_to_leave() -> None:
    assert make_room([], at("a"), 1, full()) is None
    assert make_room([answered(60), Guest("b", live=True)], at("c"), 3, full()) is None


def test_peers_that_are_live_never_leave() -> None:
    with pytest.raises(Refusal) as caught:
        make_room([Guest("a", live=True, answered=0.0), Guest("b", live=True, answered=0.0)], at("c"), 2, full())
    assert (caught.value.code, caught.value.retry_after) == (Code.SERVER_FULL, 5)


def test_the_longest_pending_leaves_when_the_places_are_taken_and_those_of_the_same_address_first() -> None:
    old, older, live = answered(6, "a"), answered(7, "b"), Guest("c", live=True, answered=0.0)
    assert make_room([old, older, live], at("c"), 3, full()) is older
    assert make_room([old, older, live], at("a"), 3, full()) is old
    assert make_room([Guest(None), old, older], at(None), 3, full()) is older


def test_who_needs_several_places_gets_them_from_somebody_who_has_enough() -> None:
    one, two = answered(8, "a"), Guest("b", answered=time.monotonic() - 6, places=2)
    assert make_room([one], at("c"), 3, full(), 2) is None
    assert make_room([one, two], at("c"), 3, full(), 2) is two
    with pytest.raises(Refusal):
        make_room([one, Guest("b", live=True, places=2)], at("c"), 3, full(), 2)
    # Who has its share of the pending ones, too.
    with pytest.raises(Refusal):
        make_room([one, Guest("b", live=True, places=2)], at("a"), 3, full(), 2)


def test_nobody_else_has_a_place_when_more_are_needed_than_there_are() -> None:
    assert make_room([], at("a"), 1, full(), 2) is None
    with pytest.raises(Refusal):
        make_room([Guest("b", live=True)], at("a"), 1, full(), 2)


def test_a_pending_peer_has_its_time() -> None:
    with pytest.raises(Refusal) as caught:
        make_room([answered(PENDING_SECONDS - 2.5), Guest("b")], at("c"), 2, full())
    assert (caught.value.code, caught.value.retry_after) == (Code.SERVER_FULL, 3)
    with pytest.raises(Refusal) as caught:
        make_room([Guest("a"), Guest("b")], at("c"), 2, full())
    assert caught.value.retry_after == PENDING_SECONDS


def test_few_peers_of_an_address_may_be_pending_while_places_are_free() -> None:
    with pytest.raises(Refusal, match="2 peers of your address, a, aren't connected yet") as caught:
        make_room([answered(1), answered(2), answered(60, "b")], at("a"), 4, full())
    assert (caught.value.code, caught.value.retry_after) == (Code.ADDRESS_FULL, 1)
    oldest = answered(8)
    assert make_room([answered(6), oldest, answered(60, "b")], at("a"), 4, full()) is oldest
    assert make_room([answered(1, None) for _ in range(3)], at(None), 4, full()) is None
