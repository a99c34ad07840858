"""When the tracker of a video is replaced, with trackers made of numbers."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing

import numpy as np
import pytest

from holistic_rtc.files.seams import Seams
from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import FloatArray, Image, Persons
from holistic_rtc.workers.job.relay import NEAR, Relay
from tests.kit.persons import person

SEAMS = Seams(every_ms=1000, warm_ms=200)
IMAGE = np.zeros((48, 64, 3), np.uint8)
STANDING = np.stack((np.linspace(0.4, 0.6, 33), np.linspace(0.1, 0.9, 33), np.zeros(33)), axis=1).astype(np.float32)

See = Callable[[int, int], dict[int, FloatArray]]
"""The poses that a tracker sees, by its number, and the time of the frame."""


class Trackers:
    """
    Makes trackers, and counts them.

    :ivar at_once: how many there were at most at a time.
    """

    def __init__(self, see: See = lambda number, time: {0: STANDING}) -> None:
        self.see = see
        self.made = self.alive = self.at_once = 0

    def make(self) -> "Numbered":
        self.made += 1
        self.alive += 1
        self.at_once = max(self.at_once, self.alive)
        return Numbered(self, self.made)


class Numbered:
    """Tells its number and how many frames it has seen as world points."""

    quality = Quality.BALANCED

    def __init__(self, trackers: Trackers, number: int) -> None:
        self._trackers = trackers
        self._number = number
        self._frames = 0

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        self._frames += 1
        world = np.full((33, 3), (self._number, self._frames, 0), np.float32)
        seen = self._trackers.see(self._number, timestamp_ms)
        return {
            number: dataclasses.replace(person(0), pose_landmarks=pose, pose_world_landmarks=world)
            for number, pose in seen.items()
        }

    def reset(self) -> None:
        pass

    def close(self) -> None:
        self._trackers.alive -= 1


def run(trackers: Trackers, times: Iterable[int], first: int = 0) -> Sequence[tuple[int, int]]:
    """:return: for each frame, the number of the tracker that saw it, and how many it had seen then"""
    seen = []
    with closing(Relay(trackers.make, frozenset({Part.POSE, Part.POSE_WORLD}), 2, SEAMS, first)) as relay:
        for time in times:
            world = relay.process(IMAGE, time)[0].result.pose_world_landmarks
            seen.append((0, 0) if world is None else (int(world[0, 0]), int(world[0, 1])))
    assert trackers.alive == 0
    return seen


def numbers(seen: Sequence[tuple[int, int]]) -> list[int]:
    """The trackers in the order in which they took over."""
    return list(dict.fromkeys(number for number, _ in seen))


def moved(share: float) -> FloatArray:
    """:param share: of the height of the pose"""
    return STANDING + np.array([0, 0.8 * share, 0], np.float32)


def test_a_new_tracker_takes_over_at_each_seam_when_it_has_seen_the_frames_before() -> None:
    trackers = Trackers()
    seen = run(trackers, range(0, 3000, 50))
    assert seen[:20] == [(1, count) for count in range(1, 21)]
    assert seen[20:40] == [(2, count) for count in range(5, 25)]
    assert seen[40:] == [(3, count) for count in range(5, 25)]
    assert (trackers.made, trackers.at_once) == (4, 2)


def test_one_that_begins_at_a_seam_goes_on_as_one_that_began_before() -> None:
    times = range(0, 4000, 40)
    whole = run(Trackers(), times)
    for seam in (1, 2, 3):
        warm = [time for time in times if time >= SEAMS.at(seam) - SEAMS.warm_ms]
        part = run(Trackers(), warm, seam)
        assert [(number + seam, count) for number, count in part][5:] == whole[times.index(SEAMS.at(seam)) :]


@pytest.mark.parametrize(
    ("old", "new", "taken"),
    [
        ({}, {}, True),
        ({0: STANDING}, {0: moved(0.9 * NEAR)}, True),
        ({0: STANDING}, {0: moved(1.1 * NEAR)}, False),
        ({0: STANDING}, {}, False),
        ({}, {0: STANDING}, False),
        ({0: STANDING}, {1: STANDING}, False),
        ({0: STANDING, 1: moved(1)}, {0: STANDING, 1: moved(1)}, True),
        ({0: STANDING, 1: moved(1)}, {0: moved(1), 1: STANDING}, False),
        ({0: STANDING, 1: moved(1)}, {0: STANDING}, False),
        # Outside of the picture.
        ({0: moved(5)}, {0: moved(5)}, False),
    ],
)
def test_it_takes_over_only_if_both_see_the_same_people(
    old: dict[int, FloatArray], new: dict[int, FloatArray], taken: bool
) -> None:
    begun: list[int] = []
    trackers = Trackers(lambda number, time: old if number == 1 else new)
    relay = Relay(trackers.make, frozenset({Part.POSE}), 2, SEAMS)
    for time in range(0, 1001, 50):
        relay.process(IMAGE, time)
        begun.append(relay.begun)
    assert begun == [0] * 20 + [int(taken)]
    assert trackers.alive == 1
    relay.close()


def test_after_a_refusal_another_one_is_made_before_the_next_seam() -> None:
    trackers = Trackers(lambda number, time: {0: moved(0.5 if time < 1000 and number > 1 else 0)})
    seen = run(trackers, range(0, 2500, 50))
    assert numbers(seen) == [1, 3]
    assert seen[40] == (3, 5)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        # Five frames a second: one is enough.
        (range(0, 2400, 200), [1, 2, 3]),
        # One in two seconds: none is before a seam.
        (range(0, 9000, 2000), [1]),
        # A pause before the seam, over it, and over several, from before the first of them.
        ([0, 500, 1000, 1500, 2000], [1]),
        ([0, 850, 1400, 2000], [1, 2]),
        ([0, 850, 7400, 7500], [1, 2]),
        # From before a seam into the time before another one.
        ([0, 850, 7850, 8000], [1, 2, 3]),
    ],
)
def test_in_a_video_with_pauses_it_goes_by_the_frames_that_are_there(times: Sequence[int], expected: list[int]) -> None:
    assert numbers(run(Trackers(), times)) == expected
