"""Inputs: regular files, standard input and pipes."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from holistic_rtc.errors import MediaError

STDIN = Path("-")
"""Standard input"""
_STDIN_FILE = Path("/dev/stdin")


def name_of(source: Path) -> str:
    """What to call it in messages."""
    return "standard input" if path_of(source) == _STDIN_FILE else str(source)


def path_of(source: Path) -> Path:
    """Where it can be opened."""
    return _STDIN_FILE if source == STDIN else source


@contextmanager
def seekable(source: Path, name: str | None = None) -> Iterator[Path]:
    """
    :param name: what to call it in messages; its path by default.
    :return: the source itself if it is a regular file. What comes from standard input or a pipe is copied to a
        temporary file, since decoders read back and forth.
    :raises MediaError: it is neither, is empty, or can't be read.
    """
    path, name = path_of(source), name or name_of(source)
    is_stdin = path == _STDIN_FILE
    if is_stdin and sys.__stdin__ is None:
        # By now, descriptor 0 may be any other file.
        raise MediaError(f"{name} is closed")
    try:
        found = path.stat()
    except FileNotFoundError:
        raise MediaError(f"there is no file {name}") from None
    except OSError as error:
        raise MediaError(f"{name} can't be read: {error.strerror}") from error
    mode = found.st_mode
    if stat.S_ISREG(mode):
        if not found.st_size:
            raise MediaError(f"{name} is empty")
        yield path
        return
    if not stat.S_ISFIFO(mode) and not (is_stdin and stat.S_ISSOCK(mode)):
        raise MediaError(f"{name} is not a file or a pipe")
    with NamedTemporaryFile(prefix="holistic-rtc-") as copy:
        try:
            # A socket can't be opened by its name.
            with open(os.dup(0) if is_stdin else path, "rb") as pipe:
                shutil.copyfileobj(pipe, copy)
            copy.flush()
            if not copy.tell():
                raise MediaError(f"{name} is empty")
        except OSError as error:
            raise MediaError(f"{name} can't be copied to a temporary file: {error.strerror}") from error
        yield Path(copy.name)
