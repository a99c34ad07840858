from types import SimpleNamespace

import numpy as np
import pytest

from holistic_rtc.commands.watch_table import Watched, WatchedTrack, head_angles, seen
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.result import FloatArray, HolisticResult


def turned(axis: int, degrees: float) -> FloatArray:
    """A rotation about x, y or z, by the right hand."""
    matrix: FloatArray = np.eye(4, dtype=np.float32)
    one, two = (axis + 1) % 3, (axis + 2) % 3
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix[one, one] = matrix[two, two] = cosine
    matrix[two, one], matrix[one, two] = sine, -sine
    return matrix


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (20, 0, 0), (0, 30, 0), (0, 0, -40), (-25, 35, 45)])
def test_the_head_turns_right_up_and_counter_clockwise(yaw: float, pitch: float, roll: float) -> None:
    # About x, the right hand turns a face downwards.
    transform = (turned(1, yaw) @ turned(0, -pitch) @ turned(2, roll)).astype(np.float32)
    assert head_angles(transform) == pytest.approx((yaw, pitch, roll), abs=1e-3)


def test_a_track_counts_what_is_missed_and_says_what_is_seen() -> None:
    def message(seq: int, result: HolisticResult) -> LandmarkMessage:
        return LandmarkMessage(seq, seq * 33, 640, 480, 0, result)

    hand = np.zeros((21, 3), np.float32)
    track = WatchedTrack(message(10, HolisticResult()))
    for number, seq in enumerate((10, 11, 15, 16)):
        track.add(message(seq, HolisticResult(left_hand_landmarks=hand)), now=100 + number / 10)
    assert (track.received, track.missed) == (4, 3)
    assert [seen(person) for person in track.present()] == ["left"]
    assert track.rate.fps(now=100.5) == 8
    assert track.rate.fps(now=110) == 0
    track.add(message(17, HolisticResult()), now=111)
    assert [seen(person) for person in track.present()] == ["nobody"]


def test_a_frame_with_several_persons_counts_once() -> None:
    def message(seq: int, person: int) -> LandmarkMessage:
        return LandmarkMessage(seq, seq * 33, 640, 480, 0, HolisticResult(), person=person)

    track = WatchedTrack(message(0, 0))
    for seq, person in ((0, 0), (0, 1), (1, 0), (1, 1), (3, 1), (2, 0)):
        track.add(message(seq, person), now=100)
    assert (track.received, track.missed) == (3, 1)
    assert [person.person for person in track.present()] == [0, 1]
    track.add(message(4, 1), now=100)
    assert [person.person for person in track.present()] == [1]


def test_the_next_session_counts_anew() -> None:
    follower = SimpleNamespace(running="first", subscription=None)
    watched = Watched(follower)  # type: ignore[arg-type]
    watched.add(LandmarkMessage(1000, 33, 640, 480, 0, HolisticResult()))
    follower.running = "next"
    for seq in range(3):
        watched.add(LandmarkMessage(seq, seq * 33, 640, 480, 0, HolisticResult()))
    assert "3 frames, 0 missed" in watched.line()
