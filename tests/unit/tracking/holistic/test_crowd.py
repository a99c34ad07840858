"""Several people, with the real networks."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import cv2
import numpy as np
import pytest

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import FloatArray, HolisticResult, Image
from holistic_rtc.tracking.holistic.crowd import LOOK_EVERY, MEMORY_MS, Crowd
from holistic_rtc.tracking.holistic.gates import BALANCED
from holistic_rtc.tracking.holistic.networks import Network, load
from holistic_rtc.tracking.holistic.people import tiles
from holistic_rtc.tracking.holistic.runtimes.litert import LiteRTRuntime
from tests.kit.pictures import grace_hopper

FRAME_MS = 33
WIDTH, HEIGHT = 960, 480
GREY = 128
PARTS = frozenset({Part.POSE})


@pytest.fixture(scope="module")
def runtime() -> Iterator[LiteRTRuntime]:
    with closing(LiteRTRuntime(load(find(PoseModel.LITE).path))) as runtime:
        yield runtime


@pytest.fixture
def crowd(runtime: LiteRTRuntime) -> Crowd:
    return Crowd(runtime, BALANCED)


def grace(tint: tuple[int, int, int] = (255, 255, 255)) -> Image:
    portrait = grace_hopper(320, 400)
    return (portrait.astype(np.uint16) * np.array(tint, np.uint16) // 255).astype(np.uint8)


PLAIN = grace()
GREEN = grace((190, 255, 190))


def scene(*persons: tuple[Image, int]) -> Image:
    """
    :param persons: pictures, and the x of their left edges; the last is in front.
    """
    image = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    for person, x in persons:
        height, width = person.shape[:2]
        image[HEIGHT - height :, x : x + width] = person[:, : WIDTH - x]
    return image


class Doubting:
    """A runtime whose pose network is less sure than it is."""

    name = "doubting"

    def __init__(self, runtime: LiteRTRuntime) -> None:
        self._runtime = runtime
        self.presence: float | None = None

    def run(self, network: Network, values: FloatArray) -> Sequence[FloatArray]:
        outputs = self._runtime.run(network, values)
        if network is Network.POSE and self.presence is not None:
            outputs[1][...] = np.minimum(outputs[1], self.presence)
        return outputs

    def close(self) -> None:
        self._runtime.close()


class Film:
    def __init__(self, crowd: Crowd, max_persons: int = 2) -> None:
        self.crowd = crowd
        self.max_persons = max_persons
        self.frames = 0

    def show(self, image: Image, frames: int = 1) -> dict[int, HolisticResult]:
        for _ in range(frames):
            found = self.crowd.track(image, self.frames * FRAME_MS, PARTS, self.max_persons)
            self.frames += 1
        return found

    def where(self, image: Image, frames: int = 1) -> dict[int, float]:
        """The x of each person's nose, as a fraction."""
        found = self.show(image, frames)
        return {
            number: float(result.pose_landmarks[0, 0])
            for number, result in found.items()
            if result.pose_landmarks is not None
        }


def test_a_picture_shows_the_same_whatever_came_before(runtime: LiteRTRuntime) -> None:
    doubting = Doubting(runtime)
    doubting.presence = 0.9
    crowd = Crowd(doubting, BALANCED)
    for _ in range(2):
        assert set(crowd.track(scene((PLAIN, 40)), 0, frozenset({Part.POSE}), 1, thorough=True)) == {0}
        crowd.reset()


def test_two_persons_are_tracked_side_by_side_and_keep_their_numbers(crowd: Crowd) -> None:
    film = Film(crowd)
    first = film.where(scene((PLAIN, 40), (GREEN, 600)), LOOK_EVERY * 3)
    assert set(first) == {0, 1}
    assert abs(first[0] - first[1]) > 0.3
    for step in range(5):
        now = film.where(scene((PLAIN, 40 + 8 * step), (GREEN, 600 - 8 * step)))
        assert {number: x < 0.5 for number, x in now.items()} == {number: x < 0.5 for number, x in first.items()}


def test_no_more_persons_are_tracked_than_asked_for(crowd: Crowd) -> None:
    film = Film(crowd, max_persons=1)
    both = scene((PLAIN, 40), (GREEN, 600))
    assert set(film.show(both, 2)) == {0}
    film.max_persons = 2
    assert set(film.show(both, LOOK_EVERY * 3)) == {0, 1}
    film.max_persons = 1
    assert set(film.show(both)) == {0}


def test_who_comes_later_has_the_next_number_and_who_comes_back_the_same(crowd: Crowd) -> None:
    film = Film(crowd)
    assert set(film.show(scene((PLAIN, 40)), 3)) == {0}
    assert set(film.show(scene((PLAIN, 40), (GREEN, 600)), LOOK_EVERY * 3)) == {0, 1}
    assert set(film.show(scene((GREEN, 600)), 3)) == {1}
    assert set(film.show(scene((PLAIN, 60), (GREEN, 600)), 3)) == {0, 1}


def test_a_number_is_free_again_some_time_after_its_person_has_gone(crowd: Crowd) -> None:
    film = Film(crowd)
    film.show(scene((PLAIN, 40)), 2)
    film.show(scene(), MEMORY_MS // FRAME_MS + 3)
    assert set(film.show(scene((GREEN, 40)), 2)) == {0}


def test_there_is_nobody_in_a_pattern(crowd: Crowd) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    blocks = np.asarray(cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST), np.uint8)
    film = Film(crowd, max_persons=4)
    assert film.show(blocks, LOOK_EVERY * 2) == {}


@pytest.mark.parametrize(
    ("size", "count"),
    [((640, 480), 2), ((1280, 720), 3), ((480, 640), 2), ((500, 490), 0), ((32000, 1), 7), ((100, 4000), 7)],
)
def test_tiles_cover_the_frame_and_overlap_by_half(size: tuple[int, int], count: int) -> None:
    areas = tiles(*size)
    assert len(areas) == count
    for area, following in zip(areas, areas[1:], strict=False):
        assert abs(following.x - area.x) + abs(following.y - area.y) <= area.width / 2
    if areas:
        first, last = areas[0], areas[-1]
        assert first.x - first.width / 2 <= 0
        assert first.y - first.height / 2 <= 0
        assert last.x + last.width / 2 >= size[0]
        assert last.y + last.height / 2 >= size[1]


def test_one_person_is_not_taken_for_several(crowd: Crowd) -> None:
    film = Film(crowd, max_persons=4)
    close = np.asarray(cv2.resize(grace_hopper(640, 480), (1280, 720)), np.uint8)
    for image in (scene((PLAIN, 300)), close):
        crowd.reset()
        film.frames = 0
        for _ in range(LOOK_EVERY * 3):
            assert len(film.show(image)) <= 1


def test_persons_who_pass_each_other_keep_or_regain_their_numbers(crowd: Crowd) -> None:
    film = Film(crowd)
    film.show(scene((PLAIN, 40), (GREEN, 600)), LOOK_EVERY * 3)
    for step in range(41):
        film.show(scene((PLAIN, 40 + 14 * step), (GREEN, 600 - 14 * step)))
    end = film.where(scene((PLAIN, 600), (GREEN, 40)), LOOK_EVERY * 3)
    assert {number: x > 0.5 for number, x in end.items()} == {0: True, 1: False}


def test_numbers_follow_the_clothes_when_trackers_have_been_exchanged(crowd: Crowd) -> None:
    film = Film(crowd)
    before = film.where(scene((PLAIN, 40), (GREEN, 600)), LOOK_EVERY * 3)
    after = film.where(scene((GREEN, 40), (PLAIN, 600)), LOOK_EVERY * 2)
    assert set(before) == {0, 1}
    assert {number: x < 0.5 for number, x in after.items()} == {number: x > 0.5 for number, x in before.items()}


@pytest.mark.parametrize(("presence", "seen"), [(0.999, True), (0.9, True), (0.7, False)])
def test_somebody_new_needs_a_pose_beyond_doubt_or_more_proof(
    runtime: LiteRTRuntime, presence: float, seen: bool
) -> None:
    doubting = Doubting(runtime)
    doubting.presence = presence
    film = Film(Crowd(doubting, BALANCED), max_persons=1)
    assert bool(film.show(scene((PLAIN, 40)), 3)) == seen


def test_who_is_here_needs_no_more_proof_nor_who_comes_back_at_once(runtime: LiteRTRuntime) -> None:
    doubting = Doubting(runtime)
    film = Film(Crowd(doubting, BALANCED), max_persons=1)
    film.show(scene((PLAIN, 40)), 2)
    doubting.presence = 0.7
    assert film.show(scene((PLAIN, 44)), 3)
    assert not film.show(scene(), 3)
    assert film.show(scene((PLAIN, 48)), 2)
    film.show(scene(), 3)
    assert not film.show(scene((PLAIN, 600)), 3), "elsewhere it may be something else"


def test_after_a_reset_everybody_is_new(runtime: LiteRTRuntime) -> None:
    doubting = Doubting(runtime)
    crowd = Crowd(doubting, BALANCED)
    Film(crowd, max_persons=1).show(scene((PLAIN, 40)), 2)
    crowd.reset()
    doubting.presence = 0.7
    assert not Film(crowd, max_persons=1).show(scene((PLAIN, 40)), 2)
