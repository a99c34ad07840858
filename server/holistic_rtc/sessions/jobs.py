"""Admits files that clients send to be tracked, has workers track them, and keeps the results for a while."""

import asyncio
import contextlib
import logging
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.messages import TrackFile
from holistic_rtc.model.job import JobResult, JobState
from holistic_rtc.model.quality import Quality
from holistic_rtc.sessions.events import JobEnded, Listener, ignore
from holistic_rtc.sessions.job_folder import JobFolder, remove_folder
from holistic_rtc.sessions.job_tracking import JobTracking
from holistic_rtc.sessions.quotas import Client, check_share, job_share
from holistic_rtc.settings import Settings

logger = logging.getLogger(__name__)

RETRY_AFTER = 30
"""Seconds after which a place may have become free"""
SPARE_DISK = 200_000_000
"""Bytes that are left to other programs"""
MEASURE_SECONDS = 1.0
"""Between two looks at how large the outputs of a job have grown"""

_SOURCE = "source"


@dataclass(frozen=True, slots=True)
class JobOptions:
    results: frozenset[JobResult] = frozenset(JobResult)
    quality: Quality = Quality.BALANCED
    max_persons: int = 1


@dataclass(eq=False)
class Job:
    """
    :param id: secret: it is all that is needed to use the job.
    :param client: where it comes from.
    :param folder: has the source, and then the outputs.
    :param options: what to do.
    :param bytes: what it has, or may get, on the disk.
    """

    id: str
    client: Client
    folder: Path
    options: JobOptions
    bytes: int
    state: JobState = JobState.UPLOADING
    frames: int = 0
    total: int = 0
    """Of frames; an estimate for some formats, 0 if unknown"""
    outputs: list[Path] = field(default_factory=list)
    damaged: bool = False
    """Whether some of the video or its audio couldn't be decoded"""
    error: Refusal | None = None
    """Why it failed"""
    expires: float | None = None
    """When it is removed, on the monotonic clock, once it has ended"""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Of its next change. Replaced by each."""
    task: asyncio.Task[None] | None = None

    @property
    def source(self) -> Path:
        return self.folder / _SOURCE

    def change(self) -> None:
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class Jobs:
    """
    :param tracking: owned by this object; None to take no files.
    """

    def __init__(self, tracking: JobTracking | None, settings: Settings) -> None:
        self.on_event: Listener = ignore
        self.places = settings.job_places
        self._settings = settings
        self._tracking = tracking
        self._folder: JobFolder | None = None
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        if self._tracking is None:
            return
        self._tracking.open()
        try:
            self._folder = JobFolder(self._settings.job_folder)
        except OSError as error:
            logger.error("no files can be tracked: %s; set HOLISTIC_JOB_FOLDER", error)

    async def close(self) -> None:
        """End all jobs, and remove their files."""
        for job in list(self._jobs.values()):
            self.remove(job)
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._tracking is not None:
            await self._tracking.close()
        if self._folder is not None:
            await asyncio.to_thread(self._folder.close)

    @property
    def connected(self) -> bool | None:
        """Whether the queue to the workers answers; None if there is no queue."""
        return self._tracking.connected if self._tracking is not None else None

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return sum(job.state is JobState.WAITING for job in self._jobs.values())

    @property
    def tracking(self) -> int:
        """How many are being tracked."""
        return sum(job.state is JobState.TRACKING for job in self._jobs.values())

    @property
    def bytes(self) -> int:
        """What all jobs have, or may get, on the disk."""
        return sum(job.bytes for job in self._jobs.values())

    def get(self, id: str) -> Job:
        """
        :raises Refusal: there is none, or it has expired.
        """
        job = self._jobs.get(id)
        if job is None or job.state is JobState.UPLOADING:
            raise Refusal(Code.UNKNOWN_JOB, "no such job; it may have expired")
        return job

    def ahead_of(self, job: Job) -> int:
        """How many jobs wait in front of a waiting one."""
        waiting = [other for other in self._jobs.values() if other.state is JobState.WAITING]
        return waiting.index(job) if job in waiting else 0

    def reserve(self, client: Client, size: int | None, options: JobOptions) -> Job:
        """
        Reserve a place and room on the disk, before the upload.

        :param size: of the upload in bytes, if it is known.
        :raises Refusal: there is none, or the address has its share.
        """
        if self._folder is None:
            raise Refusal(Code.JOBS_OFF, "this server tracks no files")
        pending = [job.client for job in self._jobs.values() if not job.state.ended]
        check_share(client, pending, job_share(self.places), "jobs in progress")
        if len(pending) >= self.places:
            raise Refusal(Code.JOBS_FULL, f"the server has {self.places} jobs, its maximum", retry_after=RETRY_AFTER)
        size = self._settings.job_max_bytes if size is None else size
        self._check_disk(client, size)
        # Its folder is called something else, since workers and their queue may know that.
        job = Job(secrets.token_urlsafe(16), client, self._folder.create(secrets.token_hex(8)), options, size)
        self._jobs[job.id] = job
        return job

    def start(self, job: Job, size: int) -> None:
        """
        :param size: of the uploaded file.
        """
        job.bytes = size
        job.state = JobState.WAITING
        job.task = asyncio.create_task(self._run(job), name="job")
        self._tasks.add(job.task)
        job.task.add_done_callback(self._tasks.discard)

    def remove(self, job: Job) -> None:
        """Forget a job, and stop it if it hasn't ended. No-op if it has gone."""
        if self._jobs.pop(job.id, None) is None:
            return
        job.change()
        if job.task is not None and not job.task.done():
            # Its files are removed when its worker has stopped.
            job.task.cancel()
        else:
            remove_folder(job.folder)

    def __contains__(self, job: Job) -> bool:
        return job.id in self._jobs

    def _check_disk(self, client: Client, size: int) -> None:
        assert self._folder is not None
        most = self._settings.job_disk_bytes
        own = sum(job.bytes for job in self._jobs.values() if client.key and job.client.key == client.key)
        if own and own + size > most // 2:
            raise Refusal(
                Code.ADDRESS_FULL,
                f"the files of your address, {client.key}, take {own:,} bytes already; delete jobs that you don't need",
                retry_after=RETRY_AFTER,
            )
        if self.bytes + size > most or size > self._folder.free - SPARE_DISK:
            raise Refusal(Code.JOBS_FULL, "the server has no room for the file", retry_after=RETRY_AFTER)

    async def _run(self, job: Job) -> None:
        started = time.monotonic()
        try:
            await self._track(job)
        except asyncio.CancelledError:
            if job.error is None:
                remove_folder(job.folder)
                raise
        except Refusal as refusal:
            job.error = refusal
        except Exception:
            logger.exception("a job failed")
            job.error = Refusal(Code.INTERNAL, "the server failed; its log says why")
        job.state = JobState.FAILED if job.error else JobState.DONE
        with contextlib.suppress(OSError):
            job.source.unlink(missing_ok=True)
        if job.error:
            job.outputs.clear()
            remove_folder(job.folder)
        job.bytes = 0 if job.error else _size(job.folder)
        keep = self._settings.job_keep_seconds
        job.expires = time.monotonic() + keep
        asyncio.get_running_loop().call_later(keep, self.remove, job)
        job.change()
        self.on_event(JobEnded(job.error.code if job.error else None, job.frames, time.monotonic() - started))

    async def _track(self, job: Job) -> None:
        measured = 0.0

        def report(done: int, total: int) -> None:
            nonlocal measured
            if (job.state, job.frames, job.total) != (JobState.TRACKING, done, total):
                job.state, job.frames, job.total = JobState.TRACKING, done, total
                job.change()
            if (now := time.monotonic()) > measured + MEASURE_SECONDS:
                measured = now
                self._measure(job)

        annotated, landmarks = job.folder / JobResult.ANNOTATED, job.folder / f"{JobResult.LANDMARKS}.jsonl"
        assert self._tracking is not None
        tracked = await self._tracking.track(
            TrackFile(
                source=os.fsencode(job.source),
                name="the file",
                annotated=os.fsencode(annotated) if JobResult.ANNOTATED in job.options.results else None,
                landmarks=os.fsencode(landmarks) if JobResult.LANDMARKS in job.options.results else None,
                quality=job.options.quality,
                max_persons=job.options.max_persons,
                max_pixels=self._settings.snapshot_max_pixels,
            ),
            report,
        )
        job.frames = job.total = tracked.frames
        job.damaged = tracked.damaged
        # Wherever a worker, or who has the queue, says that they are.
        job.outputs = [job.folder / Path(os.fsdecode(path)).name for path in tracked.outputs]

    def _measure(self, job: Job) -> None:
        """End a job whose outputs leave no room on the disk."""
        job.bytes = _size(job.folder)
        assert self._folder is not None
        assert job.task is not None
        if self.bytes > self._settings.job_disk_bytes or self._folder.free < SPARE_DISK:
            job.error = Refusal(Code.JOBS_FULL, "the server has no room for the outputs", retry_after=RETRY_AFTER)
            job.task.cancel()


def _size(folder: Path) -> int:
    size = 0
    # A long video's chunks are in a folder of their own.
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.stat(os.path.join(path, name)).st_size
    return size
