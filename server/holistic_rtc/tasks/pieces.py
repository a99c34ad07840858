"""The worker's side of chunks."""

import os
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from holistic_rtc.atomic import fitting
from holistic_rtc.files.media import Picture, Video
from holistic_rtc.files.storage import Remote, fetched, place, put, stored
from holistic_rtc.model.chunk import Cut
from holistic_rtc.tasks.queue import Order, Outcome, Report
from holistic_rtc.tasks.steps import Join, TrackChunk
from holistic_rtc.tracking.engine import Model
from holistic_rtc.workers.job.chunk import Files, find_cut, join_chunks, track_chunk
from holistic_rtc.workers.job.track import check_outputs

ANNOTATED, LANDMARKS = ".mp4", ".jsonl"
"""Ends of the names of a chunk's files"""


def plan(source: Path, media: Picture | Video, annotated: Path | None, landmarks: Path | None) -> Cut | None:
    """
    :param annotated: where it will be, or, for a place elsewhere, a file of that name.
    :return: where to cut a video. None if it is to be tracked as a whole.
    :raises MediaError: the outputs can't be written.
    """
    cut = find_cut(media)
    if cut:
        check_outputs(source, media, annotated, [landmarks] if landmarks else [])
    return cut


def track_piece(order: Order, step: TrackChunk, model: Model, report: Report) -> Outcome:
    """
    :raises UncuttableError: the video can only be read from its beginning.
    :raises MediaError: a file can't be read or written.
    :raises TrackerError: the tracker failed.
    """
    chunks = place(step.folder)
    with fetched(place(order.source)) as source, TemporaryDirectory(prefix="holistic-rtc-") as folder:
        files = _files_of(order, Path(folder) if isinstance(chunks, Remote) else chunks, step.begin)
        chunk = track_chunk(
            source,
            model,
            order.quality,
            step.cut,
            step.begin,
            files,
            report,
            goes_on=step.goes_on,
            max_persons=order.max_persons,
            name=order.name,
            max_pixels=order.max_pixels,
            parts=order.parts,
        )
        if isinstance(chunks, Remote) and chunk.frames and not chunk.refused:
            for path in filter(None, (files.annotated, files.landmarks)):
                put(path, chunks)
    return Outcome(chunk=chunk)


def join(order: Order, step: Join, report: Report) -> Outcome:
    """
    :raises UncuttableError: the chunks don't fit together.
    :raises MediaError: a file can't be read or written.
    """
    annotated = None if order.annotated is None else place(order.annotated)
    landmarks = None if order.landmarks is None else place(order.landmarks)
    if isinstance(annotated, Path):
        annotated = fitting(annotated.parent, annotated.name, ANNOTATED)
    elif annotated:
        annotated = Remote(f"{annotated.url}{ANNOTATED}")
    folder = place(step.folder)
    with ExitStack() as stack:

        def here(file: Path | None) -> Path | None:
            return stack.enter_context(fetched(folder / file.name)) if file and isinstance(folder, Remote) else file

        chunks = []
        for chunk in step.chunks:
            files = _files_of(order, folder if isinstance(folder, Path) else Path(), chunk.begin)
            chunks.append((chunk, Files(here(files.annotated), here(files.landmarks))))
        source = place(order.source)
        # Only the audio of the source is needed.
        path = stack.enter_context(fetched(source)) if annotated or isinstance(source, Path) else Path()
        outputs = Files(*(stack.enter_context(stored(output)) for output in (annotated, landmarks)))
        damaged = join_chunks(path, chunks, outputs, report, order.name, order.max_pixels)
    return Outcome(
        [os.fspath(output) if isinstance(output, Path) else output.url for output in (annotated, landmarks) if output],
        sum(chunk.frames for chunk in step.chunks),
        damaged or any(chunk.damaged for chunk in step.chunks),
    )


def _files_of(order: Order, folder: Path, begin: int) -> Files:
    return Files(
        None if order.annotated is None else folder / f"{begin}{ANNOTATED}",
        None if order.landmarks is None else folder / f"{begin}{LANDMARKS}",
    )
