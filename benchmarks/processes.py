"""The servers under test, each with all its processes."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.kit.processes import SERVE, Processes


class Server(Processes):
    """
    Like that of the tests, but without an event loop, which Playwright's synchronous pages can't share.

    :param url: where it serves.
    :param tells_when_ready: whether it serves ``/readyz``.
    """

    def __init__(self, url: str, pid: int, tells_when_ready: bool) -> None:
        super().__init__(pid)
        self.url = url
        self._tells_when_ready = tells_when_ready

    def until_ready(self, timeout: float = 60) -> None:
        """
        Until no session process is starting, which would take CPU from the others.

        :raises TimeoutError: it takes too long.
        """
        if not self._tells_when_ready:
            return
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz"):
                    return
            except urllib.error.HTTPError:
                time.sleep(0.1)
        raise TimeoutError(f"the server was not ready within {timeout:g} s")


@contextmanager
def running(*arguments: str) -> Iterator[Server]:
    """A Python program that prints its address as the last word of a line; told to stop at the end."""
    with _running((sys.executable, *arguments)) as server:
        yield server


@contextmanager
def holistic_rtc(*arguments: str) -> Iterator[Server]:
    """``holistic-rtc serve``, with a warm session process."""
    with _running((*SERVE, *arguments), tells_when_ready=True) as server:
        server.until_ready()
        yield server


@contextmanager
def _running(command: Sequence[str], tells_when_ready: bool = False) -> Iterator[Server]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"`{' '.join(command)}` ended with status {process.wait()} at its start")
            yield Server(line.split()[-1], process.pid, tells_when_ready)
        finally:
            process.terminate()
