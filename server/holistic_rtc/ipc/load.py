"""What a process uses: CPU time, memory, and how late its event loop is."""

import asyncio
import os
import time
from pathlib import Path

from holistic_rtc.model.figures import Distribution, Load

PERIOD = 0.25
"""Seconds between two measurements of the event loop."""
MEMORY = Path("/proc/self/statm")


class LoadMeter:
    """Measures this process, from its start on."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._cpu_seconds = 0.0
        self._lag = Distribution()

    async def run(self) -> None:
        """Measure the event loop until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PERIOD
            await asyncio.sleep(PERIOD)
            # A loop may run a timer a little early, by its clock's resolution.
            self._lag.observe(max(0.0, loop.time() - due))

    def take(self) -> Load:
        """:return: the figures since the previous call."""
        now, cpu_seconds = time.monotonic(), time.process_time()
        load = Load(now - self._since, cpu_seconds - self._cpu_seconds, _resident_bytes(), self._lag)
        self._since, self._cpu_seconds, self._lag = now, cpu_seconds, Distribution()
        return load


def _resident_bytes() -> int:
    try:
        return int(MEMORY.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
