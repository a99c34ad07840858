"""``holistic-rtc snapshot``: a batch of pictures, here or through a server."""

import argparse
import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from holistic_rtc.atomic import STDOUT, obstacle, replacing
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.client import HolisticClient
from holistic_rtc.commands.common import (
    DEFAULT_URL,
    add_engine_option,
    add_max_persons_option,
    add_model_options,
    add_token_option,
    get_bundle,
    progress_of_items,
    say,
    settings_from,
    token_of,
)
from holistic_rtc.errors import ClientError, MediaError, RefusedError, UnauthorizedError
from holistic_rtc.tracking import check_engine, open_model
from holistic_rtc.workers.snapshot.take import SnapshotOptions, take_snapshot

DESCRIPTION = (
    "Track pictures, locally or with a server, and write NAME-annotated.jpg for each. Pictures that fail are listed at "
    "the end, and don't stop the others."
)

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
"""Of the pictures in a folder. A picture that is named itself may have any suffix."""
_ANNOTATED = "-annotated"

Take = Callable[[bytes], tuple[bytes, bytes]]
"""From a picture to its landmarks as JSON, and the annotated picture as JPEG."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_options(parser)
    add_engine_option(parser)
    add_max_persons_option(parser)
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE", help="pictures, or folders of pictures")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="folder to write to (default: that of each picture)"
    )
    parser.add_argument("--json", action="store_true", help="also write the landmarks, as NAME.json")
    parser.add_argument("--url", help=f"a server to send the pictures to, such as {DEFAULT_URL} (default: none)")
    add_token_option(parser)


def run(options: argparse.Namespace) -> None:
    if options.output == STDOUT:
        raise MediaError("-o must be a folder, not standard output")
    settings = settings_from(options)
    pictures = find_pictures(options.pictures)
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
    if batch.failed:
        for picture, reason in batch.failed.items():
            say(f"{picture}: {reason}")
        raise MediaError(f"{len(batch.failed)} of {len(pictures)} pictures failed; see above")


@dataclass
class Batch:
    """What became of the pictures."""

    written: list[Path] = field(default_factory=list)
    failed: dict[Path, str] = field(default_factory=dict)
    """Why, in words, by the picture"""


def find_pictures(paths: Iterable[Path]) -> list[Path]:
    """The named pictures, and those in the named folders, except those that earlier batches have written."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
            found += (file for file in files if not file.stem.endswith(_ANNOTATED))
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def take_batch(
    pictures: list[Path], take: Take, folder: Path | None, *, with_json: bool, report: Callable[[int], None]
) -> Batch:
    """
    Write ``NAME-annotated.jpg`` for each picture, and ``NAME.json`` if wanted. A bad picture doesn't end the batch.

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
    for done, picture in enumerate(pictures, 1):
        annotated = (folder or picture.parent) / f"{picture.stem}{_ANNOTATED}.jpg"
        try:
            if annotated in batch.written:
                raise MediaError(
                    f"{annotated} is already taken by another picture; rename one of them, or write to another folder"
                )
            landmarks, data = take(picture.read_bytes())
            outputs = {annotated: data}
            if with_json:
                outputs[annotated.with_name(f"{picture.stem}.json")] = landmarks
            for path, content in outputs.items():
                if reason := obstacle(path, picture):
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
