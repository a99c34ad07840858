"""The committed reader is what flatc makes of the schema, and the tables beside it agree with MediaPipe's."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from mediapipe.tasks.python.vision.face_landmarker import Blendshapes

from holistic_rtc.landmarks.message import BLENDSHAPE_NAMES, Part

PROJECT = Path(__file__).parents[2]
COMMAND = ["flatc", "--python", "--gen-onefile", "-o"]


@pytest.mark.skipif(sys.platform != "linux", reason="flatc's package has builds for Linux on x86-64 only")
def test_the_generated_reader_is_that_of_the_schema(tmp_path: Path) -> None:
    flatc = Path(sysconfig.get_path("scripts")) / "flatc"
    if not flatc.exists():
        pytest.skip("no flatc in this environment: its package has builds for Linux on x86-64 only")
    schema = PROJECT / "schema" / "landmarks.fbs"
    subprocess.run([flatc, *COMMAND[1:], tmp_path, schema], check=True)
    generated = (tmp_path / "landmarks_generated.py").read_bytes()
    committed = (PROJECT / "server" / "holistic_rtc" / "landmarks" / "landmarks_generated.py").read_bytes()
    assert generated == committed, (
        f"the schema and its reader differ; run: {' '.join(COMMAND)} server/holistic_rtc/landmarks schema/landmarks.fbs"
    )


def test_the_parts_are_the_structs_of_the_schema_in_its_order() -> None:
    table = (PROJECT / "schema" / "landmarks.fbs").read_text().split("table Landmarks {")[1].split("}")[0]
    fields = [line.strip().rstrip(";").split(":") for line in table.splitlines() if line.strip().endswith(";")]
    assert [name for name, kind in fields if kind[0].isupper()] == list(Part)


def test_the_blendshapes_are_those_of_mediapipe_in_its_order() -> None:
    names = [member.name.lower().split("_") for member in sorted(Blendshapes, key=lambda member: member.value)]
    assert ("_neutral", *(first + "".join(map(str.title, rest)) for first, *rest in names[1:])) == BLENDSHAPE_NAMES
