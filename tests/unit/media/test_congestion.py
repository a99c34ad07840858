"""The estimate of what a path carries, on simulated paths."""

import heapq
import itertools
import random
from dataclasses import dataclass

import pytest

from holistic_rtc.media.congestion import Congestion

MESSAGE, PACKET = 4, 1200
"""Packets of each landmark message, and bytes of each packet"""
MESSAGES = 25
"""A second"""
VIDEO = 1_500_000
"""Bits per second at most"""


@dataclass
class Path:
    rate: float = 20e6
    queue: float = 0.5
    delay: float = 0.04
    jitter: float = 0.0
    loss: float = 0.0


class Simulation:
    """Sends messages and video over a path, as much as allowed, and acknowledges the messages' packets."""

    def __init__(self, path: Path, *, data: bool = True) -> None:
        self.path = path
        self.now = 0.0
        self.congestion = Congestion(lambda: self.now)
        self.queues: list[float] = []
        self._data = data
        self._random = random.Random(1)
        self._free_at = 0.0
        self._numbers = itertools.count()
        self._arriving: list[tuple[float, int, bool, float]] = []
        self._messages = self._video = 0.0
        self._expected = self._lost = 0
        self._reported_at = self._heard_at = 0.0

    def run(self, seconds: float) -> float:
        """
        :return: the mean of the rate in the last half, in bits per second.
        """
        rates, end, step = [], self.now + seconds, 1 / 200
        while self.now < end:
            self.now += step
            while self._arriving and self._arriving[0][0] <= self.now:
                at, _, arrived, sent_at = heapq.heappop(self._arriving)
                if arrived:
                    self._heard_at = self.now
                    self.congestion.arrived([PACKET], at - sent_at)
                else:
                    self.congestion.lost()
            if self._data and self.now - self._heard_at > 1:
                self._heard_at = self.now
                self.congestion.silent()
            rate = self.congestion.rate
            room = max(rate - min(100_000, 0.3 * rate), 0)
            self._messages = min(self._messages + step * min(MESSAGES * MESSAGE, room / PACKET / 8), 2 * MESSAGE)
            while self._data and self._messages >= MESSAGE:
                self._messages -= MESSAGE
                for _ in range(MESSAGE):
                    self.congestion.data_sent(PACKET, copied=False)
                    self._send(acknowledged=True)
            self._video += step * max(60_000, min(VIDEO, rate - self.congestion.data_rate)) / PACKET / 8
            while self._video >= 1:
                self._video -= 1
                self._send(acknowledged=False)
            if not self._data and self.now - self._reported_at > 1 and self._expected:
                self._reported_at = self.now
                self.congestion.reported(self._lost / self._expected)
                self._expected = self._lost = 0
            self.queues.append(max(0.0, self._free_at - self.now))
            rates.append(rate)
        return sum(rates[len(rates) // 2 :]) / (len(rates) - len(rates) // 2)

    def _send(self, *, acknowledged: bool) -> None:
        path = self.path
        self.congestion.sent(PACKET)
        leaves = max(self.now, self._free_at) + PACKET * 8 / path.rate
        lost = self._random.random() < path.loss or leaves - self.now > path.queue
        self._expected += 1
        self._lost += lost
        if leaves - self.now <= path.queue:
            self._free_at = leaves
        if acknowledged:
            at = self.now + 1 if lost else leaves + path.delay + self._random.random() * path.jitter
            heapq.heappush(self._arriving, (at, next(self._numbers), not lost, self.now))


@pytest.mark.parametrize(
    ("rate", "queue"),
    [(150_000, 1), (300_000, 0.5), (300_000, 1), (700_000, 0.2), (700_000, 1), (1_500_000, 0.2)],
)
def test_the_rate_comes_down_to_what_the_path_carries_and_the_queue_goes(rate: float, queue: float) -> None:
    simulation = Simulation(Path())
    simulation.run(3)
    simulation.path = Path(rate=rate, queue=queue)
    simulation.run(6)
    simulation.queues.clear()
    assert 0.5 * rate < simulation.run(20) < 1.4 * rate
    assert sorted(simulation.queues)[len(simulation.queues) // 2] < 0.4 * queue + 0.1


@pytest.mark.parametrize("jitter", [0.0, 0.2, 0.4])
@pytest.mark.parametrize("loss", [0.0, 0.05, 0.2])
def test_random_loss_and_delay_are_no_congestion(loss: float, jitter: float) -> None:
    simulation = Simulation(Path(loss=loss, jitter=jitter))
    simulation.run(6)
    assert simulation.run(20) > 1_200_000


def test_a_path_that_carries_more_again_is_used() -> None:
    simulation = Simulation(Path())
    simulation.run(3)
    simulation.path = Path(rate=300_000)
    simulation.run(5)
    simulation.path = Path()
    simulation.run(10)
    assert simulation.congestion.rate > 900_000


def test_without_data_channels_reported_loss_lowers_the_rate() -> None:
    simulation = Simulation(Path(rate=700_000, queue=0.1), data=False)
    simulation.run(6)
    assert simulation.run(15) < 900_000


def test_silence_lowers_the_rate() -> None:
    simulation = Simulation(Path())
    simulation.run(2)
    rate = simulation.congestion.rate
    simulation.congestion.silent()
    assert simulation.congestion.rate == rate / 2
