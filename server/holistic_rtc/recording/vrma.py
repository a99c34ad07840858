"""Motion as VRM Animation (``.vrma``), which moves any VRM avatar: a binary glTF without meshes.

Source: VRMC_vrm_animation 1.0, https://github.com/vrm-c/vrm-specification, and glTF 2.0.
"""

import struct
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import FloatArray
from holistic_rtc.model.rig import OFFSETS
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONE_INDEX, BONES, EXPRESSIONS, PARENTS
from holistic_rtc.recording.format import Add, Format, Options
from holistic_rtc.recording.motion import LONGEST, Motion, writing_motion

_EYES = ("leftEye", "rightEye")
"""Bones that the format replaces by a gaze direction, as it does ``lookUp``, ``lookDown``, ``lookLeft`` and
``lookRight``"""
_FLOAT = 5126
_COMPONENTS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


def write(motion: Motion, *, arkit: bool) -> bytes:
    """
    Encode a motion.

    :param arkit: whether to write 52 custom expressions with ARKit's names instead of VRM's presets.
    :return: the file's content.
    """
    return _Animation(motion, arkit=arkit).glb()


class _Animation:
    def __init__(self, motion: Motion, *, arkit: bool) -> None:
        self._nodes: list[dict[str, Any]] = []
        self._roots: list[int] = []
        self._views: list[dict[str, int]] = []
        self._accessors: list[dict[str, Any]] = []
        self._samplers: list[dict[str, Any]] = []
        self._channels: list[dict[str, Any]] = []
        self._data = bytearray()
        times = motion.times.astype(np.float32)
        self._times = self._add_array(times, "SCALAR", min=[float(times[0])], max=[float(times[-1])])
        self._extension = {
            "specVersion": "1.0",
            "humanoid": {"humanBones": self._add_bones(motion)},
            "expressions": self._add_expressions(motion, arkit=arkit),
            "lookAt": self._add_gaze(motion),
        }

    def _add_bones(self, motion: Motion) -> dict[str, dict[str, int]]:
        bones: dict[str, int] = {}
        for index, (bone, parent) in enumerate(zip(BONES, PARENTS, strict=True)):
            if bone in _EYES:
                continue
            node = self._add_node(bone, _metres(OFFSETS[index]), None if parent < 0 else bones[BONES[parent]])
            bones[bone] = node
            self._animate(node, "rotation", motion.rotations[:, index])
        self._animate(bones["hips"], "translation", motion.hips_positions)
        return {bone: {"node": node} for bone, node in bones.items()}

    def _add_expressions(self, motion: Motion, *, arkit: bool) -> dict[str, dict[str, dict[str, int]]]:
        names, scores = (ARKIT_BLENDSHAPES, motion.arkit) if arkit else (EXPRESSIONS, motion.expressions)
        expressions = {}
        for name, weights in zip(names, scores.T, strict=True):
            if name.startswith("look"):
                continue
            node = self._add_node(name)
            expressions[name] = {"node": node}
            # The format stores a weight as the x coordinate of a translation.
            self._animate(node, "translation", np.pad(weights[:, None], ((0, 0), (0, 2))))
        return {"custom" if arkit else "preset": expressions}

    def _add_gaze(self, motion: Motion) -> dict[str, Any]:
        left, right = (motion.rotations[:, BONE_INDEX[eye]] for eye in _EYES)
        # Both rotations are small and similar, so their normalised sum is halfway between them.
        middle = np.where(np.sum(left * right, axis=1, keepdims=True) < 0, left - right, left + right)
        node = self._add_node("lookAt")
        self._animate(node, "rotation", middle / np.linalg.norm(middle, axis=1, keepdims=True))
        return {"node": node, "offsetFromHeadBone": [0.0, *_metres(OFFSETS[BONE_INDEX["leftEye"]])[1:]]}

    def _add_node(self, name: str, translation: list[float] | None = None, parent: int | None = None) -> int:
        index = len(self._nodes)
        self._nodes.append({"name": name} | ({"translation": translation} if translation else {}))
        siblings = self._roots if parent is None else self._nodes[parent].setdefault("children", [])
        siblings.append(index)
        return index

    def _animate(self, node: int, path: str, values: NDArray[np.floating]) -> None:
        output = self._add_array(values, "VEC4" if path == "rotation" else "VEC3")
        self._channels.append({"sampler": len(self._samplers), "target": {"node": node, "path": path}})
        self._samplers.append({"input": self._times, "interpolation": "LINEAR", "output": output})

    def _add_array(self, values: NDArray[np.floating], kind: str, **limits: list[float]) -> int:
        data = np.ascontiguousarray(values, "<f4").tobytes()
        self._accessors.append(
            {"bufferView": len(self._views), "componentType": _FLOAT, "count": len(values), "type": kind, **limits}
        )
        self._views.append({"buffer": 0, "byteOffset": len(self._data), "byteLength": len(data)})
        self._data += data
        return len(self._accessors) - 1

    def glb(self) -> bytes:
        """Source: glTF 2.0, "GLB file format". All values have 4 bytes, so only the JSON needs padding."""
        document = {
            "asset": {"version": "2.0", "generator": "holistic-rtc"},
            "extensionsUsed": ["VRMC_vrm_animation"],
            "extensions": {"VRMC_vrm_animation": self._extension},
            "scene": 0,
            "scenes": [{"nodes": self._roots}],
            "nodes": self._nodes,
            "animations": [{"name": "take", "samplers": self._samplers, "channels": self._channels}],
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._data)}],
        }
        text = orjson.dumps(document)
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(self._data), b"BIN\0")
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks) + len(self._data)) + chunks + self._data


def _metres(offset: FloatArray) -> list[float]:
    return [round(value, 4) for value in offset.tolist()]


def _writing(path: Path, options: Options) -> AbstractContextManager[Add]:
    return writing_motion(path, lambda motion, path: path.write_bytes(write(motion, arkit=options.arkit)))


FORMAT = Format(".vrma", "VRM Animation", frozenset({Part.RIG}), _writing, longest=LONGEST, heeds=frozenset({"arkit"}))
