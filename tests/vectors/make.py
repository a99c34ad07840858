"""
Makes the vectors beside it: landmark messages, and what a reader must find in them.

- ``NAME.bin`` and ``NAME.message.json`` are one message in both encodings.
- ``NAME.expected.json`` has the numbers that a reader must find in ``NAME.bin``.
- ``refused.json`` has messages that a reader must refuse: FlatBuffers in base64, and JSON as text.

Run it from the project's root: ``.venv/bin/python tests/vectors/make.py FOLDER``, with the folder of the shared test
media. The person is an artificial one, the upper body the portrait of Grace Hopper; the rig is made up.
"""

import base64
import dataclasses
import json as stdlib_json
import struct
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from PIL import Image

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import BLENDSHAPE_NAMES, Part
from holistic_rtc.model.result import FloatArray, HolisticResult
from holistic_rtc.model.rig import RIG_SHAPES, Rig
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS
from holistic_rtc.motion.refine import Refiner
from holistic_rtc.sample import portrait
from holistic_rtc.tracking.mediapipe.engine import MediaPipeTracker
from holistic_rtc.wire import as_flatbuffers, as_json, landmarks_generated

HERE = Path(__file__).parent
SCHEMA = HERE.parents[1] / "schema" / "landmarks.fbs"
HEADER = ("seq", "timestamp_ms", "width", "height", "track", "person")

# What a newer version of the schema might add: a struct, a number and a text.
NEWER_FIELDS = "gaze:Gaze; lighting:float32; note:string;"
NEWER = {"gaze": {"direction": [0.25, -0.5, 0.75]}, "lighting": 0.5, "note": "from a newer server"}


def main() -> None:
    media = Path(sys.argv[1])
    person = tracked(media / "both_hands.png", seq=1800, timestamp_ms=60_000, track=0)
    write("person", person)
    upper_body = tracked(portrait(), seq=0, timestamp_ms=0, track=1)
    write("upper_body", upper_body)
    write("second_person", dataclasses.replace(upper_body, seq=1800, timestamp_ms=60_000, track=0, person=1))
    rig = dataclasses.replace(
        person, result=HolisticResult(face_transform=person.result.face_transform), rig=made_up_rig()
    )
    write("rig", rig)
    nobody = tracked(media / "nobody.jpg", seq=2**32 - 1, timestamp_ms=2**32 - 2, track=255)
    write("nobody", nobody)
    write_newer(dataclasses.replace(person, seq=1801, timestamp_ms=60_033))
    refused = {
        "flatbuffers": {name: base64.b64encode(data).decode() for name, data in refused_bytes(person, rig).items()},
        "json": refused_texts(rig),
    }
    (HERE / "refused.json").write_text(stdlib_json.dumps(refused, indent=1) + "\n")


def tracked(picture: Path, *, seq: int, timestamp_ms: int, track: int) -> LandmarkMessage:
    with Image.open(picture) as opened:
        image = np.asarray(opened.convert("RGB"))
    tracker = MediaPipeTracker(find(PoseModel.LITE).path)
    result = tracker.track(image, 0).get(0, HolisticResult())
    tracker.close()
    height, width = image.shape[:2]
    result = Refiner().refine(result, width, height, 0, smoothing=False)
    return LandmarkMessage(seq, timestamp_ms, width, height, track, result)


def made_up_rig() -> Rig:
    """No pose that a body could take: each number is another one."""
    axes = np.array([[np.cos(i), np.sin(i), np.sin(2 * i)] for i in range(len(BONES))])
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    half_angles = np.linspace(-1.5, 1.5, len(BONES))[:, None]
    return Rig(
        rotations=np.hstack((axes * np.sin(half_angles), np.cos(half_angles))).astype(np.float32),
        hips_position=np.array([0.125, 0.90625, -0.25], np.float32),
        expressions=np.linspace(0, 1, len(EXPRESSIONS), dtype=np.float32),
        arkit=np.linspace(1, 0, len(ARKIT_BLENDSHAPES), dtype=np.float32),
    )


def write(name: str, message: LandmarkMessage) -> None:
    write_bytes(name, as_flatbuffers.encode(message), as_json.encode(message))


def write_bytes(name: str, data: bytes, text: bytes) -> None:
    (HERE / f"{name}.bin").write_bytes(data)
    (HERE / f"{name}.message.json").write_bytes(text)
    message = as_flatbuffers.decode(data)
    arrays = {field.name: getattr(message.result, field.name) for field in dataclasses.fields(HolisticResult)}
    expected = {
        **{name: getattr(message, name) for name in HEADER},
        **{name: numbers(array) for name, array in arrays.items() if array is not None},
    }
    if message.rig is not None:
        expected["rig"] = {name: numbers(getattr(message.rig, name)) for name in RIG_SHAPES}
    (HERE / f"{name}.expected.json").write_bytes(orjson.dumps(expected) + b"\n")


def numbers(array: FloatArray) -> Any:
    return array.astype(float).round(7).tolist()


def write_newer(message: LandmarkMessage) -> None:
    """The message as a newer server would send it, written by flatc, which lays it out in another way than we do."""
    schema = SCHEMA.read_text().replace(
        "table Landmarks {", "struct Gaze { direction:[float32:3]; }\ntable Landmarks {"
    )
    schema = schema.replace("person:uint8;", "person:uint8; " + NEWER_FIELDS)
    root = landmarks_generated.Landmarks.GetRootAs(as_flatbuffers.encode(message), 0)
    hands = {part: getattr(root, part.title().replace("_", ""))() for part in Part if "hand" in part}
    document: dict[str, Any] = {
        **{name: getattr(message, name) for name in HEADER},
        "pose": {"xyz": root.Pose().Xyz(), "visibility": root.Pose().Visibility()},
        "pose_world": {"xyz": root.PoseWorld().Xyz()},
        "face": {"xyz": root.Face().Xyz()},
        "blendshapes": {"score": root.Blendshapes().Score()},
        **{part: {"xyz": hand.Xyz()} for part, hand in hands.items()},
        "face_transform": {"position": root.FaceTransform().Position(), "rotation": root.FaceTransform().Rotation()},
        **NEWER,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "newer.fbs").write_text(schema)
        (path / "newer.json").write_text(stdlib_json.dumps(document))
        flatc = Path(sysconfig.get_path("scripts")) / "flatc"
        subprocess.run([flatc, "--binary", "-o", path, path / "newer.fbs", path / "newer.json"], check=True)
        data = (path / "newer.bin").read_bytes()
    text = orjson.loads(as_json.encode(message)) | NEWER
    text["blendshapes"]["tongueOut"] = 0.5
    text["face_transform"]["scale"] = 1
    write_bytes("newer", data, orjson.dumps(text))


def refused_bytes(person: LandmarkMessage, rig: LandmarkMessage) -> dict[str, bytes]:
    whole = as_flatbuffers.encode(person, {Part.LEFT_HAND, Part.FACE_TRANSFORM})
    table, vtable = tables(whole)
    transform = field(whole, 13)

    def changed(position: int, data: bytes) -> bytes:
        return replaced(whole, position, data)

    avatar = as_flatbuffers.encode(rig, {Part.RIG})
    hips_position = field(avatar, 14)
    rotations = hips_position + 12
    last_rotation = rotations + 8 * (len(BONES) - 1)

    return {
        "nothing": b"",
        "one byte": b"\0",
        "another program's bytes": changed(4, b"XXXX"),
        "version 2": changed(4, b"HRL2"),
        "cut in the middle": whole[: len(whole) // 2],
        "identifier alone": whole[:8],
        "table beyond the end": changed(0, struct.pack("<I", len(whole))),
        "table far beyond the end": changed(0, struct.pack("<I", 2**32 - 1)),
        "vtable before the start": changed(table, struct.pack("<i", table + 1)),
        "vtable beyond the end": changed(table, struct.pack("<i", table - len(whole))),
        "vtable longer than the message": changed(vtable, struct.pack("<H", 65534)),
        "table longer than the message": changed(vtable + 2, struct.pack("<H", 65535)),
        "field beyond its table": changed(vtable + 4, struct.pack("<H", 65535)),
        "field on the offset of the vtable": changed(vtable + 4, struct.pack("<H", 2)),
        "position not a number": changed(transform, struct.pack("<f", float("nan"))),
        "position infinite": changed(transform, struct.pack("<f", float("inf"))),
        "rotation of zeros": changed(transform + 12, bytes(8)),
        "rotation too long": changed(transform + 12, struct.pack("<4h", *[32767] * 4)),
        "rig cut": avatar[:-8],
        "rig's hips not a number": replaced(avatar, hips_position, struct.pack("<f", float("nan"))),
        "rig's hips infinite": replaced(avatar, hips_position + 8, struct.pack("<f", float("-inf"))),
        "rig's first rotation of zeros": replaced(avatar, rotations, bytes(8)),
        "rig's last rotation too long": replaced(avatar, last_rotation, struct.pack("<4h", *[32767] * 4)),
    }


def replaced(data: bytes, position: int, new: bytes) -> bytes:
    return data[:position] + new + data[position + len(new) :]


def tables(data: bytes) -> tuple[int, int]:
    """Where the table and its vtable begin."""
    (table,) = struct.unpack_from("<I", data, 0)
    return table, table - struct.unpack_from("<i", data, table)[0]


def field(data: bytes, index: int) -> int:
    """Where the table's field of that slot begins."""
    table, vtable = tables(data)
    (offset,) = struct.unpack_from("<H", data, vtable + 4 + 2 * index)
    assert offset
    return int(table + offset)


def refused_texts(message: LandmarkMessage) -> dict[str, str]:
    header = {"seq": 1, "timestamp_ms": 2, "width": 640, "height": 480, "track": 0}
    hand = [[0.5, 0.5, 0.0]] * 21
    position, rotation = [0, 0, -40], [0, 0, 0, 1]
    rig = orjson.loads(as_json.encode(message))["rig"]
    bones = rig["bones"]
    documents: dict[str, dict[str, Any]] = {
        "seq negative": {"seq": -1},
        "seq beyond 32 bits": {"seq": 2**32},
        "seq a fraction": {"seq": 0.5},
        "seq a truth value": {"seq": True},
        "seq null": {"seq": None},
        "width beyond 16 bits": {"width": 65536},
        "track beyond 8 bits": {"track": 256},
        "person beyond 8 bits": {"person": 256},
        "person null": {"person": None},
        "part null": {"left_hand": None},
        "part a word": {"left_hand": "hand"},
        "too few points": {"left_hand": hand[:20]},
        "too many points": {"left_hand": [*hand, [0, 0, 0]]},
        "a point of two numbers": {"left_hand": [*hand[:20], [0.5, 0.5]]},
        "a coordinate null": {"left_hand": [*hand[:20], [0.5, 0.5, None]]},
        "a coordinate an object": {"left_hand": [*hand[:20], [0.5, 0.5, {}]]},
        "a coordinate beyond single precision": {"left_hand": [*hand[:20], [0.5, 0.5, 1e300]]},
        "words for numbers": {"left_hand": [["0.5", "0.5", "0"]] * 21},
        "truth values for numbers": {"left_hand": [[True, False, True]] * 21},
        "pose without visibility": {"pose": [[0, 0, 0]] * 33},
        "visibility without pose": {"pose_visibility": [0] * 33},
        "blendshapes a list": {"blendshapes": [0] * 52},
        "blendshapes with names missing": {"blendshapes": {"_neutral": 0}},
        "blendshapes of words": {"blendshapes": dict.fromkeys(BLENDSHAPE_NAMES, "0")},
        "transform a matrix": {"face_transform": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]},
        "transform without position": {"face_transform": {"rotation": rotation}},
        "transform without rotation": {"face_transform": {"position": position}},
        "rotation of three numbers": {"face_transform": {"position": position, "rotation": [0, 0, 1]}},
        "rotation of zeros": {"face_transform": {"position": position, "rotation": [0, 0, 0, 0]}},
        "rotation too long": {"face_transform": {"position": position, "rotation": [1, 1, 1, 1]}},
        "rig null": {"rig": None},
        "rig a list": {"rig": list(bones.values())},
        "rig without position": {"rig": without(rig, "hips_position")},
        "rig without bones": {"rig": without(rig, "bones")},
        "rig without expressions": {"rig": without(rig, "expressions")},
        "rig without ARKit's scores": {"rig": without(rig, "arkit")},
        "rig's bones a list": {"rig": {**rig, "bones": list(bones.values())}},
        "rig's bones with one missing": {"rig": {**rig, "bones": without(bones, "rightFoot")}},
        "rig's bones with one null": {"rig": {**rig, "bones": {**bones, "rightFoot": None}}},
        "rig's rotation of three numbers": {"rig": {**rig, "bones": {**bones, "rightFoot": [0, 0, 1]}}},
        "rig's rotation of zeros": {"rig": {**rig, "bones": {**bones, "rightFoot": [0, 0, 0, 0]}}},
        "rig's rotation too long": {"rig": {**rig, "bones": {**bones, "rightFoot": [1, 1, 1, 1]}}},
        "rig's hips of two numbers": {"rig": {**rig, "hips_position": [0, 1]}},
        "rig's expressions with one missing": {"rig": {**rig, "expressions": without(rig["expressions"], "aa")}},
        "rig's expressions of words": {"rig": {**rig, "expressions": dict.fromkeys(EXPRESSIONS, "0")}},
        "rig's ARKit scores with one missing": {"rig": {**rig, "arkit": without(rig["arkit"], "tongueOut")}},
    }
    return {
        "nothing": "",
        "not JSON": "{",
        "a text": '"text"',
        "a list": "[]",
        "null": "null",
        "no header": "{}",
        "lists without end": "[" * 3000,
        "a number beyond double precision": stdlib_json.dumps(header).replace('"seq": 1', '"seq": 1e999'),
        **{name: stdlib_json.dumps({**header, **change}) for name, change in documents.items()},
    }


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


if __name__ == "__main__":
    main()
