"""Several threads at one runtime."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from holistic_rtc.errors import TrackerError
from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.networks import Network
from holistic_rtc.tracking.holistic.runtimes.shared import SharedRuntime

NOTHING = np.zeros(1, np.float32)


class Inner:
    """
    :param run: what happens while a network runs.
    """

    name = "inner"

    def __init__(self, run: Callable[[Network], object]) -> None:
        self._run = run

    def run(self, network: Network, values: FloatArray) -> Sequence[FloatArray]:
        self._run(network)
        return [values]

    def close(self) -> None:
        pass


def test_different_networks_run_at_the_same_time() -> None:
    met = threading.Barrier(2, timeout=10)
    runtime = SharedRuntime(Inner(lambda network: met.wait()))
    with ThreadPoolExecutor() as threads:
        runs = [threads.submit(runtime.run, network, NOTHING) for network in (Network.POSE, Network.HAND)]
    assert [run.result() for run in runs] == [[NOTHING], [NOTHING]]
    assert not runtime.failed


def test_a_network_runs_once_at_a_time() -> None:
    running = 0
    most = 0

    def run(network: Network) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.001)
        running -= 1

    runtime = SharedRuntime(Inner(run))
    with ThreadPoolExecutor(max_workers=3) as threads:
        for _ in range(30):
            threads.submit(runtime.run, Network.POSE, NOTHING)
    assert most == 1


def test_a_failure_is_remembered_and_others_can_go_on() -> None:
    def run(network: Network) -> None:
        if network is Network.FACE:
            raise TrackerError("out of order")

    runtime = SharedRuntime(Inner(run))
    with pytest.raises(TrackerError, match="out of order"):
        runtime.run(Network.FACE, NOTHING)
    assert runtime.failed
    for _ in range(2):
        assert runtime.run(Network.POSE, NOTHING) == [NOTHING]
