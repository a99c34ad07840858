"""Takes of files with several people in them, and how long takes of sessions last."""

import asyncio
import csv
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image as Pillow

from holistic_rtc.commands.record import fill, record_file
from holistic_rtc.errors import MediaError
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS, Part, parse_parts
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import HolisticResult, Image, Persons
from holistic_rtc.recording.format import Options
from holistic_rtc.recording.formats import FORMATS
from holistic_rtc.recording.live import recordings
from holistic_rtc.recording.take import Wanted
from tests.kit.persons import Crowd, Made
from tests.kit.takes import waving


def record(folder: Path, person: int) -> list[dict[str, str]]:
    source, output = folder / "picture.png", folder / "take.csv"
    Pillow.new("RGB", (64, 48)).save(source)
    record_file(source, Made(Crowd), Quality.BALANCED, [Wanted(output, person=person)], lambda done, total: None)
    with output.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_wanted_person_is_looked_for_and_recorded(tmp_path: Path) -> None:
    rows = [record(tmp_path, person) for person in range(2)]
    assert [[row["person"] for row in take] for take in rows] == [["0"], ["1"]]
    assert rows[0][0]["left_hand_wrist_x"] != rows[1][0]["left_hand_wrist_x"]


def test_only_the_wanted_parts_are_tracked(tmp_path: Path) -> None:
    asked: list[frozenset[Part]] = []

    class Asked(Crowd):
        def detect(self, image: Image, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1) -> Persons:
            asked.append(parts)
            return super().detect(image, parts, max_persons)

    source = tmp_path / "picture.png"
    Pillow.new("RGB", (64, 48)).save(source)
    wanted = Wanted(tmp_path / "take.csv", options=Options(parts=parse_parts("pose,hands")))
    record_file(source, Made(Asked), Quality.BALANCED, [wanted], lambda done, total: None)
    assert asked == [{Part.POSE, Part.LEFT_HAND, Part.RIGHT_HAND}]


def test_several_formats_are_recorded_in_one_pass(tmp_path: Path) -> None:
    source = tmp_path / "picture.png"
    Pillow.new("RGB", (64, 48)).save(source)
    made: list[Crowd] = []

    def make() -> Crowd:
        made.append(Crowd())
        return made[-1]

    outputs = [tmp_path / f"take{suffix}" for suffix in FORMATS]
    takes = record_file(source, Made(make), Quality.BALANCED, list(map(Wanted, outputs)), lambda done, total: None)
    assert [take.frames for take in takes] == [1] * len(FORMATS)
    assert len(made) == 1
    assert set(tmp_path.iterdir()) == {source, *outputs}


def test_a_person_who_never_came_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no frame came"):
        record(tmp_path, 2)


@pytest.mark.parametrize("names", [("take.jsonl", "take.bvh"), ("take.bvh", "take.jsonl")])
@pytest.mark.parametrize("stops", [False, True], ids=["frames go on", "frames stop"])
def test_each_of_several_live_takes_lasts_for_the_time_that_is_asked_for(
    names: tuple[str, str], stops: bool, tmp_path: Path
) -> None:
    """Somebody is seen after 30 s, which is when the motion begins."""
    now = 0.0

    async def messages() -> AsyncIterator[LandmarkMessage]:
        nonlocal now
        for second in range(100):
            rig = waving(0) if second >= 30 else None
            if not stops or second <= 30:
                yield LandmarkMessage(second, second * 1000, 640, 480, 0, HolisticResult(), rig, 0)
            now += 1
            await asyncio.sleep(0)  # in which a time limit may end it
            await asyncio.sleep(0)
        raise AssertionError("it should have ended")

    wanted = [Wanted(tmp_path / name, seconds=10) for name in names]
    with recordings(wanted) as takes, asyncio.Runner() as runner:
        runner.get_loop().time = lambda: now  # type: ignore[method-assign]

        async def add(message: LandmarkMessage) -> None:
            for take in takes:
                take.add(message)

        runner.run(fill(takes, messages(), add))
    lasted = dict(zip(names, (take.frames for take in takes), strict=True))
    assert lasted == {"take.jsonl": 10, "take.bvh": 1 if stops else 10}
    assert now == (41 if stops else 40)
