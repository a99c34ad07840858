"""Tracks a file, and writes its landmarks, the annotated picture or video, or both."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from holistic_rtc.atomic import describe, fitting, obstacle, passes_through, replacing, same_output
from holistic_rtc.drawing.annotate import DRAWN_PARTS, annotate
from holistic_rtc.errors import MediaError
from holistic_rtc.files.annotated import Check, Shot, Write, unchecked
from holistic_rtc.files.media import Excerpt, Picture, Video, opened
from holistic_rtc.files.seams import SEAMS, Seams
from holistic_rtc.files.source import name_of, path_of
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS, DEFAULT_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.recording.format import Options
from holistic_rtc.recording.formats import FORMATS, format_of, suffixes
from holistic_rtc.tracking.engine import Model
from holistic_rtc.workers.job.frames import Report, processing, track_media

Name = Callable[[Picture | Video], Path]
"""Names the annotated file, once it is known whether it is a picture or a video"""


@dataclass
class Tracked:
    """What came of a file."""

    annotated: Path | None
    landmarks: Sequence[Path]
    frames: int = 0
    seen: Counter[Part] = field(default_factory=Counter)
    """In how many frames each part was seen, of anybody"""
    damaged: bool = False
    """Whether some of the video or its audio couldn't be decoded"""


def track_file(
    source: Path,
    model: Model,
    quality: Quality,
    annotated: Path | Name | None,
    landmarks: Sequence[Path],
    report: Report,
    max_persons: int = 1,
    name: str | None = None,
    max_pixels: int | None = None,
    seams: Seams = SEAMS,
    parts: frozenset[Part] | None = None,
) -> Tracked:
    """
    Track every frame of a file.

    The outputs appear when everything is done, and not at all if it fails or is interrupted; only landmarks that go to
    standard output, a device or a pipe are written as they come. If neither is named, the annotated picture or video is
    put next to the source, as ``NAME-annotated.mp4``, or with the suffix of the picture's format. A frame keeps its
    time since the first one, and so does the audio. Of a video that is cut off or broken, whatever can be decoded is
    tracked and kept.

    :param source: see :func:`holistic_rtc.files.media.opened`. Of an animation, only the first frame is tracked if
        ``annotated`` is a picture.
    :param model: not loaded before the files have been checked.
    :param quality: how exactly to track a video.
    :param annotated: a picture in any format of :data:`.picture_format.PICTURE_TYPES`, or an ``.mp4`` (H.264) of a
        picture or a video; or what names it. Standard output, a device or a pipe may have any name; then the picture
        keeps its format.
    :param landmarks: get a row for each frame and person, in the formats of :mod:`holistic_rtc.recording` that their
        suffixes name; standard output, a device or a pipe without one gets JSON lines.
    :param max_persons: how many people to find at most.
    :param name: what to call the source in messages; its path by default.
    :param max_pixels: maximum width times height, of a file that comes from a stranger; None for any file.
    :param seams: where the tracker of a video is replaced.
    :param parts: what to find, draw and write; everything but the rig by default.
    :raises BrokenPipeError: the reader of an output has closed it.
    :raises MediaError: a file can't be read or written.
    :raises TrackerError: the tracker failed.
    """
    still = isinstance(annotated, Path) and annotated.suffix.lower() in Picture.stills
    with opened(source, still=still, name=name, max_pixels=max_pixels) as media:
        if annotated is None and not landmarks:
            annotated = _beside(source, media)
        elif callable(annotated):
            annotated = annotated(media)
        return track_opened(source, media, model, quality, annotated, landmarks, report, max_persons, seams, parts)


def track_opened(
    source: Path,
    media: Picture | Video,
    model: Model,
    quality: Quality,
    annotated: Path | None,
    landmarks: Sequence[Path],
    report: Report,
    max_persons: int = 1,
    seams: Seams = SEAMS,
    parts: frozenset[Part] | None = None,
) -> Tracked:
    """See :func:`track_file`, which opens the file, too."""
    check_outputs(source, media, annotated, landmarks)
    tracked = Tracked(annotated, landmarks)
    wanted = wanted_parts(landmarks, parts)

    def check() -> None:
        report(tracked.frames, media.frame_count)

    with (
        processing(media, model, quality, wanted, max_persons, seams) as process,
        writing(media, annotated, landmarks, seams, wanted, check) as write,
    ):
        for shot, messages in track_media(media, process, report):
            write(shot, messages)
            tracked.frames += 1
            tracked.seen.update({part for message in messages for part in message.seen(parts or ALL_PARTS)})
    tracked.damaged = media.damaged
    return tracked


def wanted_parts(landmarks: Sequence[Path], parts: frozenset[Part] | None) -> frozenset[Part]:
    """
    :param parts: those that are asked for; None if none are.
    """
    wanted = DEFAULT_PARTS if parts is None else parts
    return wanted if landmarks else wanted & DRAWN_PARTS


@contextmanager
def writing(
    media: Picture | Video | Excerpt,
    annotated: Path | None,
    landmarks: Sequence[Path],
    seams: Seams,
    parts: frozenset[Part],
    check: Check = unchecked,
) -> Iterator[Callable[[Shot, Sequence[LandmarkMessage]], None]]:
    """
    What writes each frame to the outputs. They appear at the end of the block, if it succeeds.

    :param check: called while audio is added to the annotated video.
    :raises BrokenPipeError: the reader of an output has closed it.
    :raises MediaError: they can't be written.
    """
    try:
        with ExitStack() as outputs:
            draw: Write | None = None
            if annotated:
                part = outputs.enter_context(replacing(annotated, suffix=_suffix(media, annotated)))
                draw = outputs.enter_context(media.writing(part, seams, check))
            options = Options(parts=parts)
            adds = [outputs.enter_context(format_of(path).writing(path, options)) for path in landmarks]

            def write(shot: Shot, messages: Sequence[LandmarkMessage]) -> None:
                if draw:
                    draw(shot, annotate(shot.image, {message.person: message.result for message in messages}))
                for add in adds:
                    for message in messages:
                        add(message)

            yield write
    except BrokenPipeError:
        raise
    except OSError as error:
        raise MediaError(f"the output can't be written: {error.strerror}") from error


def _suffix(media: Picture | Video | Excerpt, annotated: Path) -> str:
    return annotated.suffix if annotated.suffix.lower() in media.suffixes else media.suffixes[0]


def _beside(source: Path, media: Picture | Video) -> Path:
    if passes_through(source):
        raise MediaError(f"name the output for {name_of(source)} with -o or --landmarks")
    return fitting(source.parent, source.stem, f"-annotated{media.suffixes[0]}")


def check_outputs(source: Path, media: Picture | Video, annotated: Path | None, landmarks: Sequence[Path]) -> None:
    """
    :raises MediaError: they can't be written.
    """
    if annotated is not None and annotated.suffix != _suffix(media, annotated) and not passes_through(annotated):
        *most, last = media.suffixes
        raise MediaError(
            f"can't write an annotated {media.kind} to {annotated.name}: the name must end in "
            f"{', '.join(most)}{' or ' if most else ''}{last}"
        )
    for path in landmarks:
        form = format_of(path)
        if form.of_rig and not passes_through(path):
            raise MediaError(f"a {form.suffix} is no list of landmarks; use `holistic-rtc record {source} -o {path}`")
    outputs = [*([] if annotated is None else [annotated]), *landmarks]
    for output in outputs:
        if reason := obstacle(output, path_of(source)):
            raise MediaError(reason)
    for one, other in combinations(outputs, 2):
        if same_output(one, other):
            raise MediaError(f"two outputs would go to {describe(one)}; choose another for one of them")
    for path in landmarks:
        if path.suffix.lower() not in FORMATS and not passes_through(path):
            raise MediaError(f"can't write landmarks to {path.name}: the name must end in {suffixes(heeding='parts')}")
