"""Takes of files with several people in them."""

import csv
from pathlib import Path

import pytest
from PIL import Image

from holistic_rtc.commands.record import record_file
from holistic_rtc.errors import MediaError
from holistic_rtc.model.quality import Quality
from holistic_rtc.recording.take import Wanted
from tests.kit.persons import Crowd, Made


def record(folder: Path, person: int) -> list[dict[str, str]]:
    source, output = folder / "picture.png", folder / "take.csv"
    Image.new("RGB", (64, 48)).save(source)
    record_file(source, Made(Crowd), Quality.BALANCED, Wanted(output, person=person), lambda done, total: None)
    with output.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_wanted_person_is_looked_for_and_recorded(tmp_path: Path) -> None:
    rows = [record(tmp_path, person) for person in range(2)]
    assert [[row["person"] for row in take] for take in rows] == [["0"], ["1"]]
    assert rows[0][0]["left_hand_wrist_x"] != rows[1][0]["left_hand_wrist_x"]


def test_a_person_who_never_came_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no frame came"):
        record(tmp_path, 2)
