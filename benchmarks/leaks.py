"""What 50 connects and disconnects leave behind."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.processes import Server, holistic_rtc
from tests.kit.clips import person_clip
from tests.kit.publisher import PictureTrack, publishing

CONNECTS = 50
AT_ONCE = 3
# The first ones load what the front process loads only once.
WARM_UP = 3
DEADLINE = 30.0


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        try:
            with holistic_rtc("--max-sessions", str(2 * AT_ONCE)) as server:
                asyncio.run(_connect_often(server.url, WARM_UP))
                before = _settled(server, Path(folder))
                asyncio.run(_connect_often(server.url, CONNECTS))
                after = _settled(server, Path(folder), before)
        finally:
            del os.environ["TMPDIR"]
    grown = after.memory - before.memory
    return [
        Figure(f"{CONNECTS} connects: processes left", after.processes - before.processes, "", at_most=0),
        Figure(f"{CONNECTS} connects: threads left", after.threads - before.threads, "", at_most=0),
        Figure(f"{CONNECTS} connects: files and sockets left open", after.descriptors - before.descriptors, "", 0),
        Figure(f"{CONNECTS} connects: temporary files left", after.temporary - before.temporary, "", at_most=0),
        Figure("memory of the front process, before", before.memory / 1e6, "MB"),
        Figure(f"{CONNECTS} connects: growth of that memory", grown / 1e6, "MB", at_most=3),
    ]


@dataclass(frozen=True)
class _State:
    """
    :param processes: of the whole server; the others are of its front process.
    :param memory: resident, in bytes.
    """

    processes: int
    threads: int
    descriptors: int
    temporary: int
    memory: int


def _settled(server: Server, folder: Path, earlier: _State | None = None) -> _State:
    """The state once the last sessions are gone; when it doesn't get back to an earlier one, what it is after 10 s."""
    server.until_ready()
    deadline = time.monotonic() + 10
    while True:
        state = _State(
            processes=len(server.tree()),
            threads=server.front.num_threads(),
            descriptors=server.front.num_fds(),
            temporary=len(list(folder.rglob("*"))),
            memory=server.front.memory_info().rss,
        )
        if earlier is None:
            if state.processes == 2:
                return state
        elif all(now <= then for now, then in zip(astuple(state)[:-1], astuple(earlier)[:-1], strict=True)):
            return state
        if time.monotonic() > deadline:
            return state
        time.sleep(0.2)


async def _connect_often(url: str, times: int) -> None:
    left = iter(range(times))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(_connect_in_turn(url, left))


async def _connect_in_turn(url: str, left: Iterator[int]) -> None:
    for _ in left:
        async with asyncio.timeout(DEADLINE):
            await _connect(url)


async def _connect(url: str) -> None:
    """One session, until its first landmarks have come."""
    track = PictureTrack(person_clip(strips=True)[0], fps=10)
    async with publishing(url, [track], direction="sendonly") as publisher:
        await publisher.until_landmarks(1)
