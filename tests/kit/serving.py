"""The real server, as its user starts it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import IO

import aiohttp
import psutil

from .processes import SERVE, Processes


class Server(Processes):
    def __init__(self, url: str, process: asyncio.subprocess.Process) -> None:
        super().__init__(process.pid)
        self.url = url
        self.process = process

    async def busy_worker(self) -> psutil.Process:
        """The only one that has a session, once those of sessions that have ended are gone."""
        await self.until(lambda: len(self.busy_workers()) == 1)
        [worker] = self.busy_workers()
        return worker

    async def until_ready(self, timeout: float = 60) -> None:
        async with aiohttp.ClientSession() as http, asyncio.timeout(timeout):
            while True:
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    async with http.get(f"{self.url}/readyz", ssl=False) as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def until(self, condition: Callable[[], object], timeout: float = 30) -> None:
        """Poll `condition`, which looks at what sends no events, until it holds."""
        async with asyncio.timeout(timeout):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def sessions(self) -> int:
        """How many are running."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.url}/healthz", ssl=False) as response:
            return int((await response.json())["sessions"])

    async def until_sessions(self, count: int, timeout: float = 30) -> None:
        async with asyncio.timeout(timeout):
            while await self.sessions() != count:  # noqa: ASYNC110 - see until()
                await asyncio.sleep(0.05)

    async def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.process.wait()


@asynccontextmanager
async def serving(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    warm: bool = True,
    command: Sequence[str] = (),
    log: IO[bytes] | int | None = None,
) -> AsyncIterator[Server]:
    """
    ``holistic-rtc serve`` on a free port; told to stop at the end, and none of its processes may stay.

    :param warm: whether to wait for its processes, which only sessions and pictures need.
    :param log: where its standard error goes.
    :param command: what to start it with, such as ``nice``; has to replace itself with what it starts.
    """
    process = await asyncio.create_subprocess_exec(
        *(*command, *SERVE),
        # A large machine would keep more spares.
        *("--warm", "1"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=log,
        env={**os.environ, "HOLISTIC_SNAPSHOT_WORKERS": "1", **(environment or {})},
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = (await process.stdout.readline()).decode()
    if not line:
        await process.wait()
        raise AssertionError("the server ended at its start; see its log above")
    server = Server(line.split()[-1], process)
    workers: list[psutil.Process] = []
    try:
        if warm:
            await server.until_ready()
        yield server
        if process.returncode is None:
            workers = [*server.workers(), *server.snapshot_workers()]
    finally:
        await server.stop()
    _, left = psutil.wait_procs(workers, timeout=5)
    assert not left, f"the server left processes behind: {left}"
