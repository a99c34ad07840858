from collections.abc import Collection

import pytest

from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.wire.encoded import Encoded
from holistic_rtc.workers.live.following import Following
from tests.kit.rig_poses import pose, rig_of
from tests.kit.synthetic import make_result

SEEN = make_result()
RESTING = rig_of(pose())
FRAME_MS = 40


class Track:
    """Frames of a track, and the peer that gets some of the people in them."""

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self._following = Following()
        self._seq = -1

    def frame(self, *seen: int, with_avatar: Collection[int] = ()) -> list[LandmarkMessage]:
        """
        :param with_avatar: those who aren't seen any more, but whose avatar still moves.
        :return: the messages that the peer gets.
        """
        self._seq += 1
        persons = [
            LandmarkMessage(
                *(self._seq, FRAME_MS * self._seq, 640, 480, 0),
                SEEN if number in seen else HolisticResult(),
                RESTING if number in with_avatar else None,
                number,
            )
            for number in sorted({*seen, *with_avatar} or {0})
        ]
        chosen = self._following.choose([Encoded(message) for message in persons], self.count)
        messages = [encoded.message for encoded in chosen]
        assert {(message.seq, message.timestamp_ms) for message in messages} == {(self._seq, FRAME_MS * self._seq)}
        return messages

    def ids(self, *seen: int) -> list[int]:
        """Those whose landmarks the peer gets."""
        return [message.person for message in self.frame(*seen) if message.result.has_anything]

    def wait(self, seconds: float, *seen: int) -> None:
        for _ in range(round(seconds * 1000 / FRAME_MS)):
            self.frame(*seen)


def test_the_lowest_ids_are_followed_first() -> None:
    assert Track().ids(0, 1, 2) == [0]
    assert Track().ids(3, 7) == [3]
    assert Track(2).ids(1, 4, 6) == [1, 4]
    assert Track(5).ids(1, 4) == [1, 4]


def test_somebody_who_comes_with_a_lower_id_changes_nothing() -> None:
    track = Track()
    assert track.ids(1) == [1]
    assert track.ids(0, 1) == [1]


def test_while_the_person_flickers_there_is_nobody_and_then_the_same_person_again() -> None:
    track = Track()
    track.frame(0, 1)
    [nobody] = track.frame(1)
    assert (nobody.person, nobody.result.has_anything, nobody.rig) == (0, False, None)
    assert track.ids(0, 1) == [0]
    track.wait(0.9, 1)
    assert track.ids(0, 1) == [0]


def test_somebody_who_has_been_gone_for_a_second_is_replaced_for_good() -> None:
    track = Track()
    track.frame(0, 1, 2)
    track.wait(1.0, 1, 2)
    assert track.ids(1, 2) == [1]
    assert track.ids(0, 1, 2) == [1]


def test_each_place_is_kept_for_its_person() -> None:
    track = Track(2)
    track.frame(0, 1, 2)
    assert track.ids(1, 2) == [1]
    assert track.ids(0, 1, 2) == [0, 1]
    track.wait(1.1, 0, 2)
    assert track.ids(0, 1, 2) == [0, 2]


def test_a_free_place_is_filled_at_once() -> None:
    track = Track(3)
    assert track.ids(2) == [2]
    assert track.ids(0, 2) == [0, 2]
    assert track.ids(0, 1, 2, 3) == [0, 1, 2]


def test_fewer_places_keep_the_lowest_ids_and_more_are_filled() -> None:
    track = Track(3)
    track.frame(1, 2, 3)
    track.count = 1
    assert track.ids(0, 1, 2, 3) == [1]
    track.count = 2
    assert track.ids(0, 1, 2, 3) == [0, 1]


def test_a_frame_with_nobody_keeps_the_place_and_comes_as_it_is() -> None:
    track = Track()
    track.frame(1)
    assert [message.person for message in track.frame()] == [0]
    assert track.ids(0, 1) == [1]


@pytest.mark.parametrize("others", [(), (1,)])
def test_the_avatar_of_the_person_who_left_goes_on_to_its_rest(others: tuple[int, ...]) -> None:
    track = Track()
    track.frame(0, *others)
    [message] = track.frame(*others, with_avatar={0})
    assert (message.person, message.rig) == (0, RESTING)


def test_an_avatar_that_still_moves_does_not_keep_the_place() -> None:
    track = Track()
    track.frame(0, 1)
    for _ in range(1000 // FRAME_MS):
        track.frame(1, with_avatar={0})
    [message] = track.frame(1, with_avatar={0})
    assert message.person == 1
