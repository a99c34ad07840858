from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from tests.kit.attacks import Bystander
from tests.kit.serving import Server, serving


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    async with serving("--max-sessions", "4") as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bystander(server: Server) -> AsyncIterator[Bystander]:
    """One legitimate session beside all attacks."""
    async with Bystander.joining(server) as bystander:
        yield bystander


@pytest_asyncio.fixture(loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
