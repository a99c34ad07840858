"""Nodes are restarted one by one while publishers send."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from holistic_rtc.client import HolisticClient, Republisher
from tests.kit.coturn import free_port
from tests.kit.haproxy import balancing
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Pictures
from tests.kit.redis import RedisServer
from tests.kit.serving import Server

from .conftest import TOKEN, starting_node

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.alone]

PUBLISHERS = 3


async def publish(url: str, name: str, times: list[float]) -> None:
    """Until cancelled."""
    async with (
        HolisticClient(url, token=TOKEN) as client,
        Republisher(client, Pictures(grace_hopper(), fps=5), name=name) as publisher,
    ):
        async for _ in publisher.landmarks():
            times.append(time.monotonic())


async def test_a_rolling_restart_interrupts_no_publisher_for_over_3_s(redis: RedisServer, tmp_path: Path) -> None:
    ports = [free_port() for _ in range(3)]
    times: list[list[float]] = [[] for _ in range(PUBLISHERS)]
    async with AsyncExitStack() as stack:
        lives = [AsyncExitStack() for _ in ports]
        for life in lives:
            stack.push_async_exit(life)

        async def start(number: int) -> None:
            node = starting_node(redis, 3, ports[number], HOLISTIC_DRAIN_SECONDS="1")
            nodes[number] = await lives[number].enter_async_context(node)

        nodes: dict[int, Server] = {}
        for number in range(3):
            await start(number)
        url = await stack.enter_async_context(balancing(tmp_path, [node.url for node in nodes.values()]))
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            publishing = [group.create_task(publish(url, f"stage-{i}", times[i])) for i in range(PUBLISHERS)]
            async with asyncio.timeout(20):
                while not all(times):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            for number in range(3):
                assert await nodes[number].stop() == 0
                await lives[number].aclose()
                await start(number)
            seen = [len(one) for one in times]
            async with asyncio.timeout(10):
                while any(len(one) <= count for one, count in zip(times, seen, strict=True)):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            for task in publishing:
                task.cancel()
    gaps = [max(later - former for former, later in zip(one, one[1:], strict=False)) for one in times]
    # A slow machine takes that long to connect them, even without a restart.
    connecting = max(one[0] for one in times) - began
    assert max(gaps) < max(3, 1.5 + 1.5 * connecting), (gaps, connecting)
