"""A pool of warm workers."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from holistic_rtc.errors import Code, ModelError, Refusal
from holistic_rtc.ipc.process import Process
from holistic_rtc.model.end_reason import EndReason

logger = logging.getLogger(__name__)


class Pool:
    """
    Keeps `size` warm workers, and starts them one at a time. :meth:`acquire` takes a worker for good, :meth:`borrow`
    lends one. Workers that are taken or have died are replaced.

    :param start: starts a worker.
    """

    ACQUIRE_DEADLINE = 20.0
    """Seconds to wait for a worker if none is warm."""
    MAX_BACKOFF = 30.0

    def __init__(self, start: Callable[[], Awaitable[Process]], size: int) -> None:
        self._start = start
        self.size = size
        self.frame_cpu_ms: float | None = None
        """The tracker's CPU time per frame, the minimum of all measurements; None before the first worker is ready."""
        self.on_measured: Callable[[], object] = lambda: None
        """Called after the first measurement."""
        self.on_unusable_model: Callable[[], object] = lambda: None
        """Called when the model bundle can't be loaded for the first worker; later, another one may be able to."""
        self._proven = False
        self._acquiring = 0
        self._lent = 0
        self._spares: list[Process] = []
        self._turn = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._watches: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        self._task = asyncio.create_task(self._keep_warm(), name="pool")

    @property
    def warm(self) -> int:
        """How many spares are ready."""
        return sum(spare.alive for spare in self._spares)

    @property
    def ready(self) -> bool:
        """Whether there is a warm worker, including those that are lent."""
        return self.warm + self._lent > 0

    async def acquire(self) -> Process:
        """
        Take a warm worker, waiting for one if necessary.

        :raises Refusal: no worker became ready in time.
        """
        self._acquiring += 1
        try:
            return await self._wait()
        finally:
            self._acquiring -= 1

    @contextlib.asynccontextmanager
    async def borrow(self) -> AsyncIterator[Process]:
        """
        Borrow a warm worker for the time of the block.

        :raises Refusal: no worker became free in time.
        """
        process = await self._wait()
        self._lent += 1
        try:
            yield process
        finally:
            self._lent -= 1
            await self.release(process)

    async def release(self, process: Process) -> None:
        """Return a worker that can serve another request. No-op if it has ended."""
        async with self._changed:
            if process.alive:
                self._spares.append(process)
            self._changed.notify_all()

    async def close(self) -> None:
        for watch in self._watches:
            watch.cancel()
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        spares, self._spares = self._spares, []
        await asyncio.gather(
            *(spare.close(EndReason.SERVER_SHUTDOWN, "the server is shutting down") for spare in spares)
        )

    async def _wait(self) -> Process:
        try:
            # A condition may wake its waiters in any order; the lock makes it first come, first served.
            async with asyncio.timeout(self.ACQUIRE_DEADLINE), self._turn, self._changed:
                self._changed.notify_all()
                await self._changed.wait_for(lambda: self.warm > 0)
                return self._take()
        except TimeoutError:
            raise Refusal(Code.NOT_READY, "no worker is ready; try again", retry_after=5) from None

    def _take(self) -> Process:
        while True:
            process = self._spares.pop()  # Its memory is in the caches, and the others' may be swapped out.
            if process.alive:
                self._changed.notify_all()
                return process

    async def _watch(self, process: Process) -> None:
        """Replace a spare that dies in the pool."""
        await process.wait_closed()
        async with self._changed:
            if process in self._spares:
                self._spares.remove(process)
            self._changed.notify_all()

    async def _keep_warm(self) -> None:
        backoff = 0.5
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self.warm + self._lent < self.size + self._acquiring)
            if await self._warm_one():
                backoff = 0.5
            else:
                logger.error("a worker couldn't be started; retrying in %g s", backoff)
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, self.MAX_BACKOFF)

    async def _warm_one(self) -> bool:
        """
        Start a worker and warm it up.

        :return: whether a spare was added.
        """
        try:
            process = await self._start()
        except OSError as error:
            logger.error("%s", error)
            return False
        except ModelError:
            self._give_up()
            return False
        try:
            ready = await process.wait_ready()
        except asyncio.CancelledError:
            process.kill()
            await process.wait_closed()
            raise
        if not ready:
            await process.wait_closed()
            if process.has_unusable_model:
                self._give_up()
        else:
            self._proven = True
            watch = asyncio.create_task(self._watch(process), name=f"watch-spare-{process.pid}")
            self._watches.add(watch)
            watch.add_done_callback(self._watches.discard)
            if process.frame_cpu_ms is not None:
                first = self.frame_cpu_ms is None
                self.frame_cpu_ms = min(process.frame_cpu_ms, self.frame_cpu_ms or process.frame_cpu_ms)
                if first:
                    self.on_measured()
            await self.release(process)
        return ready

    def _give_up(self) -> None:
        if not self._proven:
            self.on_unusable_model()
