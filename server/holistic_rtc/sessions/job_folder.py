"""Where a server keeps the files of its jobs: a folder of its own, which nobody else may read."""

import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from tempfile import gettempdir, mkdtemp

_PREFIX = "holistic-rtc-jobs-"
_LOCK = "lock"
_REMOVED = ".removed"


class JobFolder:
    """
    Removes what servers that have been killed have left.

    :param parent: where to create it; None for the folder for temporary files.
    :raises OSError: it can't be created.
    """

    def __init__(self, parent: Path | None) -> None:
        parent = parent or Path(gettempdir())
        for other in parent.glob(f"{_PREFIX}*"):
            _remove_if_abandoned(other)
        self._path = Path(mkdtemp(prefix=_PREFIX, dir=parent))
        self._lock = os.open(self._path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # The kernel unlocks it when this process ends, however that happens.
        with contextlib.suppress(OSError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def create(self, name: str) -> Path:
        """
        :raises OSError: it can't be created.
        """
        folder = self._path / name
        folder.mkdir(mode=0o700)
        return folder

    @property
    def free(self) -> int:
        """Bytes that the file system has left."""
        return shutil.disk_usage(self._path).free

    def close(self) -> None:
        remove_folder(self._path)
        os.close(self._lock)


def remove_folder(folder: Path) -> None:
    """No-op if it has gone. A process that is writing to it can create nothing there any more."""
    removed = folder.with_name(f"{folder.name}{_REMOVED}")
    with contextlib.suppress(OSError):
        folder.rename(removed)
    # Twice, as a file whose creation began before the renaming may appear meanwhile.
    for _ in range(2):
        shutil.rmtree(removed, ignore_errors=True)


def _remove_if_abandoned(folder: Path) -> None:
    with contextlib.suppress(OSError):
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return
        if folder.name.endswith(_REMOVED):
            # Its server has been killed meanwhile, or is about to finish.
            shutil.rmtree(folder, ignore_errors=True)
            return
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_folder(folder)
        finally:
            os.close(lock)
