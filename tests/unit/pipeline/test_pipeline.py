import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from holistic_rtc.model.parts import ALL_PARTS, DEFAULT_PARTS, Part
from holistic_rtc.model.result import HolisticResult, Image, Persons
from holistic_rtc.pipeline.pipeline import NOBODY, Found, Pipeline
from tests.kit.synthetic import make_result

IMAGE = np.zeros((48, 64, 3), np.uint8)
SEEN = dataclasses.replace(make_result(), pose_visibility=np.ones(33, np.float32))


class Stream:
    """A pipeline, and what its tracker is to find in the next frame."""

    def __init__(self) -> None:
        self.requests: list[tuple[frozenset[Part], int]] = []
        self.pipeline = Pipeline(self._find)
        self._persons: Persons = {}
        self._timestamp_ms = 0

    def process(
        self, persons: Persons, *, smoothing: bool = True, parts: frozenset[Part] = DEFAULT_PARTS, max_persons: int = 1
    ) -> Sequence[Found]:
        self._persons = persons
        self._timestamp_ms += 33
        return self.pipeline.process(
            IMAGE, self._timestamp_ms, smoothing=smoothing, parts=parts, max_persons=max_persons
        )

    def _find(self, image: Image, timestamp_ms: int, parts: frozenset[Part], max_persons: int) -> Persons:
        self.requests.append((parts, max_persons))
        return self._persons


def ids(persons: Sequence[Found]) -> list[int]:
    return [found.person for found in persons]


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
    stream = Stream()
    stream.process({}, parts=parts, max_persons=3)
    assert stream.requests == [(asked, 3)]


def test_nobody_is_one_person_without_parts() -> None:
    stream = Stream()
    assert stream.process({}) == [NOBODY]
    stream.process({1: SEEN})
    assert stream.process({}) == [NOBODY]
    assert Found(0, HolisticResult(), None) == NOBODY


def test_persons_come_in_order_of_their_ids() -> None:
    assert ids(Stream().process({2: SEEN, 0: SEEN, 1: SEEN})) == [0, 1, 2]


def test_each_person_is_smoothed_alone_and_anew_after_leaving() -> None:
    def moved(distance: float) -> HolisticResult:
        hand = SEEN.left_hand_landmarks
        assert hand is not None
        return HolisticResult(left_hand_landmarks=hand + np.float32(distance))

    def is_raw(found: Found, result: HolisticResult) -> bool:
        assert found.result.left_hand_landmarks is not None
        assert result.left_hand_landmarks is not None
        return np.array_equal(found.result.left_hand_landmarks, result.left_hand_landmarks)

    stream = Stream()
    stream.process({0: moved(0)})
    first, second = stream.process({0: moved(0.1), 1: moved(0.1)})
    assert not is_raw(first, moved(0.1))
    assert is_raw(second, moved(0.1))
    assert ids(stream.process({0: moved(0.1)})) == [0]
    first, second = stream.process({0: moved(0.2), 1: moved(0.2)})
    assert not is_raw(first, moved(0.2))
    assert is_raw(second, moved(0.2))


def test_each_person_has_an_avatar_which_comes_to_rest_before_it_goes() -> None:
    stream = Stream()
    both = stream.process({0: SEEN, 1: SEEN}, parts=ALL_PARTS, max_persons=2)
    assert all(found.rig is not None for found in both)
    first, leaving = stream.process({0: SEEN}, parts=ALL_PARTS, max_persons=2)
    assert (leaving.person, leaving.result) == (1, HolisticResult())
    assert leaving.rig is not None
    frames = [stream.process({0: SEEN}, parts=ALL_PARTS, max_persons=2) for _ in range(60)]
    assert ids(frames[-1]) == [0]
    alone = [stream.process({}, parts=ALL_PARTS) for _ in range(60)]
    assert alone[0][0].rig is not None
    assert alone[-1] == [NOBODY]


def test_a_person_who_leaves_while_nobody_wants_avatars_goes_at_once() -> None:
    stream = Stream()
    stream.process({0: SEEN, 1: SEEN}, parts=ALL_PARTS, max_persons=2)
    assert ids(stream.process({1: SEEN}, max_persons=2)) == [1]
