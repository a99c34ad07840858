import struct
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS
from holistic_rtc.recording import vrma
from tests.kit.takes import TIMES, waving_motion

TAKE = Path(__file__).parents[2] / "vectors" / "take.vrma"
"""Read by three-vrm-animation in web/tests/take.test.ts"""
COMPONENTS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


class Glb:
    """A reader that checks what glTF demands."""

    def __init__(self, data: bytes) -> None:
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert (kind, size % 4) == (b"JSON", 0)
        self.document: dict[str, Any] = orjson.loads(data[20 : 20 + size])
        binary_size, kind = struct.unpack_from("<I4s", data, 20 + size)
        self._data = data[28 + size :]
        assert (kind, binary_size) == (b"BIN\0", len(self._data))
        assert self.document["buffers"] == [{"byteLength": binary_size}]

    def array(self, accessor: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        described = self.document["accessors"][accessor]
        view = self.document["bufferViews"][described["bufferView"]]
        assert (described["componentType"], view["byteOffset"] % 4) == (5126, 0)
        components = COMPONENTS[described["type"]]
        assert view["byteLength"] == 4 * components * described["count"]
        numbers = np.frombuffer(self._data, "<f4", described["count"] * components, view["byteOffset"])
        return numbers.reshape(described["count"], components)


def test_the_take_that_three_vrm_reads_is_what_is_written() -> None:
    made, kept = Glb(vrma.write(waving_motion(), arkit=False)), Glb(TAKE.read_bytes())
    assert made.document == kept.document
    for accessor in range(len(kept.document["accessors"])):
        assert made.array(accessor) == pytest.approx(kept.array(accessor), abs=1e-6)


def test_a_glb_of_channels_over_the_same_rising_times() -> None:
    glb = Glb(vrma.write(waving_motion(), arkit=False))
    [animation] = glb.document["animations"]
    [times] = {sampler["input"] for sampler in animation["samplers"]}
    assert glb.array(times).ravel() == pytest.approx(np.array(TIMES) / 1000)
    described = glb.document["accessors"][times]
    assert (described["min"], described["max"]) == ([0], [pytest.approx(0.8)])
    for channel in animation["channels"]:
        values = glb.array(animation["samplers"][channel["sampler"]]["output"])
        assert len(values) == len(TIMES)
        if channel["target"]["path"] == "rotation":
            assert np.linalg.norm(values, axis=1) == pytest.approx(np.ones(len(TIMES)), abs=1e-5)


def test_eyes_are_a_direction_to_look_in_and_only_the_hips_move_from_their_place() -> None:
    glb = Glb(vrma.write(waving_motion(), arkit=False))
    extension = glb.document["extensions"]["VRMC_vrm_animation"]
    bones = {bone: value["node"] for bone, value in extension["humanoid"]["humanBones"].items()}
    assert set(bones) == set(BONES) - {"leftEye", "rightEye"}
    assert set(extension["expressions"]["preset"]) == {name for name in EXPRESSIONS if not name.startswith("look")}
    [animation] = glb.document["animations"]
    moved = {
        channel["target"]["node"] for channel in animation["channels"] if channel["target"]["path"] == "translation"
    }
    assert moved & set(bones.values()) == {bones["hips"]}
    look = extension["lookAt"]["node"]
    [channel] = [channel for channel in animation["channels"] if channel["target"]["node"] == look]
    gaze = glb.array(animation["samplers"][channel["sampler"]]["output"])
    assert gaze[-1] == pytest.approx([0, np.sin(np.radians(5)), 0, np.cos(np.radians(5))], abs=1e-6)


def test_arkit_s_names_in_place_of_the_presets() -> None:
    glb = Glb(vrma.write(waving_motion(), arkit=True))
    expressions = glb.document["extensions"]["VRMC_vrm_animation"]["expressions"]
    assert set(expressions) == {"custom"}
    assert set(expressions["custom"]) == set(ARKIT_BLENDSHAPES)
