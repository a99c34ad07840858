"""A real Redis, and three real servers that know of each other through it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
import pytest_asyncio

from tests.kit.coturn import free_port
from tests.kit.redis import RedisServer, redis_server
from tests.kit.serving import Server, serving

TOKEN = "open sesame"
SECRET = "of all the nodes of this cluster, and nobody else"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RedisServer]:
    async with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@asynccontextmanager
async def starting_node(
    redis: RedisServer, sessions: int = 1, port: int | None = None, **environment: str
) -> AsyncIterator[Server]:
    port = port or free_port()
    variables = {
        "HOLISTIC_REDIS_URL": redis.url,
        "HOLISTIC_NODE_URL": f"http://127.0.0.1:{port}",
        "HOLISTIC_TOKEN": TOKEN,
        "HOLISTIC_TICKET_SECRET": SECRET,
        **environment,
    }
    async with serving("--port", str(port), "--max-sessions", str(sessions), environment=variables) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cluster(redis: RedisServer) -> AsyncIterator[list[Server]]:
    """Browsers may come from the pages of the first to the others."""
    port = free_port()
    origins = {"HOLISTIC_CORS_ORIGINS": json.dumps([f"http://127.0.0.1:{port}"])}
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(starting_node(redis, places, port if places == 1 else None, **origins))
            for places in (1, 2, 3)
        ]


@pytest_asyncio.fixture(loop_scope="session")
async def nodes(cluster: list[Server], redis: RedisServer) -> AsyncIterator[list[Server]]:
    """Three with places for one, two and three sessions, and nobody there when the test begins."""
    await _until_empty(cluster, redis)
    yield cluster
    await _until_empty(cluster, redis)


async def _until_empty(nodes: list[Server], redis: RedisServer) -> None:
    """Also by what the directory says."""
    for node in nodes:
        await node.until_sessions(0)
    async with asyncio.timeout(15):
        while await redis.labels() or sorted((await redis.free_places()).values()) != [1, 2, 3]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture(loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
