"""Avatars as files: small VRM models of both versions, with the rig's own skeleton, made here."""

import json
import struct
from io import BytesIO
from typing import Any, Literal

import numpy as np
from PIL import Image

from holistic_rtc.model.rig import OFFSETS
from holistic_rtc.model.skeleton import BONES, PARENTS

Json = dict[str, Any]

_BLOCKS = ("head", "chest", "hips", "leftHand", "rightHand")
"""These bones carry what is to be seen, which is a cube."""

# VRM 0.x calls the thumb's first bone proximal.
_THUMBS_OF_0_X = {"ThumbMetacarpal": "ThumbProximal", "ThumbProximal": "ThumbIntermediate"}
_LOOK_RANGE = {"inputMaxValue": 90, "outputScale": 10}
_LOOK_CURVE = {"curve": [0, 0, 0, 1, 1, 1, 1, 0], "xRange": 90, "yRange": 10}


def vrm_file(version: Literal["0.x", "1.0"], *, scale: float = 1) -> bytes:
    """
    A textured avatar with all bones of the rig, a morph for the mouth and one for both eyes.

    :param scale: of a person 1.70 m tall.
    """
    return glb(_add_humanoid(_model(scale, facing=1 if version == "1.0" else -1), version))


def plain_glb() -> bytes:
    """The same model without a word of it being an avatar."""
    return glb(_model(1, facing=1))


def glb(model: tuple[Json, bytes]) -> bytes:
    """glTF 2.0, "GLB File Format Specification": a header, the JSON and the binary buffer."""
    document, buffer = model
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(buffer), b"BIN\0") + buffer
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _model(scale: float, facing: Literal[1, -1]) -> tuple[Json, bytes]:
    cube = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32) * 0.05 * scale
    faces = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    indices = np.array([face[i] for face in faces for i in (0, 1, 2, 0, 2, 3)], np.uint16)
    picture = BytesIO()
    Image.new("RGB", (4, 4), (240, 120, 60)).save(picture, "PNG")
    parts = [
        cube.tobytes(),
        np.zeros((8, 2), np.float32).tobytes(),
        indices.tobytes(),
        (cube * 0.5).tobytes(),
        picture.getvalue(),
    ]
    buffer, views = b"", []
    for part in parts:
        views.append({"buffer": 0, "byteOffset": len(buffer), "byteLength": len(part)})
        buffer += part + bytes(-len(part) % 4)

    def vectors(view: int, kind: str, values: np.ndarray) -> Json:
        bounds = {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
        return {"bufferView": view, "componentType": 5126, "count": len(values), "type": kind, **bounds}

    offsets = OFFSETS * scale * (facing, 1, facing)
    nodes: list[Json] = [
        {"name": bone, "translation": offset.tolist(), "children": [i for i, up in enumerate(PARENTS) if up == index]}
        for index, (bone, offset) in enumerate(zip(BONES, offsets, strict=True))
    ]
    for node in nodes:
        if not node["children"]:
            del node["children"]
    for bone in _BLOCKS:
        nodes[BONES.index(bone)]["mesh"] = 0
    document: Json = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": nodes,
        "meshes": [
            {
                "primitives": [
                    {
                        "attributes": {"POSITION": 0, "TEXCOORD_0": 1},
                        "indices": 2,
                        "material": 0,
                        "targets": [{"POSITION": 3}, {"POSITION": 3}],
                    }
                ]
            }
        ],
        "materials": [{"name": "block", "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
        "textures": [{"source": 0}],
        "images": [{"bufferView": 4, "mimeType": "image/png"}],
        "accessors": [
            vectors(0, "VEC3", cube),
            vectors(1, "VEC2", np.zeros((8, 2))),
            {"bufferView": 2, "componentType": 5123, "count": len(indices), "type": "SCALAR"},
            vectors(3, "VEC3", cube * 0.5),
        ],
        "bufferViews": views,
        "buffers": [{"byteLength": len(buffer)}],
    }
    return document, buffer


def _add_humanoid(model: tuple[Json, bytes], version: Literal["0.x", "1.0"]) -> tuple[Json, bytes]:
    document, buffer = model
    name, extension = ("VRMC_vrm", _vrm_1_0()) if version == "1.0" else ("VRM", _vrm_0_x())
    return {**document, "extensionsUsed": [name], "extensions": {name: extension}}, buffer


def _vrm_1_0() -> Json:
    """VRMC_vrm-1.0, https://github.com/vrm-c/vrm-specification."""
    head = BONES.index("head")
    return {
        "specVersion": "1.0",
        "meta": {
            "name": "test",
            "authors": ["holistic-rtc"],
            "licenseUrl": "https://vrm.dev/licenses/1.0/",
        },
        "humanoid": {"humanBones": {bone: {"node": index} for index, bone in enumerate(BONES)}},
        "expressions": {
            "preset": {
                preset: {"morphTargetBinds": [{"node": head, "index": morph, "weight": 1}]}
                for preset, morph in (("aa", 0), ("blink", 1))
            }
        },
        "lookAt": {
            "type": "bone",
            "offsetFromHeadBone": [0, 0.06, 0],
            **{
                f"rangeMap{direction}": _LOOK_RANGE
                for direction in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
            },
        },
    }


def _vrm_0_x() -> Json:
    """The extension that was there before VRM 1.0, as its exporters write it."""
    return {
        "specVersion": "0.0",
        "exporterVersion": "holistic-rtc",
        "meta": {"title": "test", "author": "holistic-rtc", "licenseName": "CC0"},
        "humanoid": {
            "humanBones": [
                {"bone": _name_in_0_x(bone), "node": index, "useDefaultValues": True}
                for index, bone in enumerate(BONES)
            ]
        },
        "firstPerson": {
            "firstPersonBone": BONES.index("head"),
            "firstPersonBoneOffset": {"x": 0, "y": 0.06, "z": 0},
            "meshAnnotations": [],
            "lookAtTypeName": "Bone",
            **{
                f"lookAt{direction}": _LOOK_CURVE
                for direction in ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
            },
        },
        "blendShapeMaster": {
            "blendShapeGroups": [
                {"name": name, "presetName": preset, "binds": [{"mesh": 0, "index": morph, "weight": 100}]}
                for name, preset, morph in (("A", "a", 0), ("Blink", "blink", 1))
            ]
        },
        "secondaryAnimation": {"boneGroups": [], "colliderGroups": []},
        "materialProperties": [{"name": "block", "shader": "VRM_USE_GLTFSHADER", "renderQueue": 2000}],
    }


def _name_in_0_x(bone: str) -> str:
    for name, older in _THUMBS_OF_0_X.items():
        if bone.endswith(name):
            return bone.removesuffix(name) + older
    return bone
