"""Spare session processes, warmed up before anybody asks for one."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from holistic_rtc.errors import SignallingError
from holistic_rtc.sessions.process import SessionProcess

logger = logging.getLogger(__name__)


class WarmPool:
    """
    Keeps `size` spares ready, starting them one after the other.

    :param start: starts a session process.
    """

    ACQUIRE_DEADLINE = 20.0
    """Seconds a peer may wait for a process when no spare is warm."""
    MAX_BACKOFF = 30.0

    def __init__(self, start: Callable[[], Awaitable[SessionProcess]], size: int) -> None:
        self._start = start
        self._size = size
        self.frame_cpu_ms: float | None = None
        """CPU that a frame takes a tracker, the least that was measured; None before the first process is ready."""
        self.on_measured: Callable[[], object] = lambda: None
        """Called when that is measured for the first time."""
        self._waiting = 0
        self._spares: list[SessionProcess] = []
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._watches: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        self._task = asyncio.create_task(self._keep_warm(), name="warm-pool")

    @property
    def warm(self) -> int:
        """How many spares are ready."""
        return sum(spare.alive for spare in self._spares)

    async def acquire(self) -> SessionProcess:
        """
        Take a warm process, waiting for one if need be.

        :raises SignallingError: 503, none got ready in time.
        """
        self._waiting += 1
        try:
            # A condition wakes its waiters in any order; a lock lets them in as they came.
            async with asyncio.timeout(self.ACQUIRE_DEADLINE), self._turn, self._changed:
                self._changed.notify_all()
                await self._changed.wait_for(lambda: self.warm > 0)
                return self._take()
        except TimeoutError:
            raise SignallingError(503, "no session process is ready; try again", retry_after=5) from None
        finally:
            self._waiting -= 1

    async def release(self, process: SessionProcess) -> None:
        """Put a process back that served nobody."""
        async with self._changed:
            self._spares.append(process)
            self._changed.notify_all()
        watch = asyncio.create_task(self._watch(process), name=f"watch-spare-{process.pid}")
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def close(self) -> None:
        for watch in self._watches:
            watch.cancel()
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        spares, self._spares = self._spares, []
        await asyncio.gather(*(spare.close("server_shutdown", "the server shuts down") for spare in spares))

    def _take(self) -> SessionProcess:
        while True:
            process = self._spares.pop(0)
            if process.alive:
                self._changed.notify_all()
                return process

    async def _watch(self, process: SessionProcess) -> None:
        """Has a spare replaced that dies while nobody asks for one."""
        await process.wait_closed()
        async with self._changed:
            if process in self._spares:
                self._spares.remove(process)
            self._changed.notify_all()

    async def _keep_warm(self) -> None:
        backoff = 0.5
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self.warm < self._size + self._waiting)
            if await self._warm_one():
                backoff = 0.5
            else:
                logger.error("a session process could not be started; trying again in %g s", backoff)
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, self.MAX_BACKOFF)

    async def _warm_one(self) -> bool:
        """
        :return: whether a spare was added.
        """
        try:
            process = await self._start()
        except OSError as error:
            logger.error("%s", error)
            return False
        try:
            ready = await process.wait_ready()
        except asyncio.CancelledError:
            process.kill()
            await process.wait_closed()
            raise
        if ready:
            if process.frame_cpu_ms is not None:
                first = self.frame_cpu_ms is None
                self.frame_cpu_ms = min(process.frame_cpu_ms, self.frame_cpu_ms or process.frame_cpu_ms)
                if first:
                    self.on_measured()
            await self.release(process)
        return ready
