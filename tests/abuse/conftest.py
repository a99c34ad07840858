from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.kit.bystander import Bystander
from tests.kit.serving import Server, serving

DESCRIPTORS = 256
"""Of the front process, at most"""


@pytest.fixture(scope="session")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("abuse") / "log"


@pytest.fixture
def read_log(log_file: Path) -> Callable[[], str]:
    return log_file.read_text


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(log_file: Path) -> AsyncIterator[Server]:
    """One server for all attacks, with 3 places."""
    command = ("prlimit", f"--nofile={DESCRIPTORS}", "sh", "-c", f'exec "$@" 2>{log_file}', "sh")
    async with serving("--host", "0.0.0.0", "--max-sessions", "3", "--warm", "2", command=command) as server:
        server.url = server.url.replace("0.0.0.0", "127.0.0.1")
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
