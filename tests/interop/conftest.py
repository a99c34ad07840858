from collections.abc import AsyncIterator

import pytest_asyncio

from holistic_rtc.client import HolisticClient
from tests.kit.serving import Server, serving


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    """One server for all tests."""
    async with serving("--max-sessions", "3") as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def client(server: Server) -> AsyncIterator[HolisticClient]:
    async with HolisticClient(server.url) as client:
        yield client
