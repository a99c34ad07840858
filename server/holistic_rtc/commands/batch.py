"""``holistic-rtc track`` for a folder or a list of files: tracks several at a time, in processes of their own."""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from holistic_rtc.atomic import remove_parts
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.commands.batch_files import LANDMARKS_SUFFIX, File, Found, Outputs, unfinished
from holistic_rtc.errors import MediaError, ModelError, Refusal
from holistic_rtc.files.storage import Place, Remote, download, upload
from holistic_rtc.ipc.file_tracking import track_file
from holistic_rtc.ipc.fork_server import ForkServer
from holistic_rtc.ipc.messages import TrackFile
from holistic_rtc.ipc.pool import Pool
from holistic_rtc.limits import read_limits
from holistic_rtc.model.parts import Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.settings import Settings, worker_arguments, worker_environment


@dataclass
class Batch:
    """What became of the files."""

    written: list[Place] = field(default_factory=list)
    tracked: int = 0
    frames: int = 0
    finished: int = 0
    """How many had been tracked before"""
    damaged: list[Place] = field(default_factory=list)
    """Videos of which some couldn't be decoded"""
    failed: list[str] = field(default_factory=list)
    """Which could not be tracked, and why"""


Report = Callable[[float], None]
"""Called with the number of files done, those in progress by their share"""


@dataclass
class Done:
    """What came of a file."""

    outputs: Sequence[Place]
    frames: int
    damaged: bool


@dataclass(frozen=True, slots=True)
class Order:
    """
    :param outputs: of this file.
    :param name: what to call it in messages.
    """

    file: File
    outputs: Outputs
    name: str
    quality: Quality
    max_persons: int
    parts: frozenset[Part] | None


Track = Callable[[Order, Callable[[int, int], None]], Awaitable[Done]]
"""
Tracks a file. Gets a function to call with the number of frames done, and the total, which is 0 if it isn't known.

:raises MediaError, Refusal: it can't be tracked.
"""


@dataclass(frozen=True, slots=True)
class Tracking:
    """
    A way to track files.

    :param at_once: how many files it can be given at a time.
    :param opened: opens it, for that many files or fewer.
    """

    at_once: int
    opened: Callable[[int], AbstractAsyncContextManager[Track]]


async def track_batch(
    found: Found,
    outputs: Outputs,
    tracking: Tracking,
    quality: Quality,
    max_persons: int,
    parts: frozenset[Part] | None,
    report: Report,
) -> Batch:
    """
    Track the files that aren't finished yet. A bad one doesn't end the batch.

    :param parts: what to find; None for the default ones.
    :raises MediaError: a folder for outputs can't be read.
    :raises ModelError: the model bundle can't be used.
    """
    batch = Batch()
    todo = await asyncio.to_thread(unfinished, found, outputs)
    batch.finished = len(found.files) - len(todo)
    report(batch.finished)
    if not todo:
        return batch
    queue = iter(todo)
    shares: dict[File, float] = {}

    def advance(file: File, share: float) -> None:
        shares[file] = share
        report(batch.finished + sum(shares.values()))

    async def work(track: Track) -> None:
        for file in queue:
            name = os.fsencode(str(file.source)).decode(errors="backslashreplace")
            order = Order(file, outputs.of(file), name, quality, max_persons, parts)
            await _take(order, track, batch, advance)
            advance(file, 1)

    workers = min(tracking.at_once, len(todo))
    async with tracking.opened(workers) as track:
        working = [asyncio.create_task(work(track)) for _ in range(workers)]
        try:
            await asyncio.gather(*working)
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
    return batch


async def _take(order: Order, track: Track, batch: Batch, advance: Callable[[File, float], None]) -> None:
    file, name = order.file, order.name

    def report(done: int, total: int) -> None:
        advance(file, min(done / total, 0.99) if total else 0)

    before = _changed(file.source)
    try:
        done = await track(order, report)
    except OSError as error:
        batch.failed.append(f"{name}: {error.filename} can't be created: {error.strerror}")
    except (MediaError, Refusal) as error:
        batch.failed.append(str(error) if name in str(error) else f"{name}: {error}")
    else:
        batch.tracked += 1
        batch.frames += done.frames
        batch.written += done.outputs
        if done.damaged:
            batch.damaged.append(file.source)
        if _changed(file.source) != before:
            batch.failed.append(f"{name}: it has been changed while it was tracked; run the same command again")
            # So that they are older than it.
            _set_changed(done.outputs, before)


def _changed(source: Place) -> int | None:
    """When a file on this machine was changed, in nanoseconds; None if it has gone, or is elsewhere."""
    try:
        return source.stat().st_mtime_ns if isinstance(source, Path) else None
    except OSError:
        return None


def _set_changed(outputs: Sequence[Place], time: int | None) -> None:
    for output in outputs:
        if isinstance(output, Path) and time is not None:
            with suppress(OSError):
                os.utime(output, ns=(time, time))


def by_workers(settings: Settings, bundle: ModelBundle, workers: int) -> Tracking:
    """With processes on this machine."""
    return Tracking(workers, partial(_open_workers, settings, bundle))


@asynccontextmanager
async def _open_workers(settings: Settings, bundle: ModelBundle, workers: int) -> AsyncIterator[Track]:
    """
    :raises ModelError: the model bundle can't be used.
    """
    threads = max(1, read_limits(cpus=settings.cpus).threads // workers)
    quiet = settings.model_copy(update={"log_level": "WARNING"})
    server = ForkServer(worker_arguments(quiet, bundle.path, "{}", threads), worker_environment())
    pool = Pool(lambda: server.start("batch"), workers)
    unfinished: set[Outputs] = set()
    this, unusable = asyncio.current_task(), asyncio.Event()

    def give_up() -> None:
        unusable.set()
        assert this is not None
        this.cancel()

    async def track(order: Order, report: Callable[[int, int], None]) -> Done:
        with TemporaryDirectory(prefix="holistic-rtc-") as folder:
            staged = _staged(order.outputs, Path(folder))
            unfinished.add(staged)
            for path in staged.all:
                assert isinstance(path, Path)
                path.parent.mkdir(parents=True, exist_ok=True)
            tracked = await track_file(
                pool,
                TrackFile(
                    source=os.fsencode(await _fetch(order.file.source, Path(folder))),
                    name=order.name,
                    annotated=_encoded(staged.annotated),
                    landmarks=_encoded(staged.landmarks),
                    quality=order.quality,
                    max_persons=order.max_persons,
                    parts=order.parts,
                ),
                report,
                cleanup=lambda: _clean(staged),
                deadline=math.inf,
            )
            unfinished.discard(staged)
            outputs = [await _store(Path(os.fsdecode(path)), order.outputs) for path in tracked.outputs]
        return Done(outputs, tracked.frames, tracked.damaged)

    pool.on_unusable_model = give_up
    pool.open()
    try:
        yield track
    except asyncio.CancelledError:
        if unusable.is_set():
            raise ModelError(f"{bundle.path} can't be used, as the line above says; choose another --model") from None
        raise
    finally:
        await pool.close()
        await server.close()
        for staged in unfinished:
            _clean(staged)


def _staged(outputs: Outputs, folder: Path) -> Outputs:
    """Where the worker writes: what is uploaded afterwards, to a temporary folder."""
    annotated, landmarks = (
        folder / "outputs" / place.name if isinstance(place, Remote) else place
        for place in (outputs.annotated, outputs.landmarks)
    )
    return Outputs(annotated, landmarks)


async def _fetch(source: Place, folder: Path) -> Path:
    if isinstance(source, Path):
        return source.absolute()
    path = folder / f"source{source.suffix}"
    await download(source, path)
    return path


async def _store(path: Path, outputs: Outputs) -> Place:
    """:return: where the output is in the end"""
    target = outputs.landmarks if path.suffix == LANDMARKS_SUFFIX else outputs.annotated
    if not isinstance(target, Remote):
        return path
    if target is outputs.annotated:
        target = Remote(f"{target.url}{path.suffix}")
    await asyncio.to_thread(upload, path, target)
    return target


def _encoded(path: Place | None) -> bytes | None:
    return os.fsencode(path.absolute()) if isinstance(path, Path) else None


def _clean(outputs: Outputs) -> None:
    """Remove what a killed process has left."""
    for places in outputs.candidates():
        for path in places:
            if isinstance(path, Path) and path.parent.is_dir():
                remove_parts(path)
