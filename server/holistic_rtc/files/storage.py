"""Files elsewhere: all that fsspec can reach, such as ``https://``, ``s3://`` and ``gs://``."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any
from urllib.parse import unquote, urlsplit

import fsspec

from holistic_rtc.errors import MediaError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_CHUNK = 4 * 1024 * 1024
_ATTEMPTS, _RETRY_SECONDS = 20, 0.05
_MARK = ".open"
_TIMES = ("mtime", "LastModified", "updated", "last_modified", "created")
"""What the file systems call the time of the last change"""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file or a folder at a URL."""

    url: str

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: Path | str) -> "Remote":
        return Remote(f"{self.url.rstrip('/')}/{name}")

    @property
    def path(self) -> PurePosixPath:
        """With the host or the bucket, without the scheme and the query."""
        parts = urlsplit(self.url)
        return PurePosixPath(f"{parts.netloc}{unquote(parts.path)}")

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def suffix(self) -> str:
        return self.path.suffix

    def is_below(self, folder: "Remote") -> bool:
        return self.url.startswith(f"{folder.url.rstrip('/')}/")


Place = Path | Remote


def place(text: str) -> Place:
    """Where an argument of a command points to."""
    return Remote(text) if _URL.match(text) else Path(text)


def list_files(folder: Remote) -> dict[Remote, float | None]:
    """
    The files in a folder and its folders, and when they were changed, in seconds since 1970; None where the file system
    doesn't say.

    :raises MediaError: it can't be read.
    """
    with _explained(folder, "read"):
        system, path = fsspec.core.url_to_fs(folder.url)
        if not system.exists(path):
            return {}
        found = system.find(path, detail=True)
        return {folder / name[len(path) :].lstrip("/"): _changed(info) for name, info in sorted(found.items())}


def _changed(info: dict[str, Any]) -> float | None:
    for time in filter(None, map(info.get, _TIMES)):
        if isinstance(time, str):
            time = datetime.fromisoformat(time)
        return time.timestamp() if isinstance(time, datetime) else float(time)
    return None


async def download(source: Remote, path: Path) -> None:
    """
    :raises MediaError: it can't be read.
    """
    with _explained(source, "read"):
        remote = await asyncio.to_thread(lambda: fsspec.open(source.url, "rb").open())
        try:
            with path.open("wb") as file:
                # In pieces, so that Ctrl-C needn't wait for the whole.
                while chunk := await asyncio.to_thread(remote.read, _CHUNK):
                    await asyncio.to_thread(file.write, chunk)
        finally:
            await asyncio.to_thread(remote.close)


def upload(path: Path, target: Remote) -> None:
    """
    :raises MediaError: it can't be written.
    """
    with _explained(target, "written"):
        system, name = fsspec.core.url_to_fs(target.url)
        system.makedirs(system._parent(name), exist_ok=True)
        system.put_file(str(path), name)


def make_folder(folder: Place) -> None:
    """
    Make a folder, to which files are written until somebody removes it.

    :raises MediaError: it can't be made.
    """
    if isinstance(folder, Path):
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise MediaError(f"{folder} can't be made: {error.strerror}") from error
        return
    with _explained(folder, "written"):
        system, name = fsspec.core.url_to_fs(folder.url)
        system.makedirs(name, exist_ok=True)
        # Elsewhere, a folder may be there only as long as there are files in it.
        system.pipe_file(f"{name}/{_MARK}", b"-")


def put(path: Path, folder: Remote) -> None:
    """
    Upload a file to a folder. No-op if it is removed before or meanwhile.

    :raises MediaError: it can't be written.
    """
    target = folder / path.name
    upload(path, target)
    with _explained(target, "written"):
        system, name = fsspec.core.url_to_fs(folder.url)
        system.invalidate_cache()
        if not system.exists(f"{name}/{_MARK}"):
            system.rm(f"{name}/{path.name}")


def remove_folder(folder: Place) -> None:
    """
    Remove what :func:`make_folder` has made, with what is in it. No-op if it isn't there.

    :raises MediaError: it can't be removed.
    """
    if isinstance(folder, Path):
        _remove_tree(folder)
        return
    with _explained(folder, "removed"):
        system, name = fsspec.core.url_to_fs(folder.url)
        system.invalidate_cache()
        # First, so that what is written from now on is removed by its writer.
        if system.exists(f"{name}/{_MARK}"):
            system.rm(f"{name}/{_MARK}")
            system.invalidate_cache()
        if system.exists(name):
            system.rm(name, recursive=True)


def _remove_tree(folder: Path) -> None:
    # Who is still writing there finds it no more.
    gone = folder.with_name(f"{folder.name}.removed")
    try:
        folder.rename(gone)
    except FileNotFoundError:
        return
    except OSError as error:
        raise MediaError(f"{folder} can't be removed: {error.strerror}") from error
    for _ in range(_ATTEMPTS):
        shutil.rmtree(gone, ignore_errors=True)
        if not gone.exists():
            return
        sleep(_RETRY_SECONDS)
    raise MediaError(f"{gone} can't be removed")


@contextmanager
def fetched(source: Place) -> Iterator[Path]:
    """
    A copy on this machine, for the time of the block; of what is here already, itself.

    :raises MediaError: it can't be read.
    """
    if isinstance(source, Path):
        yield source
        return
    with TemporaryDirectory(prefix="holistic-rtc-") as folder:
        path = Path(folder, f"source{source.suffix}")
        asyncio.run(download(source, path))
        yield path


@contextmanager
def stored(output: Place | None) -> Iterator[Path | None]:
    """
    A path to write to. What is there at the end of the block is uploaded, if the output isn't on this machine.

    :raises MediaError: it can't be written.
    """
    if not isinstance(output, Remote):
        yield output
        return
    with TemporaryDirectory(prefix="holistic-rtc-") as folder:
        path = Path(folder, output.name)
        yield path
        upload(path, output)


@contextmanager
def _explained(place: Remote, verb: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise MediaError(f"{place} needs another package: {error}") from error
    except ValueError as error:
        raise MediaError(f"{place}: {error}") from error
    except Exception as error:
        # Each file system has its own errors.
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error) or type(error).__name__
        raise MediaError(f"{place} can't be {verb}: {reason}") from error
