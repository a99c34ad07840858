import numpy as np
import pytest

from holistic_rtc.model.parts import DEFAULT_PARTS, Part
from holistic_rtc.model.result import HolisticResult, Image
from holistic_rtc.pipeline.pipeline import Pipeline


@pytest.mark.parametrize(
    ("parts", "asked"),
    [
        (frozenset(), frozenset()),
        (frozenset({Part.POSE}), frozenset({Part.POSE})),
        (frozenset({Part.FACE_TRANSFORM}), frozenset({Part.FACE})),
        (frozenset({Part.RIG}), DEFAULT_PARTS - {Part.FACE_TRANSFORM}),
    ],
)
def test_the_tracker_is_asked_for_what_is_wanted_and_what_that_is_made_from(
    parts: frozenset[Part], asked: frozenset[Part]
) -> None:
    requests: list[frozenset[Part]] = []

    def find(image: Image, timestamp_ms: int, parts: frozenset[Part]) -> HolisticResult:
        requests.append(parts)
        return HolisticResult()

    Pipeline(find).process(np.zeros((48, 64, 3), np.uint8), 0, smoothing=True, parts=parts)
    assert requests == [asked]
