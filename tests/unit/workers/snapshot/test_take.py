"""Snapshots of several people."""

import io

import orjson
import pytest
from PIL import Image

from holistic_rtc.client import Snapshot
from holistic_rtc.errors import DecodeError
from holistic_rtc.model.parts import Part
from holistic_rtc.workers.snapshot.take import SnapshotOptions, take_snapshot
from tests.kit.persons import Crowd

HAND = frozenset({Part.LEFT_HAND})


def take(size: int, max_persons: int) -> Snapshot:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48)).save(picture, "PNG")
    options = SnapshotOptions(parts=HAND, max_persons=max_persons)
    taken = take_snapshot(Crowd(size).detect, {}, picture.getvalue(), options)
    assert taken.picture is not None
    return Snapshot(taken.landmarks, taken.picture)


def test_the_first_person_comes_as_ever_and_others_beside() -> None:
    taken = take(size=3, max_persons=3)
    assert [message.person for message in taken.messages] == [0, 1, 2]
    assert all(set(message.seen()) == HAND for message in taken.messages)
    first = orjson.loads(taken.landmarks)
    assert first["person"] == taken.message.person == 0
    assert first["left_hand"] == orjson.loads(take(size=1, max_persons=1).landmarks)["left_hand"]


@pytest.mark.parametrize(("size", "max_persons"), [(3, 1), (1, 3), (0, 3)])
def test_without_others_the_list_is_empty(size: int, max_persons: int) -> None:
    taken = take(size, max_persons)
    assert orjson.loads(taken.landmarks)["others"] == []
    assert [len(message.seen()) for message in taken.messages] == [min(size, 1)]


def test_all_persons_are_drawn() -> None:
    assert len({take(size=2, max_persons=count).picture for count in (1, 2)}) == 2


@pytest.mark.parametrize("others", [None, {}, [None], [{"seq": -1}]])
def test_what_are_no_others_is_refused(others: object) -> None:
    document = orjson.loads(take(size=1, max_persons=1).landmarks) | {"others": others}
    with pytest.raises(DecodeError):
        _ = Snapshot(orjson.dumps(document), b"").messages


@pytest.mark.parametrize(("picture_format", "width"), [("WEBP", 16_383), ("JPEG", 65_500), ("PNG", 70_000)])
def test_what_the_format_of_the_answer_cannot_hold_is_scaled(picture_format: str, width: int) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (70_000, 20)).save(picture, "PNG")
    taken = take_snapshot(
        Crowd(1).detect, {}, picture.getvalue(), SnapshotOptions(parts=HAND, picture_format=picture_format)
    )
    assert taken.picture is not None
    with Image.open(io.BytesIO(taken.picture)) as answer:
        assert (answer.format, answer.width) == (picture_format, width)
    assert orjson.loads(taken.landmarks)["width"] == 70_000
