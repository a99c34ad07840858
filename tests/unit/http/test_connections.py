"""Connections, with a real server on loopback."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from holistic_rtc.errors import Code
from holistic_rtc.http import connections
from holistic_rtc.http.connections import Connections
from holistic_rtc.sessions.events import Event, Refused

pytestmark = pytest.mark.asyncio

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, events: list[Event] | None = None) -> AsyncIterator[tuple[Connections, int]]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    assert runner.server is not None
    found = Connections(runner.server, 256, lambda host: None, ([] if events is None else events).append)
    _, port = await found.listen("127.0.0.1", 0, None)
    try:
        yield found, port
    finally:
        found.close()
        await found.wait_closed()
        await runner.cleanup()


async def exchange(port: int, request: bytes) -> bytes:
    """What comes until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(20):
        response = await reader.read()
    writer.close()
    return response


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels have no TCP_USER_TIMEOUT")
async def test_a_client_that_does_not_read_its_response_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "READ_SECONDS", 0.5)

    async def large(request: web.Request) -> web.Response:
        return web.Response(body=bytes(16 << 20))

    async with serving(large) as (open_ones, port):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
            await asyncio.get_running_loop().sock_sendall(client, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            async with asyncio.timeout(20):
                while not len(open_ones):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                while len(open_ones):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (b"\x16\x03\x01\x02\r\n\r\n", "/"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", "/"),
        (b"POST /whip/id/key HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: x\r\n\r\n", "/whip/id/..."),
    ],
    ids=["not HTTP", "length", "expectation"],
)
async def test_a_request_that_is_refused_before_it_is_routed_is_an_event(request_: bytes, path: str) -> None:
    async def fail(request: web.Request) -> web.Response:
        raise AssertionError("it was routed")

    events: list[Event] = []
    async with serving(fail, events) as (_, port):
        response = await exchange(port, request_)
    assert response.split()[1] == b"400"
    assert b'"code":"bad_request"' in response
    assert b"aiohttp" not in response
    [event] = events
    assert isinstance(event, Refused)
    assert (event.code, event.address, event.path) == (Code.BAD_REQUEST, "127.0.0.1", path)
