"""
Makes the vectors beside it: landmark messages of the server's encoders, and what a reader must find in them.

Run it from the project's root: ``.venv/bin/python web/tests/vectors/make.py PICTURE``, with a picture of a person whose
hands can be seen; those here are of a photograph of MediaPipe's samples.
"""

import dataclasses
import sys
from pathlib import Path

import cv2
import orjson

from holistic_rtc.landmarks import codec, json
from holistic_rtc.landmarks.message import LandmarkMessage
from holistic_rtc.tracking.base import HolisticResult
from holistic_rtc.tracking.mediapipe import MediaPipeTracker
from holistic_rtc.tracking.models import PoseModel, find

HERE = Path(__file__).parent


def main() -> None:
    image = cv2.cvtColor(cv2.imread(sys.argv[1]), cv2.COLOR_BGR2RGB)
    tracker = MediaPipeTracker(find(PoseModel.LITE).path)
    result = tracker.track(image, 0)
    tracker.close()
    height, width = image.shape[:2]
    write("person", LandmarkMessage(1800, 60_000, width, height, 0, result))
    write("nobody", LandmarkMessage(4_294_967_295, 4_294_967_294, 1920, 1080, 3, HolisticResult()))


def write(name: str, message: LandmarkMessage) -> None:
    data = codec.encode(message)
    (HERE / f"{name}.bin").write_bytes(data)
    (HERE / f"{name}.message.json").write_bytes(json.encode(message))
    arrays = {
        field.name: getattr(codec.decode(data).result, field.name) for field in dataclasses.fields(message.result)
    }
    expected = {
        **{name: getattr(message, name) for name in ("seq", "timestamp_ms", "width", "height", "track")},
        **{name: array.astype(float).round(7).tolist() for name, array in arrays.items() if array is not None},
    }
    (HERE / f"{name}.expected.json").write_bytes(orjson.dumps(expected) + b"\n")


if __name__ == "__main__":
    main()
