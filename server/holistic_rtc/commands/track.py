"""``holistic-rtc track``: picture and video files, tracked and drawn on as a live track is."""

import argparse
import asyncio
import os
from contextlib import ExitStack, closing
from pathlib import Path

from holistic_rtc.atomic import is_stdout, on_terminal, passes_through
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.commands.batch import Tracking, by_workers, track_batch
from holistic_rtc.commands.batch_files import Outputs, find_files, is_batch
from holistic_rtc.commands.common import (
    add_engine_option,
    add_max_persons_option,
    add_model_options,
    add_parts_option,
    add_quality_option,
    get_bundle,
    progress_of_items,
    say,
    settings_from,
    whole_number,
)
from holistic_rtc.errors import ConfigError, MediaError
from holistic_rtc.files.source import name_of
from holistic_rtc.files.storage import Place, Remote, fetched, place, stored
from holistic_rtc.limits import read_limits
from holistic_rtc.recording.formats import FORMATS
from holistic_rtc.settings import Settings
from holistic_rtc.tracking import check_engine, open_model
from holistic_rtc.workers.job.track import track_file

DESCRIPTION = (
    "Track a picture or a video file, and write the landmarks as JSON, the annotated picture or video, or both. Of a "
    "folder, or of a list of files, all are tracked, several at a time. Those that fail are listed at the end, and "
    "don't stop the others; those that were tracked before are left as they are."
)
_NAMED = 5
"""Number of skipped files that are listed by name"""


TABLES = [suffix for suffix, form in FORMATS.items() if not form.of_rig]
"""Suffixes of files for landmarks"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_options(parser)
    add_engine_option(parser)
    add_quality_option(parser)
    add_max_persons_option(parser)
    parser.add_argument(
        "input",
        type=place,
        metavar="INPUT",
        help="a picture, or a video that FFmpeg can read; - for standard input. Or a folder with folders of these; or "
        "a .txt file that names one on each line. Inputs and outputs may be URLs, such as https:// or s3://",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=place,
        metavar="FILE",
        help="the annotated .mp4, with the audio; or for a picture, .png, .jpg, .webp, .avif, .heic, .tiff, .bmp or "
        ".jp2; - for standard output, as .mp4 or in the picture's format (default: next to INPUT, unless --landmarks "
        "is given). For a folder or a list, a folder with the same folders",
    )
    parser.add_argument(
        "--landmarks",
        type=place,
        action="append",
        default=[],
        metavar="FILE",
        help=f"a row per frame and person, as {', '.join(TABLES)}; - for standard output, which gets JSON lines. "
        "Repeat it for several formats. For a folder or a list, a folder for .jsonl, which may be the same",
    )
    add_parts_option(
        parser, "what to find, draw and write, such as pose,hands; less takes less CPU (default: all parts but the rig)"
    )
    parser.add_argument(
        "--workers",
        type=whole_number,
        metavar="N",
        help="number of files to track at the same time, each in a process of its own (default: one per CPU)",
    )
    parser.add_argument(
        "--redis",
        metavar="URL",
        help="have the files tracked by `holistic-rtc worker`, on all machines that share this Redis and the files",
    )


def run(options: argparse.Namespace) -> None:
    settings = settings_from(options)
    check_engine(settings.engine, options.persons)
    if is_batch(options.input):
        _run_batch(options, settings)
    elif options.workers is None and options.redis is None:
        _run_file(options, settings, get_bundle(settings))
    else:
        raise ConfigError(
            f"--workers and --redis are for a folder, or a .txt list of files, which {options.input} isn't"
        )


def _run_file(options: argparse.Namespace, settings: Settings, bundle: ModelBundle) -> None:
    source: Place = options.input
    outputs: list[Place] = [*([] if options.output is None else [options.output]), *options.landmarks]
    if isinstance(source, Remote) and not outputs:
        raise MediaError(f"name the output for {source} with -o or --landmarks")
    name = name_of(source) if isinstance(source, Path) else str(source)
    here = [path for path in outputs if isinstance(path, Path)]
    with (
        fetched(source) as path,
        stored(options.output) as annotated,
        ExitStack() as stack,
        progress_of_items(f"Tracking {name}", shown=not any(map(on_terminal, here))) as report,
        closing(open_model(bundle.path, settings.engine)) as model,
    ):
        tracked = track_file(
            path,
            model,
            settings.quality,
            annotated=annotated,
            landmarks=[to for output in options.landmarks if (to := stack.enter_context(stored(output)))],
            report=report,
            max_persons=options.persons,
            name=name,
            parts=options.only,
        )
    seen = ", ".join(f"{part} in {count}" for part, count in sorted(tracked.seen.items())) or "nobody was seen"
    say(f"{_frames(tracked.frames)}; {seen}")
    if tracked.damaged:
        say(f"{name} is cut off or damaged; kept the frames and the audio that could be decoded")
    if not any(map(is_stdout, here)):
        beside = [] if outputs or tracked.annotated is None else [tracked.annotated]
        for output in (*outputs, *beside):
            print(output)


def _run_batch(options: argparse.Namespace, settings: Settings) -> None:
    """
    :raises MediaError: a file couldn't be tracked.
    """
    source: Place = options.input
    if len(options.landmarks) > 1:
        raise ConfigError(
            "name one folder with --landmarks; of a folder or a list, landmarks are written as .jsonl only"
        )
    for folder in options.landmarks:
        if isinstance(folder, Path) and folder.suffix.lower() in TABLES and not folder.is_dir():
            raise ConfigError(
                f"--landmarks names a folder here, for a .jsonl of each file, and {folder} looks like a file"
            )
    outputs = Outputs(options.output, *(options.landmarks or [None]))
    if not outputs.all:
        raise MediaError("name the folder for the outputs with -o or --landmarks")
    for folder in outputs.all:
        if not _may_go_to(folder, source):
            raise MediaError(f"the outputs of {source} can't go to {folder}; name another folder")
    found = find_files(source, outputs.all)
    if not found.files:
        raise MediaError(f"no pictures or videos found in {source}")
    tracking = _by_queue(options.redis) if options.redis else _by_workers(options, settings)
    with progress_of_items(f"Tracking {source}", len(found.files)) as report:
        batch = asyncio.run(
            track_batch(found, outputs, tracking, settings.quality, options.persons, options.only, report)
        )
    for written in sorted(batch.written, key=str):
        print(written)
    finished = f"; {_files(batch.finished)} had been tracked before" if batch.finished else ""
    say(f"{_files(batch.tracked)} tracked, {_frames(batch.frames)}{finished}")
    if found.skipped:
        more = f" and {len(found.skipped) - _NAMED} more" if len(found.skipped) > _NAMED else ""
        say(f"skipped what is neither picture nor video: {', '.join(map(str, found.skipped[:_NAMED]))}{more}")
    for damaged in batch.damaged:
        say(f"{damaged} is cut off or damaged; kept the frames and the audio that could be decoded")
    for reason in batch.failed:
        say(reason)
    if batch.failed:
        raise MediaError(f"{len(batch.failed)} of {len(found.files)} files failed; see above")


def _by_workers(options: argparse.Namespace, settings: Settings) -> Tracking:
    workers = options.workers or read_limits(cpus=settings.cpus, memory=settings.memory).threads
    return by_workers(settings, get_bundle(settings), workers)


def _by_queue(redis_url: str) -> Tracking:
    """
    :raises ConfigError: Celery isn't installed, or it isn't the URL of a Redis.
    """
    try:
        from holistic_rtc.commands.batch_queue import by_queue
    except ImportError as error:
        raise ConfigError(f"{error}; run: pip install 'holistic-rtc[jobs]'") from error
    return by_queue(redis_url)


def _may_go_to(folder: Place, source: Place) -> bool:
    if isinstance(folder, Path) and isinstance(source, Path):
        return not passes_through(folder) and os.path.realpath(folder) != os.path.realpath(source)
    return str(folder).rstrip("/") != str(source).rstrip("/")


def _files(count: int) -> str:
    return f"{count} {'file' if count == 1 else 'files'}"


def _frames(count: int) -> str:
    return f"{count} {'frame' if count == 1 else 'frames'}"
