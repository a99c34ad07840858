"""Live takes of made-up messages, and what can be recovered of them."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from holistic_rtc.atomic import replacing
from holistic_rtc.errors import MediaError
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.recording import line_file
from holistic_rtc.recording.format import Options
from holistic_rtc.recording.formats import FORMATS
from holistic_rtc.recording.line_file import LineFile
from holistic_rtc.recording.live import recording, recordings, recover, unfinished
from holistic_rtc.recording.take import Wanted, writing
from holistic_rtc.wire import as_json
from tests.kit.outputs import reading
from tests.kit.takes import TIMES, waving

every = pytest.mark.parametrize("suffix", FORMATS)
of_lines = pytest.mark.parametrize("suffix", [suffix for suffix, form in FORMATS.items() if form.lines])
of_motion = pytest.mark.parametrize("suffix", [suffix for suffix, form in FORMATS.items() if not form.lines])


class Crash(BaseException):
    """Ends a take at once, as a killed process would."""


def frames(number: int = len(TIMES)) -> Iterator[LandmarkMessage]:
    for seq, milliseconds in zip(range(number), TIMES, strict=False):
        yield as_received(LandmarkMessage(seq, milliseconds, 640, 480, 0, HolisticResult(), waving(milliseconds)))


def as_received(message: LandmarkMessage) -> LandmarkMessage:
    return as_json.decode(as_json.encode(message))


def record(wanted: Wanted, *, crash_after: int | None = None) -> None:
    with recording(wanted) as take:
        for message in frames(crash_after or len(TIMES)):
            take.add(message)
        if crash_after:
            raise Crash


def crash(path: Path, after: int = 10, options: Options | None = None) -> Path:
    """:return: the journal"""
    with pytest.raises(Crash):
        record(Wanted(path, options=options or Options()), crash_after=after)
    return path.with_name(f"{path.name}.journal")


def written_at_once(path: Path, number: int, options: Options | None = None) -> bytes:
    with writing(Wanted(path, options=options or Options())) as take:
        for message in frames(number):
            take.add(message)
    return path.read_bytes()


@every
def test_a_live_take_is_what_a_repeatable_one_is(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    record(Wanted(path))
    assert list(tmp_path.iterdir()) == [path]
    content = path.read_bytes()
    if FORMATS[suffix].lines:
        assert content == written_at_once(path, len(TIMES))
    else:
        # The journal rounds numbers once more.
        assert len(content) == pytest.approx(len(written_at_once(path, len(TIMES))), rel=0.01)


@of_lines
def test_each_line_is_there_at_once(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    path.write_text("an older take, which is kept until there is a frame")
    with recording(Wanted(path)) as take:
        assert path.read_text().startswith("an older take")
        for number, message in enumerate(frames(), 1):
            take.add(message)
            assert path.read_bytes().count(b"\n") == number + (suffix == ".csv")


@every
def test_nothing_is_left_of_a_take_without_a_frame(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(MediaError, match="is not written"), recording(Wanted(tmp_path / f"take{suffix}")):
        pass
    assert list(tmp_path.iterdir()) == []


@of_lines
def test_a_take_without_a_frame_leaves_an_older_one_alone(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    path.write_text("old")
    with pytest.raises(MediaError, match="no frame came"), recording(Wanted(path)):
        pass
    assert path.read_text() == "old"


@of_motion
@pytest.mark.parametrize("by_journal", [False, True])
def test_a_crashed_motion_is_recovered_as_if_it_had_been_stopped_then(
    tmp_path: Path, suffix: str, by_journal: bool
) -> None:
    options = Options(fps=20, arkit=True)
    path, stopped = tmp_path / f"take{suffix}", tmp_path / f"stopped{suffix}"
    journal = crash(path, 10, options)
    assert list(tmp_path.iterdir()) == [journal]
    assert unfinished(tmp_path) == [journal]
    recovered = recover(journal if by_journal else path)
    assert (recovered.path, recovered.frames, recovered.damaged) == (path, 10, 0)
    assert list(tmp_path.iterdir()) == [path]
    with recording(Wanted(stopped, options=options)) as take:
        for message in frames(10):
            take.add(message)
    assert path.read_bytes() == stopped.read_bytes()


def test_a_killed_attempt_to_finish_leaves_nothing_after_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "take[1].bvh"
    crash(path)
    child = os.fork()
    if child == 0:
        with replacing(path) as part:
            part.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(list(tmp_path.iterdir())) == 2
    recover(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_take_with_the_longest_name_is_recovered(tmp_path: Path) -> None:
    path = tmp_path / ("あ" * 83 + ".bvh")
    crash(path)
    [journal] = tmp_path.iterdir()
    recover(journal)
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_made_of_a_journal_can_be_chosen(tmp_path: Path) -> None:
    journal = crash(tmp_path / "take.bvh")
    other = tmp_path / "other.vrma"
    assert recover(journal, other).path == other
    assert list(tmp_path.iterdir()) == [other]
    assert other.read_bytes().startswith(b"glTF")


def test_what_is_damaged_in_a_journal_is_left_out(tmp_path: Path) -> None:
    journal = crash(tmp_path / "take.bvh")
    with journal.open("ab") as file:
        file.write(b'{"seq": 10, "timest')
    recovered = recover(journal)
    assert (recovered.frames, recovered.damaged) == (10, 19)


def test_the_journal_stays_when_its_output_can_not_be_written(tmp_path: Path) -> None:
    path = tmp_path / "take.bvh"
    journal = crash(path)
    with pytest.raises(MediaError, match="can't record to take.fbx"):
        recover(journal, tmp_path / "take.fbx")
    path.mkdir()
    with pytest.raises(MediaError, match="is a folder"):
        recover(journal)
    assert unfinished(tmp_path) == [journal]


@of_motion
def test_the_journal_of_another_take_is_not_overwritten(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    journal = crash(path)
    content = journal.read_bytes()
    with pytest.raises(MediaError, match=f"record --recover {journal}`, or delete it"), recording(Wanted(path)):
        pass
    assert journal.read_bytes() == content


@every
def test_two_takes_do_not_meet_in_a_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    with recording(Wanted(path)) as take:
        take.add(next(frames()))
        assert unfinished(tmp_path) == []
        with pytest.raises(MediaError, match="another recording is writing"), recording(Wanted(path)):
            pass
        with pytest.raises(MediaError, match="another recording is writing"):
            recover(path)


@of_lines
@pytest.mark.parametrize("end", [b"", b"12,34", b'{"seq": 1', b"\0" * 5000])
def test_an_incomplete_end_is_cut_off(tmp_path: Path, suffix: str, end: bytes) -> None:
    path = tmp_path / f"take{suffix}"
    crash(path, 10)
    whole = path.read_bytes()
    path.write_bytes(whole + end)
    recovered = recover(path)
    assert (recovered.path, recovered.frames, recovered.damaged) == (path, 10, len(end))
    assert path.read_bytes() == whole


def test_what_can_not_be_recovered(tmp_path: Path) -> None:
    (tmp_path / "foreign.bvh.journal").write_text("something else\n")
    (tmp_path / "foreign.jsonl").write_text("something else\n")
    crash(tmp_path / "take.csv")
    for name, output, words in (
        ("absent.bvh", None, "there is no .*absent.bvh.journal"),
        ("absent.csv", None, "there is no .*absent.csv"),
        ("foreign.bvh", None, "not the journal of a recording"),
        ("foreign.jsonl", None, "no complete frame"),
        ("take.csv", "other.csv", "repaired in place"),
    ):
        with pytest.raises(MediaError, match=words):
            recover(tmp_path / name, tmp_path / output if output else None)
    assert unfinished(tmp_path) == []
    assert (tmp_path / "foreign.jsonl").read_text() == "something else\n"


def test_an_interrupted_end_says_where_the_take_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "take.bvh"
    with monkeypatch.context() as patch:
        patch.setattr("holistic_rtc.recording.bvh.write", interrupt)
        with pytest.raises(MediaError, match=f"interrupted before {path} was written.*--recover {path}.journal"):
            record(Wanted(path))
    assert recover(path).frames == len(TIMES)


def test_the_reader_of_a_pipe_gets_each_frame_and_no_journal(tmp_path: Path) -> None:
    with reading(tmp_path / "take.jsonl") as pipe, recording(Wanted(tmp_path / "take.jsonl")) as take:
        take.add(next(frames()))
        assert as_json.decode(os.read(pipe, 65_536)).timestamp_ms == TIMES[0]
        assert len(list(tmp_path.iterdir())) == 1


def test_lines_are_forced_to_the_disk_after_a_while_and_not_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "take.jsonl"
    on_disk: list[int] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            on_disk.append(path.stat().st_size)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(line_file, "SYNC_SECONDS", 0.05)
    with LineFile(path) as file:
        for number in range(100):
            file.write(b"%d\n" % number)
        written = path.stat().st_size
        deadline = time.monotonic() + 10
        while written not in on_disk and time.monotonic() < deadline:
            time.sleep(0.01)
        assert on_disk[-1] == written
        assert len(on_disk) < 50


def test_a_line_that_does_not_fit_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pwrite, room = os.pwrite, count(5, -1)

    def until_full(descriptor: int, data: bytes, offset: int) -> int:
        if next(room) <= 0:
            raise OSError(28, "No space left on device")
        return pwrite(descriptor, data[:3], offset)

    monkeypatch.setattr(os, "pwrite", until_full)
    with LineFile(tmp_path / "lines") as file:
        file.write(b"first\n")
        with pytest.raises(OSError, match="No space"):
            file.write(b"the second line\n")
    assert (tmp_path / "lines").read_bytes() == b"first\n"


def test_a_disk_that_refuses_later_ends_the_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(line_file, "SYNC_SECONDS", 0.01)
    monkeypatch.setattr(line_file, "sync_folder", lambda folder: None)
    monkeypatch.setattr(os, "fsync", refuse)
    deadline = time.monotonic() + 10

    def record_on() -> None:
        with recording(Wanted(tmp_path / "take.csv")) as take:
            for number in count():
                take.add(LandmarkMessage(number, number, 640, 480, 0, HolisticResult()))
                assert time.monotonic() < deadline
                time.sleep(0.005)

    with pytest.raises(MediaError, match="No space left on device"):
        record_on()


def test_of_several_takes_one_that_fails_leaves_the_others_whole(tmp_path: Path) -> None:
    paths = [tmp_path / f"take{suffix}" for suffix in (".npz", ".bvh", ".csv", ".vrma")]

    def record_nobody() -> None:
        with recordings(list(map(Wanted, paths))) as takes:
            for message in frames():
                for take in takes:
                    take.add(replace(message, rig=None))

    with pytest.raises(MediaError, match=r"nobody was seen, so .*take\.(bvh|vrma) is not written"):
        record_nobody()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["take.csv", "take.npz"]


def test_a_table_of_some_parts_is_repaired(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    options = Options(parts=frozenset({Part.POSE}))
    record(Wanted(path, options=options))
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert recover(path).frames == len(TIMES) - 1
    assert whole.startswith(path.read_bytes())
