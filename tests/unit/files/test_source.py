"""Inputs that are no regular files."""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from holistic_rtc.errors import MediaError
from holistic_rtc.files.source import STDIN, name_of, seekable
from tests.kit.outputs import make_null

LONG = bytes(range(256)) * 1000


@contextmanager
def standard_input(descriptor: int) -> Iterator[None]:
    before = os.dup(0)
    os.dup2(descriptor, 0)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)


def content(source: Path) -> bytes:
    with seekable(source) as file:
        assert file.is_file()
        return file.read_bytes()


def test_a_regular_file_is_read_where_it_is(tmp_path: Path) -> None:
    path, link = tmp_path / "clip.mp4", tmp_path / "link.mp4"
    path.write_bytes(LONG)
    link.symlink_to(path)
    for source in (path, link):
        with seekable(source) as file:
            assert file == source


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/proc/self/fd/0"])
def test_what_comes_through_a_pipe_is_copied(name: str) -> None:
    source, sink = os.pipe()

    def write() -> None:
        with open(sink, "wb") as pipe:
            pipe.write(LONG)

    writer = threading.Thread(target=write)
    with standard_input(source):
        os.close(source)
        writer.start()
        assert content(Path(name)) == LONG
    writer.join()


def test_a_named_pipe_stays(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(LONG))
    writer.start()
    assert content(path) == LONG
    writer.join()
    assert list(tmp_path.iterdir()) == [path]


def test_standard_input_may_be_a_file_or_a_socket(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(LONG)
    with (tmp_path / "clip.mp4").open("rb") as file, standard_input(file.fileno()):
        assert content(STDIN) == LONG
    ours, theirs = socket.socketpair()
    with theirs, ours:
        ours.sendall(b"short")
        ours.shutdown(socket.SHUT_WR)
        with standard_input(theirs.fileno()):
            assert content(STDIN) == b"short"


def test_what_is_no_input_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    null = make_null(tmp_path / "null")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    for source, words in {
        tmp_path / "absent": "there is no file",
        tmp_path: "is not a file or a pipe",
        null: "is not a file or a pipe",
        tmp_path / "socket": "is not a file or a pipe",
    }.items():
        with pytest.raises(MediaError, match=words):
            content(source)
    monkeypatch.setattr(sys, "__stdin__", None)
    with pytest.raises(MediaError, match="standard input is closed"):
        content(STDIN)


def test_standard_input_has_a_name() -> None:
    assert name_of(Path("-")) == name_of(Path("/dev/stdin")) == "standard input"
    assert name_of(Path("clip.mp4")) == "clip.mp4"
