"""Strangers that open connections and don't use them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import aiohttp
import psutil
import pytest
from aioice.ice import get_host_addresses

from tests.abuse.conftest import DESCRIPTORS
from tests.kit.bystander import Bystander
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHARE = DESCRIPTORS // 2 // 4

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connections(server: Server, host: str, count: int) -> AsyncIterator[list[Streams]]:
    """So many, one after the other."""
    port = int(server.url.rpartition(":")[2])
    opened: list[Streams] = []
    try:
        for _ in range(count):
            opened.append(await asyncio.open_connection(host, port))
        yield opened
    finally:
        for _, writer in opened:
            writer.close()
        for _, writer in opened:
            with suppress(ConnectionError):
                await writer.wait_closed()


async def is_open(connection: Streams) -> bool:
    """Whether it still takes a request."""
    reader, writer = connection
    try:
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return (await reader.readline()).startswith(b"HTTP/1.1 200")
    except ConnectionError:
        return False


async def health(http: aiohttp.ClientSession, server: Server) -> int:
    """:return: the status; 0 for none."""
    with suppress(aiohttp.ClientError):
        async with http.get(f"{server.url}/healthz", timeout=aiohttp.ClientTimeout(total=5)) as response:
            return response.status
    return 0


async def ask_often(server: Server) -> list[int]:
    async with aiohttp.ClientSession() as http:
        statuses = []
        for _ in range(20):
            statuses.append(await health(http, server))
            await asyncio.sleep(0.1)
        return statuses


async def test_an_address_with_many_idle_connections_closes_its_own_and_nobody_elses(
    server: Server, bystander: Bystander
) -> None:
    [address, *_] = get_host_addresses(use_ipv4=True, use_ipv6=False)
    async with connections(server, "127.0.0.1", 3) as others, connections(server, address, 300) as idle:
        async with bystander.unharmed():
            assert await ask_often(server) == [200] * 20
        assert [await is_open(connection) for connection in others] == [True] * 3
        assert [await is_open(connection) for connection in idle].count(True) == SHARE


async def test_a_server_without_descriptors_says_so_once_and_goes_on(
    server: Server, bystander: Bystander, read_log: Callable[[], str]
) -> None:
    limit = server.front.rlimit(psutil.RLIMIT_NOFILE)
    # As if something else had used them up.
    server.front.rlimit(psutil.RLIMIT_NOFILE, (server.front.num_fds() + 5, limit[1]))
    async with connections(server, "127.0.0.1", 40), bystander.unharmed():
        assert (await ask_often(server)).count(200) >= 15
    server.front.rlimit(psutil.RLIMIT_NOFILE, limit)
    async with connections(server, "127.0.0.1", 40) as later:
        assert [await is_open(connection) for connection in later] == [True] * 40
    assert read_log().count("can't accept connections: Too many open files") == 1
    assert "Traceback" not in read_log()
