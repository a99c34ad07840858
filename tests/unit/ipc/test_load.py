import asyncio
import os
import time

import pytest

from holistic_rtc.ipc.load import LoadMeter


async def test_a_loop_that_is_blocked_is_late_by_as_much() -> None:
    meter = LoadMeter()
    running = asyncio.create_task(meter.run())
    await asyncio.sleep(0)
    time.sleep(0.6)  # noqa: ASYNC251 - the blocking is what is measured
    await asyncio.sleep(0.01)
    load = meter.take()
    running.cancel()
    assert sum(load.lag.counts) == 1
    assert load.lag.total == pytest.approx(0.35, abs=0.1)


async def test_cpu_time_is_that_since_the_previous_report_and_starts_with_the_process() -> None:
    meter = LoadMeter()
    first = meter.take()
    assert first.cpu_seconds == pytest.approx(time.process_time(), rel=0.2)
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    second = meter.take()
    assert 0.1 <= second.cpu_seconds < 0.5
    assert second.seconds >= second.cpu_seconds / (os.cpu_count() or 1)
    assert 10e6 < second.memory_bytes < 10e9
