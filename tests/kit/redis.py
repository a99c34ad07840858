"""A real Redis."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from .coturn import free_port


class RedisServer:
    """
    :param persistent: whether it has its data again when it has been restarted.
    """

    def __init__(self, folder: Path, *, persistent: bool = False) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._persistence = ("yes", "--appendfsync", "always") if persistent else ("no",)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """On the same port each time, and answering."""
        self._process = await asyncio.create_subprocess_exec(
            *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--dir", self._folder, "--save", "", "--appendonly", *self._persistence),
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(10), self.client() as redis:
            while True:
                try:
                    await redis.ping()
                    return
                except (RedisError, OSError):
                    await asyncio.sleep(0.02)

    async def stop(self, number: int = signal.SIGKILL) -> None:
        if self._process and self._process.returncode is None:
            self._process.send_signal(number)
            await self._process.wait()

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """Killed, and started again at the end, without its data."""
        await self.stop()
        try:
            yield
        finally:
            await self.start()

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def labels(self) -> list[str]:
        """The ids and names that nodes have which are alive."""
        async with self.client() as client:
            keys = await client.keys("holistic:label:*")
            holders = {key: (await client.get(key) or "").split(" ")[0] for key in keys}
            alive = {holder for holder in holders.values() if await client.exists(f"holistic:node:{holder}")}
        return [key.removeprefix("holistic:label:") for key, holder in holders.items() if holder in alive]

    async def free_places(self) -> dict[str, int]:
        """Of the nodes that are alive, by their URLs."""
        async with self.client() as client:
            scores = dict(await client.zrange("holistic:nodes", 0, -1, withscores=True))
            found = {await client.get(f"holistic:node:{node}"): int(score) for node, score in scores.items()}
        return {url: places for url, places in found.items() if url}

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Any]:
        client = Redis.from_url(self.url, decode_responses=True)
        try:
            yield cast(Any, client)
        finally:
            await client.aclose()


@asynccontextmanager
async def redis_server(folder: Path, *, persistent: bool = False) -> AsyncIterator[RedisServer]:
    server = RedisServer(folder, persistent=persistent)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
