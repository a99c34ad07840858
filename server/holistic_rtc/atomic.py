"""Outputs: regular files appear whole or not at all; devices, pipes and standard output are written to."""

import errno
import fcntl
import glob
import io
import os
import select
import shutil
import stat
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

STDOUT = Path("-")
"""Standard output"""
_LONG_SUFFIX = 16
"""Too long to mean anything"""
_MAX_LINKS = 40
"""Linux's limit"""


@contextmanager
def replacing(path: Path, *, suffix: str | None = None, private: bool = False) -> Iterator[Path]:
    """
    Yield a path to write to. The file replaces ``path`` when the block succeeds, and is removed when it fails.

    The file is in the same folder, under a name of its own, so concurrent writers of one output don't collide. If
    ``path`` is a symbolic link, its target is replaced and the link stays. An existing file's mode is kept, and its
    owner where permitted. An output that :func:`passes_through` is never replaced: the content is copied to it when
    the block succeeds.

    A file that can't be replaced, because its folder is read-only or it is a mount point, is overwritten instead.

    :param suffix: of the yielded path; that of ``path`` by default.
    :param private: give the file mode 0600, whatever the old one had.
    :raises OSError: the file can't be written.
    """
    suffix = path.suffix if suffix is None else suffix
    if through := open_through(path):
        with through, _temporary_part(suffix) as part:
            yield part
            with part.open("rb") as file:
                shutil.copyfileobj(file, through)
        return
    target = _destination(path)
    assert isinstance(target, Path)
    try:
        # Not target.stat(): the kernel refuses to follow another user's link in /tmp.
        old = path.stat()
    except FileNotFoundError:
        old = None
    if old and not os.access(target.parent, os.W_OK):
        with _temporary_part(suffix) as part:
            yield part
            shutil.copyfile(part, target)
        return
    part = _part(target, uuid.uuid4().hex, suffix)
    # Locked, so that remove_parts() knows it from what a killed process has left.
    lock = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600 if old or private else 0o666)
    try:
        _try_lock(lock)
        os.utime(part, (0, 0))
        yield part
        if part.stat().st_mtime_ns == 0:
            raise FileNotFoundError(errno.ENOENT, "nothing was written", str(path))
        if old:
            _give_owner_and_mode(part, old, private)
        try:
            os.replace(part, target)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            shutil.copyfile(part, target)
    finally:
        part.unlink(missing_ok=True)
        os.close(lock)


def _try_lock(descriptor: int) -> bool:
    """
    :return: False if another process has locked the file, or its file system has no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _temporary_part(suffix: str) -> Iterator[Path]:
    with TemporaryDirectory(prefix="holistic-rtc-") as folder:
        yield Path(folder, f"part{suffix}")


def remove_parts(path: Path) -> None:
    """Remove what killed processes have left of files to replace this one."""
    target = _destination(path)
    if isinstance(target, Path):
        any_id = "0" * 32
        pattern = glob.escape(_part(target, any_id, target.suffix).name).replace(any_id, "?" * 32)
        for part in target.parent.glob(pattern):
            with suppress(FileNotFoundError), part.open("rb") as file:
                if _try_lock(file.fileno()):
                    part.unlink()


def _part(target: Path, id: str, suffix: str) -> Path:
    return fitting(target.parent, f".{target.stem}", f".{id}.part{suffix if len(suffix) < _LONG_SUFFIX else ''}")


def fitting(folder: Path, stem: str, end: str) -> Path:
    """
    A path in a folder. If it would be longer than the file system allows, the stem is cut.

    :raises OSError: there is no such folder.
    """
    room = os.pathconf(folder, "PC_NAME_MAX") - len(os.fsencode(end))
    while stem and len(os.fsencode(stem)) > room:
        stem = stem[:-1]
    return folder / f"{stem}{end}"


@contextmanager
def streaming(path: Path) -> Iterator[BinaryIO]:
    """
    Yield a file to write lines to. An output that :func:`passes_through` gets each line at once; any other appears when
    the block succeeds, as with :func:`replacing`.

    :raises BrokenPipeError: the reader of a pipe has closed it.
    :raises OSError: the output can't be written.
    """
    if through := open_through(path):
        with through:
            yield through
    else:
        with replacing(path) as part, part.open("wb") as file:
            yield file


class Unbuffered(io.FileIO):
    """Writes all data at once, even to a non-blocking pipe, where a plain ``FileIO`` may write only part of it."""

    def write(self, data: Any, /) -> int:
        rest = memoryview(data)
        while rest:
            written: int | None = super().write(rest)
            if written is None:
                select.select([], [self], [])
            else:
                rest = rest[written:]
        return len(data)


def open_through(path: Path) -> Unbuffered | None:
    """
    Open an output that :func:`passes_through`. For a named pipe, this waits for a reader.

    :return: None for a regular file, or a new one.
    :raises OSError: it can't be opened.
    """
    if not passes_through(path):
        return None
    target = _destination(path)
    if isinstance(target, int):
        return Unbuffered(os.dup(target), "w")
    append = os.O_APPEND if _is_descriptor(target) else 0
    return Unbuffered(os.open(path, os.O_WRONLY | append), "w")


def passes_through(path: Path) -> bool:
    """
    Whether ``path`` is standard output (``-``), an open descriptor (``/dev/stdout``, ``/dev/fd/3``), a device, a pipe,
    or a link to one of these. Such an output is written to, not replaced.
    """
    target = _destination(path)
    if isinstance(target, int) or _is_descriptor(target):
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def is_stdout(path: Path) -> bool:
    return _destination(path) == 1


def on_terminal(path: Path) -> bool:
    """Whether the output goes to a terminal, where it would garble a progress bar."""
    return is_stdout(path) and os.isatty(1)


def same_output(one: Path, other: Path) -> bool:
    return _destination(one) == _destination(other)


def obstacle(path: Path, source: Path | None = None) -> str | None:
    """
    Check an output before any work is done. Opens nothing.

    :param source: the input, which must not be overwritten.
    :return: why the output can't be written, or None.
    """
    target = _destination(path)
    if target == 1 and sys.__stdout__ is None:
        # By now, descriptor 1 may be any other file.
        return "standard output is closed"
    if isinstance(target, Path) and not target.parent.is_dir():
        return f"there is no folder {target.parent} for the output"
    try:
        found = os.stat(target if isinstance(target, int) else path)
    except OSError:
        return None
    if stat.S_ISDIR(found.st_mode):
        return f"the output {path} is a folder"
    if stat.S_ISSOCK(found.st_mode) and isinstance(target, Path):
        return f"the output {path} is a socket"
    if not stat.S_ISREG(found.st_mode):
        return None
    if isinstance(target, Path) and not os.access(path, os.W_OK):
        return f"the output {path} is read-only"
    if source is not None and os.path.samestat(found, source.stat()):
        return f"the output {path} would overwrite the input; choose another name"
    return None


def describe(path: Path) -> str:
    return "standard output" if path == STDOUT else str(path)


def _destination(path: Path) -> Path | int:
    """
    Resolve symbolic links, except those of open descriptors: they name a file, but stand for what is open.

    :return: the number of the descriptor if it is one of this process.
    """
    if path == STDOUT:
        return 1
    descriptors = os.path.realpath("/proc/self/fd")
    for _ in range(_MAX_LINKS):
        path = Path(os.path.realpath(path.parent), path.name)
        if str(path.parent) == descriptors and path.name.isdecimal():
            return int(path.name)
        if _is_descriptor(path) or not os.path.islink(path):
            break
        path = path.parent / os.readlink(path)
    return path


def _is_descriptor(path: Path) -> bool:
    """``/proc/PID/fd/N`` or ``/proc/PID/task/TID/fd/N``"""
    return path.parent.name == "fd" and path.parts[:2] == ("/", "proc")


def _give_owner_and_mode(path: Path, old: os.stat_result, private: bool) -> None:
    """As far as permissions and the file system allow."""
    for owner in (old.st_uid, -1), (-1, old.st_gid):
        with suppress(OSError):
            os.chown(path, *owner)
    if not private:
        with suppress(OSError):
            path.chmod(old.st_mode & 0o777)
