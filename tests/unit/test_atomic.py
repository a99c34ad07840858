import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import pytest

from holistic_rtc.atomic import (
    STDOUT,
    fitting,
    is_stdout,
    obstacle,
    on_terminal,
    passes_through,
    remove_parts,
    replacing,
    same_output,
    streaming,
)
from tests.kit.outputs import is_null, make_null, reading

failures = pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, empty at first."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def write(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text)


def fail(path: Path, error: type[BaseException]) -> None:
    def write_half() -> None:
        with replacing(path) as part:
            part.write_text("ne")
            raise error

    with pytest.raises(error):
        write_half()


def test_the_file_takes_its_place_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_text("old")
    with replacing(path) as part:
        assert (part.parent, part.suffix) == (tmp_path, ".mp4")
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@failures
def test_a_half_file_is_removed_and_the_old_one_stays(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_text("old")
    fail(path, error)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with replacing(path) as one, replacing(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_wrote_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "out"):
        pass


@pytest.mark.parametrize("name", ["n" * 251 + ".mp4", "あ" * 83 + ".mp4", "a." + "z" * 253])
def test_the_longest_names_are_written_and_leave_nothing_else(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, "new")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    fail(tmp_path / name, OSError)
    assert (tmp_path / name).read_text() == "new"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_a_killed_process_has_left_is_removed_but_not_what_is_being_written(tmp_path: Path) -> None:
    path, other = tmp_path / ("[" * 251 + ".bvh"), tmp_path / "other.bvh"
    other.write_text("")
    code = f"""
import os, pathlib, holistic_rtc.atomic
with holistic_rtc.atomic.replacing(pathlib.Path({str(path)!r})) as part:
    part.write_text("half")
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    with replacing(path) as part:
        part.write_text("whole")
        remove_parts(path)
        assert sorted(tmp_path.iterdir()) == sorted([part, other])
    assert path.read_text() == "whole"


@pytest.mark.parametrize("name", [b"caf\xe9.mp4", b"a\nb.mp4", b"12:30.mp4", b"-.mp4", b"%d.mp4"])
def test_names_may_have_any_bytes(name: bytes, tmp_path: Path) -> None:
    write(tmp_path / os.fsdecode(name), "new")
    assert os.listdir(os.fsencode(tmp_path)) == [name]


def test_a_stem_is_cut_by_whole_letters_where_its_name_would_be_too_long(tmp_path: Path) -> None:
    assert fitting(tmp_path, "short", ".mp4") == tmp_path / "short.mp4"
    assert fitting(tmp_path, "あ" * 84, ".mp4") == tmp_path / ("あ" * 83 + ".mp4")
    assert fitting(tmp_path, "n" * 300, ".mp4") == tmp_path / ("n" * 251 + ".mp4")


def test_a_file_in_a_folder_that_is_read_only_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.txt"
    path.write_text("an old and longer text")
    # Root may write to any folder.
    monkeypatch.setattr(os, "access", lambda place, mode: place != tmp_path)
    with replacing(path) as part:
        assert part.parent != tmp_path
        part.write_text("new")
    assert path.read_text() == "new"
    fail(path, OSError)
    assert path.read_text() == "new"


def test_a_file_that_is_read_only_is_an_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out.txt").touch()
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    assert obstacle(tmp_path / "out.txt") == f"the output {tmp_path / 'out.txt'} is read-only"


def test_a_file_keeps_its_mode_and_nobody_else_reads_it_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(0o646)
    with replacing(path) as part:
        part.write_text("new")
        assert stat.S_IMODE(part.stat().st_mode) == 0o600
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o646)


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    write(tmp_path / "out", "new")
    (tmp_path / "other").touch()
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(0o640)
    try:
        os.chown(path, 1234, 2345)
    except PermissionError:
        pytest.skip("files can't be given away here")
    write(path, "new")
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 2345, 0o640)


def test_an_owner_that_can_not_be_kept_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    path = tmp_path / "out"
    path.write_text("old")
    write(path, "new")
    assert path.read_text() == "new"


def test_a_private_file_is_for_its_owner_alone_whatever_the_old_one_was(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    for _ in range(2):
        with replacing(path, private=True) as part:
            assert stat.S_IMODE(part.stat().st_mode) == 0o600
            part.write_text("secret")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o644)


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    target, middle, link = tmp_path / "data" / "take_1", tmp_path / "data" / "newest", tmp_path / "take.jsonl"
    middle.symlink_to("take_1")
    link.symlink_to("data/newest")
    for text in "when it dangles", "when there is a file":
        with replacing(link) as part:
            assert (part.parent, part.suffix) == (target.parent, ".jsonl")
            part.write_text(text)
        assert (target.read_text(), target.is_symlink()) == (text, False)
        assert (os.readlink(link), os.readlink(middle)) == ("data/newest", "take_1")
    fail(link, KeyboardInterrupt)
    assert sorted(target.parent.iterdir()) == [middle, target]


def test_a_link_to_itself_is_an_error_and_stays(tmp_path: Path) -> None:
    link = tmp_path / "out"
    link.symlink_to("out")
    with pytest.raises(OSError, match="symbolic links"):
        write(link, "new")
    assert os.readlink(link) == "out"


def test_a_device_stays(tmp_path: Path, temporary: Path) -> None:
    null, link = make_null(tmp_path / "null"), tmp_path / "link"
    link.symlink_to("null")
    for path in null, link:
        write(path, "new")
        with streaming(path) as file:
            file.write(b"new")
    assert is_null(null)
    assert link.is_symlink()
    assert list(temporary.iterdir()) == []


def test_the_reader_of_a_pipe_gets_the_whole_file_when_all_is_written(tmp_path: Path, temporary: Path) -> None:
    path = tmp_path / "pipe.mp4"
    with reading(path) as pipe:
        with replacing(path) as part:
            assert (part.parent.parent, part.suffix) == (temporary, ".mp4")
            part.write_text("new")
            with pytest.raises(BlockingIOError):
                os.read(pipe, 10)
        assert os.read(pipe, 10) == b"new"
        assert os.read(pipe, 10) == b""
    assert list(temporary.iterdir()) == []


@failures
def test_the_reader_of_a_pipe_gets_nothing_of_a_half_file(
    error: type[BaseException], tmp_path: Path, temporary: Path
) -> None:
    with reading(tmp_path / "pipe") as pipe:
        fail(tmp_path / "pipe", error)
        assert os.read(pipe, 10) == b""
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd"])
@pytest.mark.parametrize("linked", [False, True])
def test_an_open_file_is_written_to_and_not_the_one_of_its_name(folder: str, linked: bool, tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab", buffering=0) as log:
        path = Path(folder, str(log.fileno()))
        if linked:
            (tmp_path / "link").symlink_to(path)
            path = tmp_path / "link"
        log.write(b"before\n")
        write(path, "whole\n")
        with streaming(path) as file:
            file.write(b"line\n")
        log.write(b"after\n")
        assert os.path.samestat(os.fstat(log.fileno()), (tmp_path / "log").stat())
    assert (tmp_path / "log").read_text() == "before\nwhole\nline\nafter\n"


def test_what_was_not_appended_to_goes_on_behind_what_is_written(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb", buffering=0) as log:
        log.write(b"before\n")
        write(Path(f"/dev/fd/{log.fileno()}"), "whole\n")
        log.write(b"after\n")
    assert (tmp_path / "log").read_text() == "before\nwhole\nafter\n"


def test_the_open_file_of_another_process_is_appended_to(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    with log.open("ab") as file, subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file) as other:
        inode = log.stat().st_ino
        write(Path(f"/proc/{other.pid}/fd/1"), "new\n")
        other.communicate()
    assert (log.read_text(), log.stat().st_ino) == ("before\nnew\n", inode)


def test_a_descriptor_that_is_not_open_is_an_error() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        write(Path("/dev/fd/987"), "new")


@pytest.mark.parametrize("path", [STDOUT, Path("stdout"), Path("/dev/fd/1"), Path("/proc/self/fd/1")])
def test_standard_output_is_written_to(
    path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # As /dev has one, which no test is to lose.
    Path("stdout").symlink_to("/proc/self/fd/1")
    assert is_stdout(path)
    write(path, "whole\n")
    with streaming(path) as file:
        file.write(b"line\n")
    print("goes on")
    assert capfd.readouterr().out == "whole\nline\ngoes on\n"


def test_a_standard_output_that_is_closed_is_an_obstacle() -> None:
    code = "import sys; from holistic_rtc.atomic import STDOUT, obstacle; sys.exit(obstacle(STDOUT))"
    command = ["sh", "-c", '"$@" >&-', "sh", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == "standard output is closed\n"


def test_output_on_a_terminal_is_told_from_that_into_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal in True, False:
        monkeypatch.setattr(os, "isatty", lambda descriptor, terminal=terminal: terminal and descriptor == 1)
        assert on_terminal(STDOUT) == terminal
        assert not on_terminal(Path("out"))


def test_other_places_are_not_standard_output(tmp_path: Path) -> None:
    assert not any(map(is_stdout, [tmp_path / "-", tmp_path / "out", Path("/dev/stderr"), Path("/dev/fd/987")]))


def test_lines_come_at_once_through_a_pipe_and_into_a_file_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with reading(tmp_path / "pipe") as pipe:
        with streaming(tmp_path / "pipe") as one, streaming(file) as other:
            for line in b"one\n", b"two\n":
                one.write(line)
                other.write(line)
                assert os.read(pipe, 10) == line
            assert not file.exists()
        assert file.read_bytes() == b"one\ntwo\n"


@failures
def test_half_the_lines_are_no_file(error: type[BaseException], tmp_path: Path) -> None:
    def write_half() -> None:
        with streaming(tmp_path / "out") as file:
            file.write(b"one\n")
            raise error

    with pytest.raises(error):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_a_line_longer_than_a_pipe_takes_at_once_comes_whole() -> None:
    source, sink = os.pipe()
    os.set_blocking(sink, False)
    with ThreadPoolExecutor() as pool, open(source, "rb") as reader:
        read = pool.submit(reader.read)
        try:
            with streaming(Path(f"/dev/fd/{sink}")) as file:
                file.write(b"x" * 1_000_000)
        finally:
            os.close(sink)
        assert len(read.result()) == 1_000_000


@pytest.mark.parametrize("way", [replacing, streaming])
def test_a_reader_that_has_left_is_a_broken_pipe(
    way: Callable[[Path], AbstractContextManager[Path | BinaryIO]], temporary: Path
) -> None:
    source, sink = os.pipe()
    os.close(source)
    with pytest.raises(BrokenPipeError), way(Path(f"/dev/fd/{sink}")) as out:
        out.write_bytes(b"new") if isinstance(out, Path) else out.write(b"new")
    os.close(sink)
    assert list(temporary.iterdir()) == []


def test_what_stays_is_told_from_what_is_replaced(tmp_path: Path) -> None:
    null, file, link = make_null(tmp_path / "null"), tmp_path / "file", tmp_path / "link"
    file.touch()
    link.symlink_to("null")
    os.mkfifo(tmp_path / "pipe")
    assert all(map(passes_through, [null, link, tmp_path / "pipe", STDOUT, Path("/dev/stdout"), Path("/dev/fd/987")]))
    assert not any(map(passes_through, [file, tmp_path / "absent", tmp_path, file / "below"]))


def test_what_keeps_an_output_from_being_written_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.touch()
    for name, target in ("link", "source"), ("astray", "absent/out"), ("dangling", "new"):
        (tmp_path / name).symlink_to(target)
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    for name, words in (
        ("absent/out", "there is no folder"),
        ("astray", "there is no folder"),
        (".", "is a folder"),
        ("socket", "is a socket"),
        ("source", "overwrite the input"),
        ("link", "overwrite the input"),
    ):
        assert words in (obstacle(Path(name), source) or "")
    for name in "new", "dangling", "pipe", "-", "/dev/stdout":
        assert obstacle(Path(name), source) is None
    assert obstacle(source) is None


def test_two_names_of_one_place_are_found(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("file")
    assert same_output(link, tmp_path / "file")
    assert same_output(STDOUT, Path("/dev/stdout"))
    assert not same_output(link, tmp_path / "other")
    assert not same_output(STDOUT, Path("/dev/stderr"))
