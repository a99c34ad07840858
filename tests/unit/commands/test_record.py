"""Takes of files with several people in them."""

import csv
from pathlib import Path

import pytest
from PIL import Image as Pillow

from holistic_rtc.commands.record import record_file
from holistic_rtc.errors import MediaError
from holistic_rtc.model.parts import ALL_PARTS, Part, parse_parts
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import Image, Persons
from holistic_rtc.recording.format import Options
from holistic_rtc.recording.formats import FORMATS
from holistic_rtc.recording.take import Wanted
from tests.kit.persons import Crowd, Made


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
