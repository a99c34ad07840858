"""Where the files of jobs are tracked: by a server's own workers, or elsewhere."""

import asyncio
import os
from pathlib import Path
from typing import Protocol

from holistic_rtc.ipc.file_tracking import Report, remove_unfinished, track_file
from holistic_rtc.ipc.messages import Tracked, TrackFile
from holistic_rtc.ipc.pool import Pool


class JobTracking(Protocol):
    connected: bool | None
    """Whether the queue to the workers answers; None if there is no queue"""

    def open(self) -> None: ...

    async def track(self, order: TrackFile, report: Report) -> Tracked:
        """
        Wait for a worker, and have it track a file. Being cancelled stops that.

        :param report: called once a worker has begun, with zeros, and then with how far it is.
        :raises Refusal: the file can't be read, or tracking it failed.
        """
        ...

    async def close(self) -> None:
        """Once there is no file left."""
        ...


class OwnWorkers:
    """
    :param pool: owned by this object, and opened with the first file, since most servers get none.
    :param seconds: the time limit for a file.
    """

    connected: bool | None = None

    def __init__(self, pool: Pool, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds
        self._turns = asyncio.Semaphore(pool.size)
        self._opened = False

    def open(self) -> None:
        """No-op"""

    async def track(self, order: TrackFile, report: Report) -> Tracked:
        if not self._opened:
            self._opened = True
            self._pool.open()

        def clean() -> None:
            remove_unfinished(_path(order.annotated), _path(order.landmarks))

        async with self._turns:
            report(0, 0)
            return await track_file(self._pool, order, report, clean, self._seconds)

    async def close(self) -> None:
        if self._opened:
            await self._pool.close()


def _path(path: bytes | None) -> Path | None:
    return None if path is None else Path(os.fsdecode(path))
