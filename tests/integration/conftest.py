from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from holistic_rtc.client import HolisticClient
from tests.kit.serving import Server, serving


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    """One server for all tests that leave it as they found it."""
    async with serving("--max-sessions", "3", environment={"HOLISTIC_JOB_PLACES": "64"}) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def guarded_server() -> AsyncIterator[Server]:
    """One that asks for the token "open sesame" and has one place."""
    async with serving("--max-sessions", "1", environment={"HOLISTIC_TOKEN": "open sesame"}) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(loop_scope="session")
async def client(server: Server) -> AsyncIterator[HolisticClient]:
    async with HolisticClient(server.url) as client:
        yield client
