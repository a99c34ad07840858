"""What sessions leave behind: nothing. The benchmark `leaks` asks the same of more of them."""

import asyncio
from pathlib import Path

import pytest

from holistic_rtc.client import HolisticClient
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Pictures
from tests.kit.serving import Server, serving
from tests.kit.streams import first

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.alone]

SESSIONS = 12
AT_A_TIME = 2
"""As many as there are spares"""
MEMORY_SLACK = 150_000 * SESSIONS
"""Bytes by which the front process may grow."""


def files_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


async def run_sessions(server: Server, count: int) -> None:
    """Each from the offer to the first landmarks to its end, some of them at a time."""
    picture = grace_hopper(160, 120)
    places = asyncio.Semaphore(AT_A_TIME)

    async def run_session() -> None:
        async with places:
            # A slow machine is long about the next spare.
            await server.until_ready()
            async with client.publish(Pictures(picture, fps=10)) as published:
                await first(published.landmarks())

    async with HolisticClient(server.url) as client:
        await asyncio.gather(*(run_session() for _ in range(count)))
    await server.until(lambda: len(server.workers()) == AT_A_TIME)
    await server.until_ready()


async def test_sessions_leave_nothing_behind(tmp_path: Path) -> None:
    # A session that has ended may hold its place a moment longer than its peer.
    limits = ("--max-sessions", str(2 * AT_A_TIME), "--warm", str(AT_A_TIME))
    async with serving(*limits, environment={"TMPDIR": str(tmp_path)}) as server:
        front = server.front
        # What is made once, by the first sessions, stays.
        await run_sessions(server, AT_A_TIME)
        threads, files, memory = front.num_threads(), front.num_fds(), front.memory_info().rss
        in_use = files_in(tmp_path)
        await run_sessions(server, SESSIONS)
        await server.until(lambda: front.num_threads() <= threads)
        await server.until(lambda: front.num_fds() <= files)
        assert front.memory_info().rss - memory < MEMORY_SLACK
        assert files_in(tmp_path) == in_use
    assert files_in(tmp_path) == []
