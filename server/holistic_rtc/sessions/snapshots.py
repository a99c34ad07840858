"""The processes that take pictures, and who may use them when."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from holistic_rtc.errors import SignallingError
from holistic_rtc.ipc.child import Child
from holistic_rtc.ipc.patience import within

logger = logging.getLogger(__name__)

RETRY_AFTER = 2
"""Seconds after which a place is likely to be free."""
_STATUS = {"damaged": 400, "too_large": 413, "unknown": 415}


@dataclass(frozen=True)
class Taken:
    """
    :param landmarks: JSON.
    :param picture: encoded, if one was asked for.
    """

    landmarks: bytes
    picture: bytes | None


@dataclass(eq=False)
class _Job:
    request: bytes
    done: "asyncio.Future[Taken]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def fail(self, status: int, detail: str) -> None:
        if not self.done.done():
            self.done.set_exception(SignallingError(status, detail))


class SnapshotPool:
    """
    Keeps `workers` processes at work, and replaces those that crash or get stuck.

    :param arguments: of ``python -m holistic_rtc.workers.snapshot``, but for the socket.
    :param places: pictures on their way in, waiting or being taken at the same time; further ones are refused.
    :param deadline: seconds a picture may take in a process, from which on that is taken for stuck.
    """

    START_DEADLINE = 60.0
    """Seconds to load and warm up the model."""
    RESTART_DELAY = 1.0
    """Seconds between two attempts to start a process."""

    def __init__(self, arguments: Sequence[str], workers: int, places: int, deadline: float) -> None:
        self._arguments = arguments
        self._workers = workers
        self._places = places
        self._deadline = deadline
        self._ready = 0
        self._taken = 0
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        for number in range(self._workers):
            self._tasks.append(asyncio.create_task(self._keep_working(), name=f"snapshots-{number}"))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while not self._jobs.empty():
            self._jobs.get_nowait().fail(503, "the server shuts down")

    @property
    def ready(self) -> bool:
        """Whether a picture could be taken at once."""
        return self._ready > 0

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """
        A picture's place, from before it comes in until it has been taken.

        :raises SignallingError: 503, all are taken.
        """
        if self._taken >= self._places:
            raise SignallingError(
                503, f"{self._places} pictures are being taken, which is the most", retry_after=RETRY_AFTER
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def take(self, picture: bytes, **options: object) -> Taken:
        """
        :param options: those of :class:`holistic_rtc.workers.take.SnapshotOptions`.
        :raises SignallingError: 400, 413 or 415 for the picture's sake; 500 when its process crashed, 504 when it got
            stuck.
        """
        job = _Job(orjson.dumps({"bytes": len(picture), **options}) + b"\n" + picture)
        self._jobs.put_nowait(job)
        try:
            return await job.done
        finally:
            # The job may wait in the queue for longer than whoever sent it, and has no place any more.
            job.request = b""

    async def _keep_working(self) -> None:
        """Owns one process after the other."""
        while True:
            was_ready = False
            try:
                child = await Child.start("holistic_rtc.workers.snapshot", self._arguments)
            except OSError as error:
                logger.error("a snapshot process could not be started: %s", error)
                await asyncio.sleep(self.RESTART_DELAY)
                continue
            log = asyncio.create_task(child.copy_log(), name=f"snapshot-process-{child.process.pid}-log")
            try:
                was_ready = bool(await within(self.START_DEADLINE, child.reader.readline()))
                if was_ready:
                    await self._work(child)
            except (TimeoutError, ConnectionError, asyncio.IncompleteReadError) as error:
                logger.error("snapshot process %d is replaced: %s", child.process.pid, error or "it took too long")
            finally:
                with contextlib.suppress(ProcessLookupError):
                    child.process.kill()
                child.writer.close()
                await child.process.wait()
                await log
            if not was_ready:
                await asyncio.sleep(self.RESTART_DELAY)

    async def _work(self, child: Child) -> None:
        """
        :raises ConnectionError: the process is gone.
        :raises TimeoutError: it is stuck.
        """
        self._ready += 1
        gone = asyncio.ensure_future(child.process.wait())
        try:
            while True:
                waiting = asyncio.ensure_future(self._jobs.get())
                try:
                    await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    if not waiting.done():
                        waiting.cancel()
                if not waiting.done():
                    raise ConnectionError(f"it ended with status {gone.result()}")
                await self._serve(child, waiting.result())
        finally:
            gone.cancel()
            self._ready -= 1

    async def _serve(self, child: Child, job: _Job) -> None:
        if job.done.done():
            return  # Who sent it has gone.
        try:
            await within(self._deadline, self._exchange(child, job))
        except TimeoutError:
            job.fail(504, f"the picture was not done within {self._deadline:g} s")
            raise
        except (ConnectionError, asyncio.IncompleteReadError):
            job.fail(500, "the process that took the picture crashed; the server goes on")
            raise
        finally:
            job.fail(503, "the server shuts down")

    async def _exchange(self, child: Child, job: _Job) -> None:
        child.writer.write(job.request)
        await child.writer.drain()
        line = await child.reader.readline()
        if not line:
            raise ConnectionError("it closed its socket")
        header: dict[str, Any] = orjson.loads(line)
        if header["type"] == "refused":
            job.fail(_STATUS[header["error"]], header["message"])
            return
        landmarks = await child.reader.readexactly(header["landmarks"])
        picture = None if header["picture"] is None else await child.reader.readexactly(header["picture"])
        if not job.done.done():
            job.done.set_result(Taken(landmarks, picture))
