"""
Makes the vectors beside it: landmark messages, and what a reader must find in them.

- ``NAME.bin`` and ``NAME.message.json`` are one message in both encodings.
- ``NAME.expected.json`` has the numbers that a reader must find in ``NAME.bin``.
- ``refused.json`` has messages that a reader must refuse: FlatBuffers in base64, and JSON as text.

Run it from the project's root: ``.venv/bin/python tests/vectors/make.py FOLDER``, with the folder of the shared test
media. The person is an artificial one, the upper body the portrait that matplotlib ships.
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

import cv2
import orjson

from holistic_rtc.landmarks import codec, json, landmarks_generated
from holistic_rtc.landmarks.message import LandmarkMessage, Part
from holistic_rtc.sample import portrait
from holistic_rtc.tracking.base import HolisticResult
from holistic_rtc.tracking.blendshapes import BLENDSHAPE_NAMES
from holistic_rtc.tracking.mediapipe import MediaPipeTracker
from holistic_rtc.tracking.models import PoseModel, find
from holistic_rtc.tracking.refine import Refiner

HERE = Path(__file__).parent
SCHEMA = HERE.parents[1] / "schema" / "landmarks.fbs"
HEADER = ("seq", "timestamp_ms", "width", "height", "track")

# What a newer version of the schema might add: a struct, a number and a text.
NEWER_FIELDS = "gaze:Gaze; lighting:float32; note:string;"
NEWER = {"gaze": {"direction": [0.25, -0.5, 0.75]}, "lighting": 0.5, "note": "from a newer server"}


def main() -> None:
    media = Path(sys.argv[1])
    person = tracked(media / "both_hands.png", seq=1800, timestamp_ms=60_000, track=0)
    write("person", person)
    write("upper_body", tracked(portrait(), seq=0, timestamp_ms=0, track=1))
    nobody = tracked(media / "nobody.jpg", seq=2**32 - 1, timestamp_ms=2**32 - 2, track=255)
    write("nobody", nobody)
    write_newer(dataclasses.replace(person, seq=1801, timestamp_ms=60_033))
    refused = {
        "flatbuffers": {name: base64.b64encode(data).decode() for name, data in refused_bytes(person).items()},
        "json": refused_texts(),
    }
    (HERE / "refused.json").write_text(stdlib_json.dumps(refused, indent=1) + "\n")


def tracked(picture: Path, *, seq: int, timestamp_ms: int, track: int) -> LandmarkMessage:
    image = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
    tracker = MediaPipeTracker(find(PoseModel.LITE).path)
    result = tracker.track(image, 0)
    tracker.close()
    height, width = image.shape[:2]
    result = Refiner().refine(result, width, height, 0, smoothing=False)
    return LandmarkMessage(seq, timestamp_ms, width, height, track, result)


def write(name: str, message: LandmarkMessage) -> None:
    write_bytes(name, codec.encode(message), json.encode(message))


def write_bytes(name: str, data: bytes, text: bytes) -> None:
    (HERE / f"{name}.bin").write_bytes(data)
    (HERE / f"{name}.message.json").write_bytes(text)
    message = codec.decode(data)
    arrays = {field.name: getattr(message.result, field.name) for field in dataclasses.fields(HolisticResult)}
    expected = {
        **{name: getattr(message, name) for name in HEADER},
        **{name: array.astype(float).round(7).tolist() for name, array in arrays.items() if array is not None},
    }
    (HERE / f"{name}.expected.json").write_bytes(orjson.dumps(expected) + b"\n")


def write_newer(message: LandmarkMessage) -> None:
    """The message as a newer server would send it, written by flatc, which lays it out in another way than we do."""
    schema = SCHEMA.read_text().replace(
        "table Landmarks {", "struct Gaze { direction:[float32:3]; }\ntable Landmarks {"
    )
    schema = schema.replace("face_transform:FaceTransform;", "face_transform:FaceTransform; " + NEWER_FIELDS)
    root = landmarks_generated.Landmarks.GetRootAs(codec.encode(message), 0)
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
    text = orjson.loads(json.encode(message)) | NEWER
    text["blendshapes"]["tongueOut"] = 0.5
    text["face_transform"]["scale"] = 1
    write_bytes("newer", data, orjson.dumps(text))


def refused_bytes(person: LandmarkMessage) -> dict[str, bytes]:
    whole = codec.encode(person, {Part.LEFT_HAND, Part.FACE_TRANSFORM})
    (table,) = struct.unpack_from("<I", whole, 0)
    vtable = table - struct.unpack_from("<i", whole, table)[0]
    transform = table + slot(whole, vtable, 13)

    def changed(position: int, data: bytes) -> bytes:
        return whole[:position] + data + whole[position + len(data) :]

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
    }


def slot(data: bytes, vtable: int, index: int) -> int:
    (offset,) = struct.unpack_from("<H", data, vtable + 4 + 2 * index)
    assert offset
    return int(offset)


def refused_texts() -> dict[str, str]:
    header = {"seq": 1, "timestamp_ms": 2, "width": 640, "height": 480, "track": 0}
    hand = [[0.5, 0.5, 0.0]] * 21
    position, rotation = [0, 0, -40], [0, 0, 0, 1]
    documents: dict[str, dict[str, Any]] = {
        "seq negative": {"seq": -1},
        "seq beyond 32 bits": {"seq": 2**32},
        "seq a fraction": {"seq": 0.5},
        "seq a truth value": {"seq": True},
        "seq null": {"seq": None},
        "width beyond 16 bits": {"width": 65536},
        "track beyond 8 bits": {"track": 256},
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


if __name__ == "__main__":
    main()
