"""How long a whole landmark message takes to encode and decode, and how large it is."""

from benchmarks.figure import Figure
from benchmarks.sample import median_ms, tracked_frame
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.motion.refine import Refiner
from holistic_rtc.wire import as_flatbuffers, as_json


def measure() -> list[Figure]:
    image, tracked = tracked_frame()
    height, width = image.shape[:2]
    result = Refiner().refine(tracked, width, height, 33, smoothing=False)
    message = LandmarkMessage(1, 33, width, height, 0, result)
    binary, text = as_flatbuffers.encode(message), as_json.encode(message)
    return [
        Figure(
            "encoding a full landmark message, median",
            median_ms(lambda: as_flatbuffers.encode(message)),
            "ms",
            at_most=0.3,
        ),
        Figure("decoding it", median_ms(lambda: as_flatbuffers.decode(binary)), "ms"),
        Figure("its size", len(binary), "bytes", at_most=4500),
        Figure(
            "its size without the face mesh",
            len(as_flatbuffers.encode(message, ALL_PARTS - {Part.FACE})),
            "bytes",
            1100,
        ),
        Figure("encoding it as JSON", median_ms(lambda: as_json.encode(message)), "ms"),
        Figure("decoding it from JSON", median_ms(lambda: as_json.decode(text)), "ms"),
        Figure("its size as JSON", len(text), "bytes"),
    ]
