"""Connections that want nothing, or never end, and more of them than there are file descriptors for."""

import asyncio
import gzip
import logging
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest
from aiohttp import web

from holistic_rtc.http.connections import Connections
from holistic_rtc.sample import portrait
from holistic_rtc.tls import self_signed
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, Publisher
from tests.kit.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHUNKED = b"Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"1\r\na\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(server: Server, context: ssl.SSLContext | None = None) -> Streams:
    """Over TCP, or over TLS."""
    url = urlsplit(server.url)
    return await asyncio.open_connection(url.hostname, url.port, ssl=context)


def trusting() -> ssl.SSLContext:
    """For a client that takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    while True:
        await asyncio.sleep(0.5)
        writer.write(data)


async def until_closed(server: Server, start: bytes, more: bytes = b"") -> tuple[bytes, float]:
    """
    :param start: what is sent at once.
    :param more: what is sent twice a second, for ever.
    :return: what the server said, and the seconds until it closed the connection.
    """
    reader, writer = await connect(server)
    began = time.monotonic()
    writer.write(start)
    dripping = asyncio.create_task(drip(writer, more))
    said = b""
    try:
        async with asyncio.timeout(30):
            # A byte that was on its way makes the end a reset.
            with suppress(ConnectionError):
                while data := await reader.read(4096):
                    said += data
        return said, time.monotonic() - began
    finally:
        dripping.cancel()
        writer.close()


async def test_what_sends_no_request_or_one_without_end_is_closed(server: Server) -> None:
    whip = b"POST /whip HTTP/1.1\r\nContent-Type: application/sdp\r\n"
    patience = {"no request": 15, "nobody reads the body": 5, "the body is waited for": 15}
    cases = {
        b"": ("no request", b""),
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nAccept: ": ("no request", b""),
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n": ("no request", b"a: b\r\n"),
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nCookie: ": ("no request", b"a"),
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n": ("no request", b""),
        b"GET /healthz HTTP/1.1\r\n" + CHUNKED: ("nobody reads the body", CHUNK),
        b"POST /nothing HTTP/1.1\r\n" + CHUNKED: ("nobody reads the body", CHUNK),
        whip + CHUNKED: ("the body is waited for", CHUNK),
        whip + b"Host: localhost\r\nContent-Length: 1000\r\n\r\nv=0": ("the body is waited for", b""),
    }
    ends = await asyncio.gather(*(until_closed(server, start, more) for start, (_, more) in cases.items()))
    for (start, (reason, _)), (said, seconds) in zip(cases.items(), ends, strict=True):
        assert patience[reason] - 1 < seconds < patience[reason] + 4, start
        if start.startswith(whip):
            assert said.startswith(b"HTTP/1.1 408")
            assert b"within 10 s" in said
        elif start.endswith(b"\r\n\r\n"):
            assert said.startswith((b"HTTP/1.1 200", b"HTTP/1.1 404"))
        else:
            assert not said


@pytest.mark.parametrize("head", [b"GET /healthz HTTP/1.1\r\n", b"POST /api/snapshot HTTP/1.1\r\n"])
async def test_a_body_in_very_many_small_chunks_is_not_read_to_its_end(server: Server, head: bytes) -> None:
    _, seconds = await until_closed(server, head + CHUNKED + CHUNK * 500_000)
    assert seconds < 2


async def test_a_compressed_body_is_415_and_not_expanded(server: Server, http: aiohttp.ClientSession) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    for path, content_type in (("/api/snapshot", "image/jpeg"), ("/whip", "application/sdp")):
        headers = {"Content-Encoding": "gzip", "Content-Type": content_type}
        async with http.post(f"{server.url}{path}", data=bomb, headers=headers) as response:
            assert response.status == 415
            assert "without Content-Encoding" in (await response.json(content_type=None))["detail"]


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
async def test_more_idle_connections_than_descriptors_leave_room_for_requests(tls: bool, tmp_path: Path) -> None:
    jpeg = portrait().read_bytes()
    opened: list[Streams] = []
    async with serving(
        *(("--tls", "self-signed") if tls else ()),
        environment={"XDG_DATA_HOME": str(tmp_path)},
        command=("sh", "-c", 'ulimit -n 256; exec "$@"', "sh"),
    ) as server:
        try:
            reader, uploading = await connect(server, trusting() if tls else None)
            opened.append((reader, uploading))
            uploading.write(b"POST /api/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n")
            uploading.write(b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
            uploading.write(jpeg[:-1000])

            # Over TLS, these don't begin their handshake.
            idle = [await connect(server) for _ in range(300)]
            opened += idle
            async with asyncio.timeout(10):
                # Those that came first have made room for those that came last.
                for early, _ in idle[:150]:
                    with suppress(ConnectionError):
                        assert not await early.read()
            assert not any(late.at_eof() for late, _ in idle[-100:])
            uploading.write(jpeg[-1000:])
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")

            connector = aiohttp.TCPConnector(ssl=trusting())
            async with aiohttp.ClientSession(connector=connector) as http, Publisher(server.url, http) as publisher:
                publisher.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendonly")
                await publisher.connect()
                assert await server.sessions() == 1
        finally:
            for _, writer in opened:
                writer.close()


async def test_the_server_takes_as_many_descriptors_as_it_may() -> None:
    async with serving(warm=False, command=("sh", "-c", 'ulimit -Sn 128; ulimit -Hn 512; exec "$@"', "sh")) as server:
        assert server.front.rlimit(psutil.RLIMIT_NOFILE) == (512, 512)


@asynccontextmanager
async def listening(context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Connections, int]]:
    """Connections in this process, and their port."""

    async def respond(request: web.BaseRequest) -> web.Response:
        return web.Response()

    server = web.Server(respond)
    listener = Connections(server, 64, lambda host: None)
    _, port = await listener.listen("127.0.0.1", 0, context)
    try:
        yield listener, port
    finally:
        listener.close()
        await listener.wait_closed()
        await server.shutdown(1)


async def test_a_body_in_very_many_small_chunks_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async with listening() as (_, port):
        with caplog.at_level(logging.WARNING):
            for _ in range(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"POST / HTTP/1.1\r\n" + CHUNKED + CHUNK * 20_000)
                with suppress(ConnectionError):
                    while await reader.read(4096):
                        pass
                writer.close()
    assert [record.getMessage() for record in caplog.records] == [
        "closing connections that send more than 1000 chunks of less than 64 bytes in a request"
    ]


async def test_closing_ends_handshakes_and_may_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    async with listening(self_signed(None)) as (listener, port), asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while not len(listener):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        for _ in range(2):
            listener.close()
            await listener.wait_closed()
        assert not len(listener)
        with suppress(ConnectionError):
            assert not await reader.read()
        writer.close()
