"""``holistic-rtc track``: a picture or a video file, tracked and drawn on as a live track is."""

import argparse
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from holistic_rtc.atomic import (
    describe,
    is_stdout,
    obstacle,
    on_terminal,
    passes_through,
    replacing,
    same_output,
    streaming,
)
from holistic_rtc.commands.common import (
    add_engine_option,
    add_max_persons_option,
    add_model_options,
    add_quality_option,
    get_bundle,
    progress_of_items,
    say,
    settings_from,
)
from holistic_rtc.commands.tracking import Report, finding, track_media
from holistic_rtc.drawing.annotate import DRAWN_PARTS, annotate
from holistic_rtc.errors import MediaError
from holistic_rtc.files.media import Picture, Video, open_media
from holistic_rtc.model.parts import DEFAULT_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.tracking import check_engine, open_model
from holistic_rtc.tracking.engine import Model
from holistic_rtc.wire import as_json

DESCRIPTION = (
    "Track a picture or a video file, and write the landmarks as JSON, the annotated picture or video, or both."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_options(parser)
    add_engine_option(parser)
    add_quality_option(parser)
    add_max_persons_option(parser)
    parser.add_argument("input", type=Path, metavar="INPUT", help="a picture, or a video that FFmpeg can read")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="the annotated .mp4, or .png or .jpg for a picture; - for standard output, as .mp4 or .png "
        "(default: next to INPUT, unless --landmarks is given)",
    )
    parser.add_argument(
        "--landmarks",
        type=Path,
        metavar="FILE",
        help="JSON lines, a message per frame and person; - for standard output",
    )


def run(options: argparse.Namespace) -> None:
    source: Path = options.input
    settings = settings_from(options)
    check_engine(settings.engine, options.persons)
    bundle = get_bundle(settings)
    outputs = [path for path in (options.output, options.landmarks) if path is not None]
    progress = progress_of_items(f"Tracking {source.name}", shown=not any(map(on_terminal, outputs)))
    with progress as report, closing(open_model(bundle.path, settings.engine)) as model:
        tracked = track_file(
            source,
            model,
            settings.quality,
            annotated=options.output,
            landmarks=options.landmarks,
            report=report,
            max_persons=options.persons,
        )
    seen = ", ".join(f"{part} in {count}" for part, count in sorted(tracked.seen.items())) or "nobody was seen"
    say(f"{tracked.frames} {'frame' if tracked.frames == 1 else 'frames'}; {seen}")
    if tracked.damaged:
        say(f"{source} is cut off or damaged; tracked what could be decoded")
    if not any(map(is_stdout, outputs)):
        for path in (tracked.annotated, tracked.landmarks):
            if path is not None:
                print(path)


@dataclass
class Tracked:
    """What came of a file."""

    annotated: Path | None
    landmarks: Path | None
    frames: int = 0
    seen: Counter[Part] = field(default_factory=Counter)
    """In how many frames each part was seen, of anybody"""
    damaged: bool = False
    """Whether some of the video could not be decoded"""


def track_file(
    source: Path,
    model: Model,
    quality: Quality,
    annotated: Path | None,
    landmarks: Path | None,
    report: Report,
    max_persons: int = 1,
) -> Tracked:
    """
    Track every frame of a file.

    The outputs appear when everything is done, and not at all if it fails or is interrupted; only landmarks that go to
    standard output, a device or a pipe are written as they come. If neither is named, the annotated picture or video is
    put next to the source, as ``NAME-annotated.png`` or ``.mp4``. A frame keeps its time since the first one. The sound
    of a video is left out; of a video that is cut off or broken, whatever can be decoded is tracked.

    :param source: a picture (JPEG, PNG, WebP, BMP) or any video that FFmpeg can read.
    :param model: not loaded before the files have been checked.
    :param quality: how exactly to track a video.
    :param annotated: a ``.png`` or ``.jpg`` for a picture, an ``.mp4`` (H.264) for a video.
        Standard output, a device or a pipe may have any name; the default is PNG or MP4.
    :param landmarks: gets a JSON message per line, one line per frame and person.
    :param max_persons: how many people to find at most.
    :raises BrokenPipeError: the reader of an output has closed it.
    :raises MediaError: a file can't be read or written.
    :raises TrackerError: the tracker failed.
    """
    with closing(open_media(source)) as media:
        if annotated is None and landmarks is None:
            annotated = source.with_name(f"{source.stem}-annotated{media.suffixes[0]}")
        _check_outputs(media, annotated, landmarks)
        tracked = Tracked(annotated, landmarks)
        try:
            with finding(media, model, quality) as find, ExitStack() as outputs:
                part = annotated and outputs.enter_context(replacing(annotated, suffix=_suffix(media, annotated)))
                write = part and outputs.enter_context(media.writing(part))
                lines = landmarks and outputs.enter_context(streaming(landmarks))
                parts = DEFAULT_PARTS if landmarks else DRAWN_PARTS
                for shot, messages in track_media(media, find, report, parts, max_persons):
                    if write:
                        write(shot, annotate(shot.image, {message.person: message.result for message in messages}))
                    if lines:
                        lines.writelines(as_json.encode(message) + b"\n" for message in messages)
                    tracked.frames += 1
                    tracked.seen.update({part for message in messages for part in message.seen()})
        except BrokenPipeError:
            raise
        except OSError as error:
            raise MediaError(f"the output can't be written: {error.strerror}") from error
        tracked.damaged = media.damaged
    return tracked


def _suffix(media: Picture | Video, annotated: Path) -> str:
    return annotated.suffix if annotated.suffix.lower() in media.suffixes else media.suffixes[0]


def _check_outputs(media: Picture | Video, annotated: Path | None, landmarks: Path | None) -> None:
    if annotated is not None and annotated.suffix != _suffix(media, annotated) and not passes_through(annotated):
        raise MediaError(
            f"can't write an annotated {media.kind} to {annotated.name}: the name must end in "
            f"{' or '.join(media.suffixes)}"
        )
    for output in filter(None, (annotated, landmarks)):
        if reason := obstacle(output, media.source):
            raise MediaError(reason)
    if annotated is not None and landmarks is not None and same_output(annotated, landmarks):
        raise MediaError(f"both outputs would go to {describe(annotated)}; choose another for one of them")
