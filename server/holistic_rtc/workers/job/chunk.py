"""
Chunks of a long video, tracked by several processes at the same time. Joined, they are the same as the whole, to the
bit: trackers and encoders are replaced at the same times in both.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from itertools import chain
from math import ceil
from pathlib import Path

from holistic_rtc.atomic import replacing, streaming
from holistic_rtc.errors import MediaError, UncuttableError
from holistic_rtc.files.annotated import Section, Shot
from holistic_rtc.files.media import Picture, Video, opened
from holistic_rtc.files.seams import SEAMS, Seams
from holistic_rtc.model.chunk import Chunk, Cut
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.tracking.engine import Model
from holistic_rtc.wire import as_json
from holistic_rtc.workers.job.frames import Report, messages
from holistic_rtc.workers.job.relay import Relay
from holistic_rtc.workers.job.track import wanted_parts, writing

MAX_CHUNKS = 32
"""Of a video"""


def find_cut(media: Picture | Video, seams: Seams = SEAMS) -> Cut | None:
    """
    :return: where to cut it; None if it is too short, or can only be read from its beginning.
    """
    if not isinstance(media, Video):
        return None
    count = seams.before(int(media.seconds * 1000))
    return Cut(count, ceil(count / MAX_CHUNKS), media.frame_count) if count > 1 else None


@dataclass(frozen=True, slots=True)
class Files:
    """Of a chunk, or of the whole. Either may be None."""

    annotated: Path | None
    landmarks: Path | None


def track_chunk(
    source: Path,
    model: Model,
    quality: Quality,
    cut: Cut,
    begin: int,
    outputs: Files,
    report: Report,
    *,
    goes_on: bool,
    max_persons: int = 1,
    name: str | None = None,
    max_pixels: int | None = None,
    seams: Seams = SEAMS,
    parts: frozenset[Part] | None = None,
) -> Chunk:
    """
    Track a video from a seam on, up to one at which another chunk begins and the trackers agree.

    :param source: see :func:`holistic_rtc.files.media.opened`.
    :param cut: see :func:`find_cut`.
    :param begin: the seam.
    :param outputs: for :func:`join_chunks`. They aren't written if the chunk has no frames.
    :param report: gets no total.
    :param parts: see :func:`.track.track_file`.
    :param goes_on: whether to go on where the trackers don't agree.
    :raises UncuttableError: it can only be read from its beginning.
    :raises MediaError: a file can't be read or written.
    :raises TrackerError: the tracker failed.
    """
    chunk = Chunk(begin)
    landmarks = [outputs.landmarks] if outputs.landmarks else []
    wanted = wanted_parts(landmarks, parts)
    with opened(source, name=name, max_pixels=max_pixels) as media:
        if not isinstance(media, Video):
            raise UncuttableError(f"{media.name} is a picture")
        excerpt = media.excerpt(seams.at(begin) - seams.warm_ms if begin else 0)
        with closing(Relay(lambda: model.tracker(quality), wanted, max_persons, seams, begin)) as relay:
            frames = _track(excerpt.shots(), relay, chunk, cut.beginnings, seams, goes_on)
            if (first := next(frames, None)) is None:
                return chunk
            with writing(excerpt, outputs.annotated, landmarks, seams, wanted) as write:
                for shot, found in chain([first], frames):
                    write(shot, found)
                    report(chunk.frames, 0)
        chunk.damaged = media.damaged
    return chunk


def _track(
    shots: Iterator[Shot], relay: Relay, chunk: Chunk, beginnings: Sequence[int], seams: Seams, goes_on: bool
) -> Iterator[tuple[Shot, Sequence[LandmarkMessage]]]:
    begin, seen = chunk.begin, _Seen(beginnings, seams)
    next_begin = next((seam for seam in beginnings if seam > begin), None)
    for shot in shots:
        now = shot.timestamp_ms
        relay.advance(now)
        if relay.begun != begin and relay.begun in beginnings:
            chunk.end = relay.begun
            chunk.before_end = seen.digest(chunk.end)
            break
        if next_begin is not None and now >= seams.at(next_begin) and not goes_on:
            chunk.refused = True
            break
        seen.add(shot)
        found = relay.process(shot.image, now)
        if now < seams.at(begin):
            continue
        if not chunk.frames and shot.frame and shot.frame.pts is not None and shot.frame.time_base:
            chunk.start = (shot.frame.pts * shot.frame.time_base).as_integer_ratio()
        chunk.frames += 1
        yield shot, messages(shot, chunk.frames - 1, found)
    chunk.before_begin = seen.digest(begin)


class _Seen:
    """What two chunks have seen before the seam between them: the same, unless the container's index is wrong."""

    def __init__(self, beginnings: Sequence[int], seams: Seams) -> None:
        self._beginnings = beginnings
        self._seams = seams
        self._hashes: dict[int, blake2b] = {}

    def add(self, shot: Shot) -> None:
        seam = self._seams.warm_up(shot.timestamp_ms)
        if seam is not None and seam in self._beginnings:
            hash = self._hashes.setdefault(seam, blake2b())
            hash.update(repr((shot.timestamp_ms, shot.image.shape)).encode())
            hash.update(shot.image.tobytes())

    def digest(self, seam: int) -> str:
        hash = self._hashes.get(seam)
        return hash.hexdigest() if hash else ""


def join_chunks(
    source: Path,
    chunks: Sequence[tuple[Chunk, Files]],
    outputs: Files,
    report: Report,
    name: str | None = None,
    max_pixels: int | None = None,
) -> bool:
    """
    :param source: see :func:`track_chunk`; only read for its audio, which goes into the annotated video.
    :param chunks: in order, without those that weren't needed.
    :param outputs: of the whole. They appear when they are complete.
    :param report: called with all frames while the audio is added.
    :return: whether some of the audio couldn't be decoded.
    :raises UncuttableError: the chunks don't fit together.
    :raises MediaError: a file can't be read or written.
    """
    for (before, _), (after, _) in zip(chunks, chunks[1:], strict=False):
        if before.before_end != after.before_begin:
            raise UncuttableError("what was read from its middle isn't what was read from its beginning")
    damaged = False
    frames = sum(chunk.frames for chunk, _ in chunks)

    def check() -> None:
        report(frames, frames)

    try:
        with ExitStack() as stack:
            if outputs.annotated:
                part = stack.enter_context(replacing(outputs.annotated))
                found = ((files.annotated, Fraction(*chunk.start)) for chunk, files in chunks)
                with opened(source, name=name, max_pixels=max_pixels) as media:
                    if not isinstance(media, Video):
                        raise UncuttableError(f"{media.name} is a picture")
                    media.join([Section(path, start) for path, start in found if path], part, check)
                    damaged = media.damaged
            if outputs.landmarks:
                lines = stack.enter_context(streaming(outputs.landmarks))
                done = 0
                for chunk, files in chunks:
                    assert files.landmarks is not None
                    with files.landmarks.open("rb") as of_chunk:
                        lines.writelines(as_json.renumbered(line, done) for line in of_chunk)
                    done += chunk.frames
    except OSError as error:
        raise MediaError(f"the output can't be written: {error.strerror}") from error
    return damaged
