"""``holistic-rtc snapshot``: a batch of pictures, here or through a server."""

import argparse
import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from holistic_rtc.atomic import STDOUT, fitting, obstacle, passes_through, replacing
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.client import HolisticClient
from holistic_rtc.commands.common import (
    add_engine_option,
    add_max_persons_option,
    add_model_options,
    add_token_option,
    add_url_option,
    get_bundle,
    local,
    progress_of_items,
    say,
    settings_from,
    token_of,
)
from holistic_rtc.errors import ClientError, MediaError, RefusedError, UnauthorizedError
from holistic_rtc.files.pictures import has_picture_suffix, is_picture
from holistic_rtc.files.source import name_of, path_of, seekable
from holistic_rtc.tracking import check_engine, open_model
from holistic_rtc.workers.snapshot.take import SnapshotOptions, take_snapshot

DESCRIPTION = (
    "Track pictures, locally or with a server, and write NAME-annotated.jpg for each. Pictures that fail are listed at "
    "the end, and don't stop the others."
)

_ANNOTATED = "-annotated"
_APPLE_DOUBLE = "._"
"""Starts the names of files in which macOS keeps what other file systems can't hold of a file"""
_NAMED = 5
"""Number of skipped files that are listed by name"""

Take = Callable[[bytes], tuple[bytes, bytes]]
"""From a picture to its landmarks as JSON, and the annotated picture as JPEG."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_options(parser)
    add_engine_option(parser)
    add_max_persons_option(parser)
    parser.add_argument(
        "pictures",
        type=local,
        nargs="+",
        metavar="PICTURE",
        help="pictures, or folders of pictures; - for standard input",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="folder to write to (default: that of each picture)"
    )
    parser.add_argument("--json", action="store_true", help="also write the landmarks, as NAME.json")
    add_url_option(parser, "to send the pictures to", default=None)
    add_token_option(parser)


def run(options: argparse.Namespace) -> None:
    if options.output == STDOUT:
        raise MediaError("-o must be a folder; to write one picture to standard output, use `holistic-rtc track`")
    settings = settings_from(options)
    pictures, skipped = find_pictures(options.pictures, options.output)
    if not pictures:
        raise MediaError(f"no pictures found in {', '.join(map(str, options.pictures))}")
    if options.url is None:
        check_engine(settings.engine, options.persons)
        taking = taking_here(get_bundle(settings), settings.engine, options.persons)
    else:
        taking = taking_through(options.url, token_of(settings), options.persons)
    with progress_of_items("Taking snapshots", len(pictures)) as report, taking as take:
        batch = take_batch(pictures, take, options.output, with_json=options.json, report=report)
    for path in batch.written:
        print(path)
    if skipped:
        more = f" and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
        say(f"skipped what isn't a picture: {', '.join(map(str, skipped[:_NAMED]))}{more}")
    if batch.failed:
        for picture, reason in batch.failed.items():
            say(f"{name_of(picture)}: {reason}")
        raise MediaError(f"{len(batch.failed)} of {len(pictures)} pictures failed; see above")


@dataclass
class Batch:
    """What became of the pictures."""

    written: list[Path] = field(default_factory=list)
    failed: dict[Path, str] = field(default_factory=dict)
    """Why, in words, by the picture"""


def find_pictures(paths: Iterable[Path], output: Path | None = None) -> tuple[list[Path], list[Path]]:
    """
    The named pictures, and those in the named folders, except those that earlier batches have written.

    A file in a folder is a picture by its content, or by its suffix, so that damaged ones are reported.

    :param output: the folder that is written to.
    :return: the pictures, and what else is in the folders.
    :raises MediaError: a folder can't be read.
    """
    found: list[Path] = []
    skipped: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        try:
            files = sorted(path.iterdir())
        except OSError as error:
            raise MediaError(f"the folder {path} can't be read: {error.strerror}") from error
        for file in files:
            if file.name.startswith(_APPLE_DOUBLE) or file.stem.endswith(_ANNOTATED) or file == output:
                continue
            is_one = file.is_file() and (has_picture_suffix(file) or is_picture(file))
            (found if is_one else skipped).append(file)
    landmarks = {_landmarks_of(picture, None, stem) for picture in found for stem in (_stem(picture), picture.name)}
    return list(dict.fromkeys(found)), [file for file in dict.fromkeys(skipped) if file not in landmarks]


def _annotated_of(picture: Path, folder: Path | None, stem: str) -> Path:
    return fitting(folder or picture.parent, stem, f"{_ANNOTATED}.jpg")


def _landmarks_of(picture: Path, folder: Path | None, stem: str) -> Path:
    return fitting(folder or picture.parent, stem, ".json")


def _stem(picture: Path) -> str:
    return path_of(picture).stem


def _read(picture: Path) -> bytes:
    """
    :raises MediaError: it is a device.
    :raises OSError: it can't be read.
    """
    if not passes_through(picture):
        return picture.read_bytes()
    with seekable(picture) as file:
        return file.read_bytes()


def take_batch(
    pictures: list[Path], take: Take, folder: Path | None, *, with_json: bool, report: Callable[[int], None]
) -> Batch:
    """
    Write ``NAME-annotated.jpg`` for each picture, and ``NAME.json`` if wanted. A bad picture doesn't end the batch.
    Of pictures that differ only in their suffix, all but the first keep it: ``NAME.HEIC-annotated.jpg``.

    :param folder: to write to, created if necessary; None for that of each picture.
    :param report: called with the number of pictures done.
    :raises ClientError: the server can't be reached, or rejects the token.
    :raises MediaError: the folder can't be created.
    :raises TrackerError: the tracker failed.
    """
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MediaError(f"the folder {folder} can't be created: {error.strerror}") from error
    batch = Batch()
    taken: dict[Path, str] = {}
    for done, picture in enumerate(pictures, 1):
        try:
            if folder is None and passes_through(picture):
                raise MediaError("name a folder for the output with -o")
            stem, name = _stem(picture), path_of(picture).name
            if taken.get(_annotated_of(picture, folder, stem), name) != name:
                stem = name
            annotated = _annotated_of(picture, folder, stem)
            if annotated in taken:
                raise MediaError(
                    f"{annotated} is already taken by another picture; rename one of them, or write to another folder"
                )
            taken[annotated] = name
            landmarks, data = take(_read(picture))
            outputs = {annotated: data}
            if with_json:
                outputs[_landmarks_of(picture, folder, stem)] = landmarks
            for path, content in outputs.items():
                if reason := obstacle(path, path_of(picture)):
                    raise MediaError(reason)
                with replacing(path) as part:
                    part.write_bytes(content)
                batch.written.append(path)
        except OSError as error:
            reason = error.strerror or str(error)
            batch.failed[picture] = reason if error.filename in (None, str(picture)) else f"{error.filename}: {reason}"
        except (MediaError, RefusedError) as error:
            if isinstance(error, UnauthorizedError):
                raise
            batch.failed[picture] = str(error)
        report(done)
    return batch


@contextmanager
def taking_here(bundle: ModelBundle, engine: str, max_persons: int) -> Iterator[Take]:
    """
    :param max_persons: how many people to find at most.
    :raises TrackerError: it can't be loaded.
    """
    model = {"origin": bundle.origin, "pose_model": bundle.pose_model}
    with closing(open_model(bundle.path, engine)) as networks, closing(networks.picture_tracker()) as tracker:

        def take(picture: bytes) -> tuple[bytes, bytes]:
            snapshot = take_snapshot(tracker.detect, model, picture, SnapshotOptions(max_persons=max_persons))
            assert snapshot.picture is not None
            return snapshot.landmarks, snapshot.picture

        yield take


@contextmanager
def taking_through(url: str, token: str | None, max_persons: int = 1, patience: float = 60.0) -> Iterator[Take]:
    """
    :param max_persons: how many people to find at most.
    :param patience: seconds to keep asking a busy server.
    """
    with asyncio.Runner() as runner:
        client = runner.run(HolisticClient(url, token=token).__aenter__())

        def take(picture: bytes) -> tuple[bytes, bytes]:
            deadline = time.monotonic() + patience
            while True:
                try:
                    snapshot = runner.run(client.snapshot(picture, max_persons=max_persons))
                except RefusedError as error:
                    if not error.retryable:
                        raise
                    if time.monotonic() > deadline:
                        raise ClientError(f"{url} is busy: {error}") from error
                    time.sleep(error.retry_after or 1)
                else:
                    return snapshot.landmarks, snapshot.picture

        try:
            yield take
        finally:
            runner.run(client.__aexit__())
