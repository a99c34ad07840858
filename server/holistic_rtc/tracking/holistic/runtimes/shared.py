"""A runtime for trackers on several threads."""

from collections.abc import Sequence
from threading import Lock

from holistic_rtc.errors import TrackerError
from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.networks import Network
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime


class SharedRuntime:
    """
    Lets one thread at a time run each network. Different networks run at the same time.

    :param runtime: which this one closes.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.name = runtime.name
        self.failed = False
        """Whether a network has failed, so that it has to be loaded again"""
        self._runtime = runtime
        self._locks = {network: Lock() for network in Network}

    def run(self, network: Network, values: FloatArray) -> Sequence[FloatArray]:
        """See :meth:`.runtime.Runtime.run`."""
        with self._locks[network]:
            try:
                return self._runtime.run(network, values)
            except TrackerError:
                self.failed = True
                raise

    def close(self) -> None:
        self._runtime.close()
