"""Parts that are found and located by recorded steps."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.follow import Follower, Steps
from holistic_rtc.tracking.holistic.frame import Frame
from holistic_rtc.tracking.holistic.regions import Limits, Region

FRAME = Frame(np.zeros((10, 10, 3), np.uint8), 0)
COARSE = Region(50, 50, 40, 40)
FOUND = Region(50, 50, 20, 20)
TRACKED = Region(51, 50, 20, 20)


@dataclass(frozen=True)
class Thing:
    points: FloatArray

    def moved_to(self, points: FloatArray) -> "Thing":
        return replace(self, points=points)


@dataclass
class World:
    """A thing that is there, or isn't."""

    there: bool = True
    finds: int = 0
    located_in: list[Region] = field(default_factory=list)

    def find(self, frame: Frame, coarse: Region) -> Region:
        self.finds += 1
        return FOUND

    def locate(self, frame: Frame, region: Region) -> Thing | None:
        self.located_in.append(region)
        return Thing(np.array([[50, 50, 0]], np.float32)) if self.there else None


@pytest.fixture
def world() -> World:
    return World()


def follower(world: World, find_every: int = 3, try_every: int = 3) -> Follower[Thing]:
    steps = Steps(world.find, world.locate, lambda points: TRACKED, Limits(15, 0.1, 0.3, -0.2))
    return Follower(steps, find_every, try_every)


def track(part: Follower[Thing], coarse: Region = COARSE) -> Thing | None:
    return part.follow(FRAME, coarse) or part.find(FRAME, coarse)


def test_a_part_is_found_at_once_and_then_followed(world: World) -> None:
    part = follower(world)
    assert all(track(part) for _ in range(7))
    assert world.finds == 3
    assert world.located_in == [FOUND, *[TRACKED] * 6]


def test_without_gates_it_is_found_in_every_frame(world: World) -> None:
    part = follower(world, 1, 1)
    assert all(track(part) for _ in range(4))
    assert world.finds == 4


def test_a_part_that_moves_is_found_anew(world: World) -> None:
    part = follower(world)
    track(part)
    track(part, replace(COARSE, x=51))
    assert world.finds == 1
    track(part, replace(COARSE, x=54))
    assert world.finds == 2


def test_a_part_that_is_lost_is_looked_for_in_the_same_frame_and_then_now_and_again(world: World) -> None:
    part = follower(world)
    track(part)
    world.there = False
    assert track(part) is None
    assert world.finds == 2
    assert world.located_in == [FOUND, TRACKED, FOUND]
    assert [track(part) for _ in range(8)] == [None] * 8
    # In the next frame, then in every third one.
    assert world.finds == 5


def test_a_part_that_was_forgotten_is_found_at_once(world: World) -> None:
    part = follower(world)
    track(part)
    part.reset()
    assert track(part)
    assert world.finds == 2


def test_a_change_of_the_size_is_no_motion(world: World) -> None:
    part = follower(world)
    track(part)
    part.scale(2, 2)
    assert track(part, COARSE.scaled(2, 2))
    assert world.finds == 1
