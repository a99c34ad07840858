"""With the real pose network."""

import zipfile

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.pruning import without_output

MASK = 2


@pytest.fixture(scope="module")
def network() -> bytes:
    with zipfile.ZipFile(find(PoseModel.LITE).path) as bundle:
        return bundle.read("pose_landmarks_detector.tflite")


def run(model: bytes, values: FloatArray) -> list[FloatArray]:
    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    return [interpreter.get_tensor(tensor["index"]) for tensor in interpreter.get_output_details()]


def test_the_other_outputs_stay_the_same_bit_for_bit(network: bytes) -> None:
    values = np.random.default_rng(1).random((1, 256, 256, 3), np.float32)
    before, after = run(network, values), run(without_output(network, MASK), values)
    del before[MASK]
    assert len(after) == len(before) == 4
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_operators_that_only_the_output_needs_are_gone(network: bytes) -> None:
    def operators(model: bytes) -> int:
        return len(Interpreter(model_content=model)._get_ops_details())

    assert operators(without_output(network, MASK)) < operators(network)


@pytest.mark.parametrize("model", [b"", b"not a network", bytes(64)])
def test_what_is_not_a_network_is_rejected(model: bytes) -> None:
    with pytest.raises(ValueError, match="TFLite|outputs"):
        without_output(model, MASK)


def test_an_output_that_is_not_there_is_rejected(network: bytes) -> None:
    with pytest.raises(ValueError, match="5 outputs"):
        without_output(network, 5)
