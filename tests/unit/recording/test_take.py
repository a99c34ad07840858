"""Takes of made-up messages, in all formats."""

import csv
import dataclasses
import os
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import BuiltinImporter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from mediapipe.tasks.python.vision import PoseLandmark
from mediapipe.tasks.python.vision.hand_landmarker import HandLandmark

from holistic_rtc import recording
from holistic_rtc.atomic import STDOUT
from holistic_rtc.errors import MediaError
from holistic_rtc.model.geometry import nearest_quaternion
from holistic_rtc.model.message import PART_FIELDS, LandmarkMessage
from holistic_rtc.model.parts import BLENDSHAPE_NAMES, Part
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.model.rig import RIG_SHAPES, Rig
from holistic_rtc.model.skeleton import BONES, EXPRESSIONS
from holistic_rtc.recording import parquet
from holistic_rtc.recording.format import Options
from holistic_rtc.recording.formats import FORMATS, suffixes
from holistic_rtc.recording.motion import LONGEST
from holistic_rtc.recording.take import Wanted, writing
from holistic_rtc.wire import as_json
from tests.kit.outputs import is_null, make_null, reading
from tests.kit.synthetic import make_whole_message
from tests.kit.takes import waving

every = pytest.mark.parametrize("suffix", FORMATS)


def frame(milliseconds: int, rig: Rig | None, track: int = 0, person: int = 0) -> LandmarkMessage:
    return LandmarkMessage(milliseconds, milliseconds, 640, 480, track, HolisticResult(), rig, person)


def write(wanted: Wanted, messages: Iterable[LandmarkMessage]) -> list[float]:
    """:return: the seconds of the frames that were taken"""
    with writing(wanted) as take:
        taken = []
        for message in messages:
            before = take.frames
            take.add(message)
            if take.frames > before:
                taken.append(message.timestamp_ms / 1000)
    return taken


def interrupted() -> Iterator[LandmarkMessage]:
    yield frame(0, waving(0))
    raise KeyboardInterrupt


@every
def test_the_file_appears_when_all_is_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    with writing(Wanted(path)) as take:
        take.add(frame(0, waving(0)))
        assert not path.exists()
    assert list(tmp_path.iterdir()) == [path]


@every
def test_nothing_is_left_of_a_take_that_failed_or_has_no_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    with pytest.raises(MediaError, match="is not written"), writing(Wanted(path)):
        pass
    with pytest.raises(KeyboardInterrupt):
        write(Wanted(path), interrupted())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("suffix", "first"), [(".bvh", 0.2), (".vrma", 0.2), (".jsonl", 0.1), (".csv", 0.1), (".npz", 0.1)]
)
def test_a_motion_begins_when_somebody_is_seen_and_data_with_the_first_frame(
    tmp_path: Path, suffix: str, first: float
) -> None:
    messages = [frame(100, None), frame(200, waving(0)), frame(300, None), frame(400, waving(0))]
    taken = write(Wanted(tmp_path / f"take{suffix}"), messages)
    assert taken[0] == first
    assert taken[-2:] == [0.3, 0.4]


@every
def test_only_the_first_track_is_taken(tmp_path: Path, suffix: str) -> None:
    messages = [frame(50 * count, waving(0), track=count % 2) for count in range(6)]
    assert write(Wanted(tmp_path / f"take{suffix}"), messages) == [0, 0.1, 0.2]


@every
@pytest.mark.parametrize("person", [0, 1])
def test_one_person_is_taken(tmp_path: Path, suffix: str, person: int) -> None:
    messages = [frame(50 * count, waving(0), person=number) for count in range(3) for number in range(3)]
    wanted = Wanted(tmp_path / f"take{suffix}", person=person)
    assert write(wanted, messages) == [0, 0.05, 0.1]
    assert wanted.max_persons is None


def test_whoever_is_the_first_in_a_frame_is_taken_if_nobody_is_named(tmp_path: Path) -> None:
    wanted = Wanted(tmp_path / "take.jsonl")
    assert wanted.max_persons == 1
    assert write(wanted, [frame(50 * count, waving(0), person=2) for count in range(3)]) == [0, 0.05, 0.1]


@every
def test_it_ends_after_the_wanted_time(tmp_path: Path, suffix: str) -> None:
    messages = [frame(1000 + 100 * count, waving(0)) for count in range(20)]
    assert len(write(Wanted(tmp_path / f"take{suffix}", seconds=0.5), messages)) == 5


def test_what_is_held_in_memory_has_an_end(tmp_path: Path) -> None:
    messages = [frame(1000 * seconds, waving(0)) for seconds in (5, LONGEST + 4, LONGEST + 5, LONGEST + 6)]
    assert len(write(Wanted(tmp_path / "take.vrma"), messages)) == 2
    assert len(write(Wanted(tmp_path / "take.csv"), messages)) == 4


def test_json_lines_are_the_protocol_s_messages(tmp_path: Path) -> None:
    path = tmp_path / "take.jsonl"
    message = dataclasses.replace(make_whole_message(), track=0, person=0)
    write(Wanted(path), [message, message])
    assert path.read_bytes().splitlines() == [as_json.encode(message)] * 2


def test_csv_has_every_number_in_a_column_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    message = dataclasses.replace(make_whole_message(), track=0, person=0)
    write(Wanted(path), [message])
    with path.open(newline="") as file:
        [row] = csv.DictReader(file)
    result, rig = message.result, message.rig
    assert rig is not None
    assert result.pose_visibility is not None
    assert result.face_transform is not None
    assert result.face_blendshapes is not None
    expected = {"seq": message.seq, "time_ms": message.timestamp_ms, "width": 640, "height": 480, "person": 0}
    pose, hand = ([point.name.lower() for point in points] for points in (PoseLandmark, HandLandmark))
    for part, names in {
        "pose": pose,
        "pose_world": pose,
        "face": map(str, range(478)),
        **{f"{side}_hand{kind}": hand for side in ("left", "right") for kind in ("", "_world")},
    }.items():
        for name, point in zip(names, getattr(result, f"{part}_landmarks"), strict=True):
            expected |= {f"{part}_{name}_{axis}": value for axis, value in zip("xyz", point, strict=True)}
    expected |= {f"pose_{name}_visibility": value for name, value in zip(pose, result.pose_visibility, strict=True)}
    turn = nearest_quaternion(result.face_transform)
    expected |= {
        f"face_transform_{axis}": value for axis, value in zip("xyz", result.face_transform[:3, 3], strict=True)
    }
    expected |= {f"face_transform_q{axis}": value for axis, value in zip("xyzw", turn, strict=True)}
    expected |= dict(zip(BLENDSHAPE_NAMES[1:], result.face_blendshapes[1:], strict=True))
    expected |= {f"hips_{axis}": value for axis, value in zip("xyz", rig.hips_position, strict=True)}
    for bone, rotation in zip(BONES, rig.rotations, strict=True):
        expected |= {f"{bone}_q{axis}": value for axis, value in zip("xyzw", rotation, strict=True)}
    expected |= dict(zip(EXPRESSIONS, rig.expressions, strict=True))
    assert set(row) == set(expected)
    assert {name: float(value) for name, value in row.items()} == pytest.approx(expected, abs=1e-5)


def test_csv_is_empty_where_nothing_was_seen(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    write(Wanted(path), [frame(40, None), frame(80, waving(0))])
    with path.open(newline="") as file:
        nobody, somebody = csv.DictReader(file)
    assert {name: value for name, value in nobody.items() if value} == {
        **{"seq": "40", "time_ms": "40"},
        **{"width": "640", "height": "480", "person": "0"},
    }
    assert somebody["hips_qw"] == "1.0"
    assert somebody["pose_nose_x"] == ""


def test_npz_has_an_array_for_each_part(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    message = dataclasses.replace(make_whole_message(), track=0, person=0)
    nobody = frame(message.timestamp_ms + 40, None)
    write(Wanted(path), [message, nobody])
    with np.load(path) as file:
        arrays = dict(file)
    numbers = ("seq", "time_ms", "width", "height", "person")
    assert [arrays[name].tolist() for name in numbers] == [
        *([message.seq, nobody.seq], [message.timestamp_ms, nobody.timestamp_ms]),
        *([640, 640], [480, 480], [0, 0]),
    ]
    rig = message.rig
    assert rig is not None
    expected = {
        **{str(part): getattr(message.result, field.attribute) for part, field in PART_FIELDS.items()},
        "pose_visibility": message.result.pose_visibility,
        **{f"rig_{name}": getattr(rig, name) for name in RIG_SHAPES},
    }
    for name, array in expected.items():
        assert arrays[name].dtype == np.float32
        assert arrays[name].shape == (2, *array.shape)
        assert np.array_equal(arrays[name][0], array)
        assert np.isnan(arrays[name][1]).all()
    names = {name: array for name, array in arrays.items() if name not in (*numbers, *expected)}
    assert {name: len(array) for name, array in names.items()} == {
        **{"pose_points": 33, "hand_points": 21, "blendshape_names": 52},
        **{"bone_names": 49, "expression_names": 17, "arkit_names": 52},
    }
    assert names["pose_points"][15] == "left_wrist"


def test_parquet_has_the_columns_of_a_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS", 4)
    message = dataclasses.replace(make_whole_message(), track=0, person=0)
    messages = [dataclasses.replace(message, seq=seq, timestamp_ms=40 * seq) for seq in range(9)] + [frame(400, None)]
    for name in ("take.csv", "take.parquet"):
        write(Wanted(tmp_path / name), messages)
    with (tmp_path / "take.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(tmp_path / "take.parquet")
    assert table.column_names == list(rows[0])
    assert pq.ParquetFile(tmp_path / "take.parquet").num_row_groups == 3
    for row, of_csv in zip(table.to_pylist(), rows, strict=True):
        assert {name for name, value in row.items() if value is not None} == {
            name for name, value in of_csv.items() if value
        }
        assert all(
            value is None or value == pytest.approx(float(of_csv[name]), abs=1e-5) for name, value in row.items()
        )


def test_parts_limit_the_columns_and_arrays(tmp_path: Path) -> None:
    message = dataclasses.replace(make_whole_message(), track=0, person=0)
    options = Options(parts=frozenset({Part.POSE, Part.LEFT_HAND}))
    for suffix in (".jsonl", ".csv", ".npz", ".parquet"):
        write(Wanted(tmp_path / f"take{suffix}", options=options), [message])
    read = as_json.decode((tmp_path / "take.jsonl").read_bytes())
    assert set(read.seen()) == {Part.POSE, Part.LEFT_HAND}
    assert read.rig is None
    with (tmp_path / "take.csv").open(newline="") as file:
        columns = next(csv.reader(file))
    assert len(columns) == 4 + 33 * 3 + 21 * 3 + 33 + 1
    assert pq.read_schema(tmp_path / "take.parquet").names == columns
    with np.load(tmp_path / "take.npz") as file:
        floats = {name for name, array in file.items() if array.dtype == np.float32}
    assert floats == {"pose", "pose_visibility", "left_hand"}
    for suffix in (".bvh", ".vrma"):
        with pytest.raises(MediaError, match="consists of the rig; leave out the parts"):
            Wanted(tmp_path / f"take{suffix}", options=options)


def test_without_pyarrow_parquet_is_refused_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [BuiltinImporter])
    monkeypatch.delitem(sys.modules, "pyarrow", raising=False)
    with pytest.raises(MediaError, match=r"needs pyarrow; run: pip install 'holistic-rtc\[parquet\]'"):
        Wanted(tmp_path / "take.parquet")


@pytest.mark.parametrize("name", ["take.jsonl", "take.csv", "take", "take.fbx"])
def test_the_reader_of_a_pipe_gets_each_frame_at_once(tmp_path: Path, name: str) -> None:
    with reading(tmp_path / name) as pipe:
        got = []
        with writing(Wanted(tmp_path / name)) as take:
            for count in range(3):
                take.add(frame(40 * count, None))
                got.append(os.read(pipe, 65_536))
        assert os.read(pipe, 1) == b""
    if name.endswith(".csv"):
        assert [row["time_ms"] for row in csv.DictReader(b"".join(got).decode().splitlines())] == ["0", "40", "80"]
    else:
        assert [as_json.decode(line.rstrip()).timestamp_ms for line in got] == [0, 40, 80]
    assert [line.count(b"\n") for line in got[1:]] == [1, 1]


@pytest.mark.parametrize("suffix", [suffix for suffix, format in FORMATS.items() if format.of_rig])
def test_the_reader_of_a_pipe_gets_a_motion_when_it_has_ended(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    with reading(path) as pipe:
        write(Wanted(path), [frame(0, waving(0)), frame(40, waving(0))])
        assert os.read(pipe, 4) == {".bvh": b"HIER", ".vrma": b"glTF"}[suffix]


def test_a_device_gets_json_lines_and_stays(tmp_path: Path) -> None:
    null = make_null(tmp_path / "null")
    assert write(Wanted(null), [frame(0, None)]) == [0]
    assert is_null(null)


def test_standard_output_gets_json_lines(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write(Wanted(STDOUT), [frame(0, None), frame(40, None)])
    lines = capfdbinary.readouterr().out.splitlines()
    assert [as_json.decode(line).timestamp_ms for line in lines] == [0, 40]


def test_a_reader_that_leaves_is_a_broken_pipe() -> None:
    source, sink = os.pipe()
    os.close(source)
    with pytest.raises(BrokenPipeError):
        write(Wanted(Path(f"/dev/fd/{sink}")), [frame(0, None)])
    os.close(sink)


@every
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, suffix: str) -> None:
    link, target = tmp_path / f"take{suffix}", tmp_path / "target"
    link.symlink_to("target")
    write(Wanted(link), [frame(0, waving(0))])
    assert link.is_symlink()
    assert target.stat().st_size


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("take.fbx", "must end in .bvh, .vrma, .jsonl, .csv, .npz or .parquet"),
        ("absent/take.bvh", "there is no folder"),
        ("folder.csv", "is a folder"),
    ],
)
def test_where_no_take_can_be_written(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(MediaError, match=words):
        Wanted(tmp_path / name)


def test_every_format_is_listed_and_documented() -> None:
    modules = (path for path in Path(recording.__file__).parent.glob("*.py") if "\nFORMAT = " in path.read_text())
    assert {path.stem for path in modules} == {suffix.removeprefix(".") for suffix in FORMATS}
    page = (Path(recording.__file__).parents[3] / "docs" / "avatars.md").read_text()
    for suffix in FORMATS:
        assert f"| `{suffix}` |" in page
    assert suffixes(heeding="fps") == ".bvh"
