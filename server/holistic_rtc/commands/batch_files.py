"""The files of a batch: which there are, what their outputs are called, and which are finished."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from holistic_rtc.errors import MediaError
from holistic_rtc.files.media import Picture, Video
from holistic_rtc.files.pictures import has_picture_suffix, is_picture
from holistic_rtc.files.storage import Place, Remote, fetched, list_files, place
from holistic_rtc.files.video import has_video_suffix

LANDMARKS_SUFFIX = ".jsonl"
_LIST_SUFFIX = ".txt"

Changes = Mapping[Remote, float | None]
"""When remote files were changed, in seconds since 1970; None where that isn't known"""


@dataclass(frozen=True, slots=True)
class File:
    """
    :param source: where it is.
    :param place: what its outputs are called, below the folder for them, without their suffixes.
    """

    source: Place
    place: Path


@dataclass
class Found:
    files: list[File]
    skipped: list[Place] = field(default_factory=list)
    """What else is in the folder"""
    changes: Changes = field(default_factory=dict)
    """Of those that aren't on this machine"""


def is_batch(source: Place) -> bool:
    """Whether it is a folder, or a list of files. A URL is a folder if its suffix is that of no file."""
    is_list = source.suffix.lower() == _LIST_SUFFIX
    if isinstance(source, Path):
        return source.is_dir() or (is_list and source.is_file())
    return is_list or not _has_suffix(source)


def find_files(source: Place, outputs: Collection[Place]) -> Found:
    """
    The pictures and videos in a folder and the folders in it, or those that a list names, a line each.

    A file in a folder is a picture by its content, or by its suffix, so that damaged ones are reported; a video by its
    suffix. In a remote folder, the suffix counts. Hidden files, hidden folders and links to folders are left out. Names
    in a list are URLs, or relative to the current folder.

    :param outputs: the folders that are written to; they are left out.
    :raises MediaError: the source can't be read.
    """
    if source.suffix.lower() == _LIST_SUFFIX and not (isinstance(source, Path) and source.is_dir()):
        return Found(_places({path: _below(path) for path in _listed(source)}))
    if isinstance(source, Remote):
        return _find_remote(source, [folder for folder in outputs if isinstance(folder, Remote)])
    left_out = {os.path.realpath(folder) for folder in outputs if isinstance(folder, Path)}
    sources: dict[Place, Path] = {}
    skipped: list[Place] = []
    for path in _walk(source, left_out):
        is_file = path.is_file()
        # A link that leads nowhere is reported. A pipe would be waited for.
        if (_has_suffix(path) and (is_file or not path.exists())) or (is_file and is_picture(path)):
            sources[path] = path.relative_to(source)
        else:
            skipped.append(path)
    return Found(_places(sources), skipped)


def _has_suffix(source: Place) -> bool:
    name = Path(source.name)
    return has_picture_suffix(name) or has_video_suffix(name)


def _find_remote(source: Remote, outputs: Collection[Remote]) -> Found:
    changes = list_files(source)
    sources: dict[Place, Path] = {}
    skipped: list[Place] = []
    for file in changes:
        below = Path(file.path.relative_to(source.path))
        if any(part.startswith(".") for part in below.parts) or any(map(file.is_below, outputs)):
            continue
        if _has_suffix(file):
            sources[file] = below
        else:
            skipped.append(file)
    return Found(_places(sources), skipped, changes)


def _listed(source: Place) -> list[Place]:
    """
    :raises MediaError: the list can't be read.
    """
    with fetched(source) as path:
        try:
            lines = os.fsdecode(path.read_bytes()).splitlines()
        except OSError as error:
            raise MediaError(f"the list {source} can't be read: {error.strerror}") from error
    places = [place(line) for line in lines if line.strip()]
    return list(dict.fromkeys(Path(os.path.normpath(one)) if isinstance(one, Path) else one for one in places))


def _below(source: Place) -> Path:
    """Where a listed file's outputs are: below its own folders, as far as they are named."""
    if isinstance(source, Remote):
        return Path(source.path)
    path = source.absolute() if ".." in source.parts else source
    return Path(*path.parts[path.is_absolute() :])


def _walk(folder: Path, left_out: set[str]) -> Iterator[Path]:
    """
    :raises MediaError: a folder can't be read.
    """

    def fail(error: OSError) -> None:
        raise MediaError(f"the folder {error.filename} can't be read: {error.strerror}") from error

    for path, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(os.path.join(path, name)) not in left_out
        )
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(path, name)


def _places(sources: Mapping[Place, Path]) -> list[File]:
    """
    Outputs are called like their source, without its suffix. Sources that would share an output keep their suffixes.

    :param sources: where each is in relation to the others.
    """
    # As on file systems that don't distinguish cases.
    claims = Counter(str(claim).casefold() for below in sources.values() for claim in {below, below.with_suffix("")})
    return [
        File(source, below if claims[str(below.with_suffix("")).casefold()] > 1 else below.with_suffix(""))
        for source, below in sources.items()
    ]


@dataclass(frozen=True, slots=True)
class Outputs:
    """The folders to write to, or the files. Either may be None."""

    annotated: Place | None
    landmarks: Place | None

    @property
    def all(self) -> list[Place]:
        return [place for place in (self.annotated, self.landmarks) if place is not None]

    def of(self, file: File) -> "Outputs":
        """Without the suffix of the annotated file, which depends on the content of the source."""
        return Outputs(
            self.annotated and self.annotated / file.place,
            self.landmarks and self.landmarks / f"{file.place}{LANDMARKS_SUFFIX}",
        )

    def candidates(self) -> Sequence[Sequence[Place]]:
        """For each output, the paths that it may have."""
        found = []
        if self.annotated is not None:
            found.append([with_end(self.annotated, suffix) for suffix in (*Picture.stills, *Video.suffixes)])
        if self.landmarks is not None:
            found.append([self.landmarks])
        return found


def with_end(place: Place, end: str) -> Place:
    """The place with an end added to its name."""
    return place.with_name(place.name + end) if isinstance(place, Path) else Remote(place.url + end)


def unfinished(found: Found, outputs: Outputs) -> list[File]:
    """
    The files that don't have all outputs, or older ones. Outputs are never there in part.

    :raises MediaError: a folder for outputs can't be read.
    """
    changes = dict(found.changes)
    for folder in outputs.all:
        if isinstance(folder, Remote):
            changes |= list_files(folder)

    def is_finished(file: File) -> bool:
        try:
            changed = file.source.stat().st_mtime if isinstance(file.source, Path) else changes.get(file.source)
        except OSError:
            return False
        return all(
            any(_is_newer(place, changed, changes) for place in places) for places in outputs.of(file).candidates()
        )

    return [file for file in found.files if not is_finished(file)]


def _is_newer(output: Place, changed: float | None, changes: Changes) -> bool:
    if isinstance(output, Path):
        time = output.stat().st_mtime if output.is_file() else -1.0
    else:
        time = changes.get(output, -1.0) or 0.0
    return time >= (changed or 0.0)
