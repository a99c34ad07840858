"""What a receiver tells a sender about the path, by a clock of the test's own."""

import random
from collections.abc import Callable

import pytest

from holistic_rtc.media.receiver import BitrateEstimator, LossTolerance

PACKET = 1000
"""Bytes"""


class Path:
    """
    Carries packets to an estimator, whose sender does what it is told.

    :ivar capacity: bits per second; those that it doesn't carry wait, for `queue` seconds at most.
    """

    def __init__(self, *, capacity: float = 1e9, jitter: float = 0.0, loss: float = 0.0, queue: float = 0.5) -> None:
        self.now = 1000.0
        self.capacity, self.jitter, self.loss, self.queue = capacity, jitter, loss, queue
        self.rate = 500_000.0
        self.estimator = BitrateEstimator(lambda: self.now)
        self._random = random.Random(3)
        self._free_at = 0.0
        self._on_the_way: list[tuple[float, int]] = []

    def run(self, seconds: float, most: float = 1_500_000) -> None:
        sending = self.now
        end = sending + seconds
        while sending < end:
            sending += 8 * PACKET / self.rate
            self._send(sending)
            for arrival, sent in sorted(packet for packet in self._on_the_way if packet[0] <= sending):
                self._on_the_way.remove((arrival, sent))
                self.now = arrival
                if estimate := self.estimator.add(0, sent, PACKET, 7):
                    assert estimate[1] == [7]
                    self.rate = min(float(estimate[0]), most)
        self.now = max(self.now, end)

    def _send(self, at: float) -> None:
        leaves = max(at, self._free_at) + 8 * PACKET / self.capacity
        if self._random.random() < self.loss or leaves - at > self.queue:
            return
        self._free_at = leaves
        arrival = leaves + 0.02 + self.jitter * self._random.random()
        self._on_the_way.append((arrival, round(at * 2**18) % 2**24))


def test_a_good_path_lets_the_sender_reach_its_highest_rate() -> None:
    path = Path()
    # The time of sending wraps around after 64 s.
    path.run(70)
    assert path.rate == 1_500_000


def test_random_delay_and_loss_do_not_lower_the_rate() -> None:
    path = Path(jitter=0.2, loss=0.2)
    path.run(30)
    assert path.rate == 1_500_000


@pytest.mark.parametrize("jitter", [0.0, 0.1])
def test_a_slow_path_is_used_without_a_lasting_queue(jitter: float) -> None:
    path = Path(jitter=jitter)
    path.run(15)
    path.capacity = 300_000
    path.run(10)
    rates, queues = [], []
    for _ in range(40):
        path.run(0.5)
        rates.append(path.rate)
        queues.append(max(0.0, path._free_at - path.now))
    assert 150_000 < sum(rates) / len(rates) < 330_000
    assert sorted(queues)[20] < 0.2


def test_the_rate_is_back_soon_after_a_squeeze() -> None:
    path = Path()
    path.run(15)
    path.capacity = 300_000
    path.run(5)
    assert path.rate < 330_000
    path.capacity = 1e9
    path.run(10)
    assert path.rate > 1_000_000


def losses(tolerance: LossTolerance, clock: list[float], seconds: int, loss: Callable[[int], float]) -> list[bool]:
    told = []
    for second in range(seconds):
        clock[0] += 1
        told.append(tolerance.tolerates(100, round(100 * loss(second))))
    return told


def test_only_loss_that_sending_less_reduces_is_reported() -> None:
    clock = [0.0]
    tolerance = LossTolerance(lambda: clock[0])
    noise = random.Random(5)
    assert all(losses(tolerance, clock, 10, lambda _: 0.02))
    # Congestion: reported until it is over.
    assert not any(losses(tolerance, clock, 4, lambda _: 0.4))
    assert losses(tolerance, clock, 10, lambda _: 0.02)[-1]
    # Random loss: reported for a while only.
    told = losses(tolerance, clock, 30, lambda _: 0.25 + noise.uniform(-0.05, 0.05))
    assert not told[1]
    assert all(told[8:])
    # Congestion on top of it.
    assert not losses(tolerance, clock, 3, lambda _: 0.6)[-1]
