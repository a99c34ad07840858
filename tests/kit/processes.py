"""The processes of a server, and what they use."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable

import psutil

SERVE = (sys.executable, "-m", "holistic_rtc.cli", "serve", "--port", "0", "--max-sessions", "4")
"""On a free port. A slow machine would admit one session, which few of the tests are about."""


class Processes:
    """
    :ivar front: the server's first process, which starts all others.
    """

    def __init__(self, pid: int) -> None:
        self.front = psutil.Process(pid)

    def tree(self) -> list[psutil.Process]:
        return [self.front, *self.front.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """Of all its running processes since their starts."""
        return float(sum(sum(process.cpu_times()[:2]) for process in self.tree()))

    def workers(self) -> list[psutil.Process]:
        """Its session processes, warm or in use."""
        return self._children(lambda child: child.name() == "rtc-live")

    def busy_workers(self) -> list[psutil.Process]:
        """Those of them that have a session."""
        return self._children(lambda child: child.name() == "rtc-live" and child.net_connections("udp"))

    def snapshot_workers(self) -> list[psutil.Process]:
        return self._children(lambda child: child.name() == "rtc-snapshot")

    def _children(self, condition: Callable[[psutil.Process], object]) -> list[psutil.Process]:
        found = []
        for child in self.front.children(recursive=True):
            # One that has just ended tells nothing any more.
            with contextlib.suppress(psutil.Error):
                if condition(child):
                    found.append(child)
        return found


@contextlib.asynccontextmanager
async def running(*command: str) -> AsyncIterator[None]:
    """A program, told to stop at the end."""
    process = await asyncio.create_subprocess_exec(*command)
    try:
        yield
    finally:
        process.terminate()
        await process.wait()
