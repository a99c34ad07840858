"""LiteRT (formerly TensorFlow Lite) with its XNNPACK kernels: the same networks and kernels as in MediaPipe."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from holistic_rtc.errors import ModelError, TrackerError
from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.networks import Network, check_shapes
from holistic_rtc.tracking.holistic.runtimes.runtime import finite


class LiteRTRuntime:
    """
    One interpreter per network.

    :param networks: the TFLite models.
    :param threads: of each interpreter.
    :raises ModelError: a network can't be loaded, or has other inputs or outputs than expected. The message names it.
    """

    name = "LiteRT"
    forks = True
    """Whether a process that has loaded the networks, for one thread, can fork, and the new process can run them"""

    def __init__(self, networks: Mapping[Network, bytes], threads: int = 1) -> None:
        self._loaded = {network: _Loaded(network, model, threads) for network, model in networks.items()}

    def run(self, network: Network, values: FloatArray) -> Sequence[FloatArray]:
        """See :meth:`.runtime.Runtime.run`."""
        if not self._loaded:
            raise TrackerError("the runtime is closed")
        return self._loaded[network].run(values)

    def close(self) -> None:
        self._loaded = {}


class _Loaded:
    def __init__(self, network: Network, model: bytes, threads: int) -> None:
        try:
            self._interpreter = Interpreter(model_content=model, num_threads=threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{network.file} can't be loaded: {error}") from error
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        if any(tensor["dtype"] is not np.float32 for tensor in (*inputs, *outputs)):
            raise ModelError(
                f"{network.file} in the model bundle isn't the expected network: its numbers aren't float32"
            )
        check_shapes(network, [_shape(tensor) for tensor in inputs], [_shape(tensor) for tensor in outputs])
        self._network = network
        # Views of the interpreter's own memory; it refuses to run while an array refers to it.
        self._input: Callable[[], FloatArray] = self._interpreter.tensor(inputs[0]["index"])
        self._outputs: list[Callable[[], FloatArray]] = [
            self._interpreter.tensor(tensor["index"]) for tensor in outputs
        ]

    def run(self, values: FloatArray) -> list[FloatArray]:
        self._input()[...] = values
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise TrackerError(f"{self._network.file} failed: {error}") from error
        return finite(self._network, [output().copy() for output in self._outputs])


def _shape(tensor: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(size) for size in tensor["shape"])
