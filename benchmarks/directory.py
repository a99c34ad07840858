"""What the nodes' directory costs Redis: 200 nodes without servers, each with eight sessions, on a real Redis."""

import asyncio
import random
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.figure import Figure
from holistic_rtc.sessions.directory import Beat, Directory, Holder
from holistic_rtc.sessions.node import BEAT_SECONDS
from holistic_rtc.sessions.session import SessionDescription, TrackDescription, make_id
from tests.kit.redis import RedisServer, redis_server

NODES = 200
SESSIONS = 8
SECONDS = 15.0
LOOKUPS = 50.0
"""Viewers on the wrong node, redirects and changes of a session, each a second, of all nodes together"""


class Node:
    """Does what :class:`holistic_rtc.sessions.node.Node` does."""

    def __init__(self, url: str, number: int) -> None:
        self.id = f"{number:016}"
        self.directory = Directory(url, self.id)
        self.url = f"https://node{number}.rtc.example.org"
        self.sessions = [_describe(number, place) for place in range(SESSIONS)]
        holder = Holder(self.id, "0" * 32, 1)
        self.labels = {label: holder for session in self.sessions for label in session.labels}

    async def run(self, until: float) -> None:
        await asyncio.sleep(random.uniform(0, SECONDS / 6))
        for label, holder in self.labels.items():
            await self.directory.take(label, holder)
        due, beats = time.monotonic(), 0
        while due < until:
            score = random.choice([0.0, 1.5, 2.5])
            sessions = self.sessions if beats % 2 == 0 else None
            await self.directory.beat(Beat(self.url, score, sessions), list(self.labels))
            if beats % 20 == 0:
                await self.directory.keep(self.labels)
            beats += 1
            due += BEAT_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def _describe(node: int, place: int) -> SessionDescription:
    track = TrackDescription(0, 640, 480, 24.9)
    return SessionDescription(make_id(), f"stage-{node}-{place}", False, "2026-12-01T12:00:00+00:00", 1, [track])


async def _ask(nodes: list[Node], until: float, seconds: list[float]) -> None:
    while time.monotonic() < until:
        began = time.monotonic()
        asking, other = random.sample(nodes, 2)
        await asking.directory.find(random.choice(other.sessions).id)
        seconds.append(time.monotonic() - began)
        await asking.directory.reserve(1)
        session = random.choice(asking.sessions)
        holder = asking.labels[session.id]
        await asking.directory.release(session.id, holder)
        await asking.directory.take(session.id, holder)
        await asyncio.sleep(max(0.0, began + 1 / LOOKUPS - time.monotonic()))


async def _measure(redis: RedisServer) -> list[Figure]:
    nodes = [Node(redis.url, number) for number in range(NODES)]
    seconds: list[float] = []
    async with redis.client() as client:
        until = time.monotonic() + SECONDS
        running = [asyncio.create_task(node.run(until)) for node in nodes]
        await asyncio.sleep(SECONDS / 3)
        before, began = await _usage(client), time.monotonic()
        asking = asyncio.create_task(_ask(nodes, until - 1, seconds))
        await asyncio.sleep(SECONDS / 2)
        after, took = await _usage(client), time.monotonic() - began
        listed = time.monotonic()
        await nodes[0].directory.list_sessions()
        listed = time.monotonic() - listed
        await asyncio.gather(asking, *running)
    for node in nodes:
        await node.directory.close()
    commands, cpu, received, sent, memory = (
        *((new - old) / took for new, old in zip(after[:4], before[:4], strict=True)),
        after[4],
    )
    seconds.sort()
    return [
        Figure("Redis with 200 nodes: commands", commands, "/s"),
        Figure("Redis with 200 nodes: CPU", 100 * cpu, "% of one"),
        Figure("Redis with 200 nodes: received", received / 1e6, "MB/s"),
        Figure("Redis with 200 nodes: sent", sent / 1e6, "MB/s"),
        Figure("Redis with 200 nodes: memory", memory / 1e6, "MB"),
        Figure("finding a session, median", 1000 * seconds[len(seconds) // 2], "ms"),
        Figure("listing the sessions of 125 nodes", 1000 * listed, "ms"),
    ]


async def _usage(client: Any) -> tuple[float, ...]:
    found: dict[str, Any] = await client.info()
    names: Iterable[str] = ("total_commands_processed",)
    cpu = found["used_cpu_user"] + found["used_cpu_sys"]
    traffic = (found["total_net_input_bytes"], found["total_net_output_bytes"], found["used_memory"])
    return (*(float(found[name]) for name in names), float(cpu), *map(float, traffic))


def measure() -> list[Figure]:
    async def run() -> list[Figure]:
        with tempfile.TemporaryDirectory() as folder:
            async with redis_server(Path(folder)) as redis:
                return await _measure(redis)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())
