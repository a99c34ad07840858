"""The servers under test, each with all its processes, and what they use."""

import os
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
    """

    def __init__(self, url: str, process: psutil.Process) -> None:
        self.url = url
        self.process = process

    def tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """Of all its running processes since their starts."""
        times = [process.cpu_times() for process in self.tree()]
        return sum(time.user + time.system for time in times)

    def until_ready(self, timeout: float = 60) -> None:
        """Until a spare session process is warm.

        :raises TimeoutError: it takes too long.
        """
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
    environment = {**os.environ, "GLOG_minloglevel": "2", "TF_CPP_MIN_LOG_LEVEL": "2"}
    with subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"`python {' '.join(arguments)}` ended with status {process.wait()} at its start")
            yield Server(line.split()[-1], psutil.Process(process.pid))
        finally:
            process.terminate()


@contextmanager
def holistic_rtc(*arguments: str) -> Iterator[Server]:
    """``holistic-rtc serve``, with a warm session process."""
    with running("-m", "holistic_rtc.cli", "serve", "--port", "0", "--log-level", "WARNING", *arguments) as server:
        server.until_ready()
        yield server
