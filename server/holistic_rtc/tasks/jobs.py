"""Has workers anywhere track a server's jobs."""

import asyncio
import contextlib
import logging
import os

from holistic_rtc.errors import Code, ConfigError, Refusal
from holistic_rtc.ipc.file_tracking import Report
from holistic_rtc.ipc.messages import Tracked, TrackFile
from holistic_rtc.settings import Settings
from holistic_rtc.tasks import chunks, queue

logger = logging.getLogger(__name__)

PING_SECONDS = 2.0


def make_queue(settings: Settings) -> "JobQueue":
    """
    :raises ConfigError: a setting that it needs is missing, or has an invalid value.
    """
    assert settings.job_redis_url is not None
    if settings.job_folder is None:
        raise ConfigError(
            "HOLISTIC_JOB_FOLDER is missing: with HOLISTIC_JOB_REDIS_URL, it must be a folder that all workers reach "
            "by the same path"
        )
    if settings.job_seconds > queue.TIME_LIMIT:
        raise ConfigError(f"HOLISTIC_JOB_SECONDS can be {queue.TIME_LIMIT:,} at most with HOLISTIC_JOB_REDIS_URL")
    return JobQueue(settings.job_redis_url.get_secret_value(), settings.job_seconds)


class JobQueue:
    """
    :param seconds: the time limit for a file.
    :raises ConfigError: it isn't the URL of a Redis.
    """

    def __init__(self, redis_url: str, seconds: float) -> None:
        self.connected: bool | None = False
        self._seconds = seconds
        self._app = queue.make_client(redis_url)
        self._pinging: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._pinging = asyncio.create_task(self._ping(), name="job-queue")

    async def track(self, order: TrackFile, report: Report) -> Tracked:
        task = queue.Order(
            source=_path(order.source),
            name=order.name,
            annotated=None if order.annotated is None else _path(order.annotated),
            landmarks=None if order.landmarks is None else _path(order.landmarks),
            quality=order.quality,
            max_persons=order.max_persons,
            max_pixels=order.max_pixels,
            seconds=self._seconds,
        )
        try:
            outcome = await chunks.track(self._app, task, queue.JOB_PRIORITY, report)
        except Refusal as refusal:
            if refusal.code is Code.JOB_FAILED:
                logger.warning("a worker couldn't track a job: %s", refusal.detail)
            raise
        return Tracked(order.number, list(map(os.fsencode, outcome.outputs)), outcome.frames, outcome.damaged)

    async def close(self) -> None:
        if self._pinging:
            self._pinging.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pinging
        self._app.close()

    async def _ping(self) -> None:
        before: bool | None = None
        while True:
            self.connected = connected = await queue.answers(self._app)
            if connected and not before:
                logger.info("the job queue answers")
            elif not connected and before is not False:
                logger.warning("the job queue can't be reached")
            before = connected
            await asyncio.sleep(PING_SECONDS)


def _path(path: bytes) -> str:
    """As workers, which are in another folder, find it."""
    return os.path.abspath(os.fsdecode(path))
