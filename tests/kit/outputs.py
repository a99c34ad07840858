"""Places to write to that are no regular files."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def make_null(path: Path) -> Path:
    """A device of its own, so that no test has to trust the code with the machine's /dev/null."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        path.open("wb").close()
    except PermissionError:
        pytest.skip("devices can't be made here")
    return path


def is_null(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == os.makedev(1, 3)


@contextmanager
def reading(pipe: Path) -> Iterator[int]:
    """
    A named pipe, made here.

    :return: its reading end. It doesn't wait, so there is no need for a thread as long as the pipe's 64 KiB suffice.
    """
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield end
        assert pipe.is_fifo()
    finally:
        os.close(end)
