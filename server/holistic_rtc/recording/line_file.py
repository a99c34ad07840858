"""A file that grows by lines, and keeps them whatever becomes of this process or the machine."""

import contextlib
import errno
import fcntl
import os
import threading
from pathlib import Path
from types import TracebackType

from holistic_rtc.errors import MediaError

SYNC_SECONDS = 1.0
"""Between two times that the lines are forced to the disk, so that a power loss takes no more than this"""


class LineFile:
    """
    A line reaches the kernel at once, which keeps it if this process is killed, and the disk within
    :data:`SYNC_SECONDS`. A line that doesn't fit on the disk leaves no part of itself.

    An existing file keeps its content until the first line. One that didn't exist is removed again if no line comes.

    :param header: written before the first line.
    :param overwrite: whether the file may have content already.
    :raises FileExistsError: it has, but may not.
    :raises MediaError: another process is writing the file.
    :raises OSError: the file can't be written.
    """

    def __init__(self, path: Path, header: bytes = b"", *, overwrite: bool = True) -> None:
        self._path = path
        self._header = header
        self._end = 0
        self._error: OSError | None = None
        self._closing = threading.Event()
        self._syncer = threading.Thread(target=self._keep_synced, name="sync")
        self._new = not path.exists()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            lock(self._descriptor, path)
            if not overwrite and os.fstat(self._descriptor).st_size:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
            sync_folder(path.parent)
            self._syncer.start()
        except BaseException:
            os.close(self._descriptor)
            raise

    @property
    def empty(self) -> bool:
        """Whether no line has been written."""
        return self._end == 0

    def write(self, line: bytes) -> None:
        """
        :param line: with its line break.
        :raises OSError: this line, or one before it, can't be written.
        """
        if self._error:
            raise self._error
        if self.empty:
            os.ftruncate(self._descriptor, 0)
            line = self._header + line
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.pwrite(self._descriptor, rest, self._end + len(line) - len(rest)) :]
        except OSError:
            os.ftruncate(self._descriptor, self._end)
            raise
        self._end += len(line)

    def close(self) -> None:
        """
        Force the rest to the disk. Idempotent.

        :raises OSError: it can't be written.
        """
        if self._closing.is_set():
            return
        self._closing.set()
        self._syncer.join()
        try:
            if not self.empty:
                os.fsync(self._descriptor)
            elif self._new:
                self._path.unlink(missing_ok=True)
        finally:
            os.close(self._descriptor)

    def __enter__(self) -> "LineFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _keep_synced(self) -> None:
        synced = 0
        while not self._closing.wait(SYNC_SECONDS):
            end = self._end
            if end == synced:
                continue
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                # Some file systems find out only here that the disk is full.
                self._error = error
                return
            synced = end


def lock(descriptor: int, path: Path) -> None:
    """
    For as long as the descriptor is open.

    :raises MediaError: another process has locked the file.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise MediaError(f"another recording is writing {path}; stop it, or choose another name") from None
    except OSError:
        # Some network file systems have no locks. There, nobody looks after two writers.
        pass


def sync_folder(folder: Path) -> None:
    """Force the names in the folder to the disk, where its file system can do that."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
