"""The interface of inference runtimes."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from holistic_rtc.errors import TrackerError
from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.networks import Network


class Runtime(Protocol):
    """Runs the networks of one model bundle. A network must be run by one thread at a time, whichever it is."""

    name: str
    """The software's name"""

    def run(self, network: Network, values: FloatArray) -> Sequence[FloatArray]:
        """
        Run a network.

        :param values: its input, of the shape in :data:`.networks.SPECS` or with the same number of elements.
        :return: its outputs in the order of :data:`.networks.SPECS`, owned by the caller.
        :raises TrackerError: the runtime failed.
        """

    def close(self) -> None:
        """Free the networks. May be called twice."""


def finite(network: Network, outputs: list[FloatArray]) -> list[FloatArray]:
    """
    :return: the outputs.
    :raises TrackerError: they have infinite numbers or none.
    """
    if not all(np.isfinite(output).all() for output in outputs):
        raise TrackerError(f"{network.file} gave numbers that aren't finite")
    return outputs
