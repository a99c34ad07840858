"""The servers under test, each with all its processes, and what they use."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


class Server:
    """
    :param url: where it serves.
    :param process: its first process.
    :param tells_when_ready: whether it serves ``/readyz``.
    """

    def __init__(self, url: str, process: psutil.Process, tells_when_ready: bool) -> None:
        self.url = url
        self.process = process
        self._tells_when_ready = tells_when_ready

    def tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """Of all its running processes since their starts."""
        return float(sum(sum(process.cpu_times()[:2]) for process in self.tree()))

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
def running(*arguments: str, tells_when_ready: bool = False) -> Iterator[Server]:
    """A Python program that prints its address as the last word of a line; told to stop at the end."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"`python {' '.join(arguments)}` ended with status {process.wait()} at its start")
            yield Server(line.split()[-1], psutil.Process(process.pid), tells_when_ready)
        finally:
            process.terminate()


@contextmanager
def holistic_rtc(*arguments: str) -> Iterator[Server]:
    """``holistic-rtc serve``, with a warm session process."""
    with running(
        "-m", "holistic_rtc.cli", "serve", "--port", "0", "--max-sessions", "4", *arguments, tells_when_ready=True
    ) as server:
        server.until_ready()
        yield server
