"""The server's connections: none that only waits, and no more at a time than there are file descriptors for."""

import asyncio
import logging
import re
import ssl
from typing import Any, cast

from aiohttp import StreamReader, hdrs, web
from aiohttp.typedefs import Handler

logger = logging.getLogger(__name__)

HEAD_SECONDS = 15.0
"""For the head of a request to come, from the start of a connection or the end of the request before it."""
LINGER_SECONDS = 5.0
"""For the rest of a body that nobody wants. Closed at once, its sender would get a reset and not the response."""
HANDSHAKE_SECONDS = 10.0
"""For TLS."""
MOST = 1024
"""Connections at a time."""
SMALL_CHUNK = 64
"""Bytes, with the line that gives its length. Reading a chunk takes the same time whatever its length."""
MOST_SMALL_CHUNKS = 1000
"""In one request; with more, its connection is closed."""
LOG_SECONDS = 60.0
"""Between two lines that say that connections are being closed for others."""

_CHUNK_HEAD = re.compile(rb"\r\n[0-9A-Fa-f]+[;\r]")

# A compressed body would expand on the event loop, to a thousand times its size. Handlers refuse it instead.
_OPTIONS: dict[str, Any] = {
    "keepalive_timeout": HEAD_SECONDS,
    "lingering_time": LINGER_SECONDS,
    "auto_decompress": False,
    "access_log": None,
}


class Connections:
    """
    Those of one server. When it has as many as it may, a new one takes the place of that which has waited longest.

    :param descriptors: file descriptors that this process may have. Half of them are for its children and files.
    """

    def __init__(self, server: web.Server, descriptors: int) -> None:
        self._server = server
        self._most = min(MOST, descriptors // 2)
        self._open: set[Connection] = set()
        self._next_log = 0.0

    async def listen(self, host: str, port: int, context: ssl.SSLContext | None) -> asyncio.Server:
        """
        :raises OSError: the address can't be served.
        """
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: Connection(self, self._server, loop=loop, **_OPTIONS),
            host,
            port,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if context else None,
        )

    def add(self, connection: "Connection") -> None:
        if len(self._open) >= self._most:
            self._make_room()
        self._open.add(connection)

    def discard(self, connection: "Connection") -> None:
        self._open.discard(connection)

    def _make_room(self) -> None:
        longest = min(self._open, key=lambda connection: (connection.progress, connection.since))
        self._open.remove(longest)
        longest.abort()
        now = asyncio.get_running_loop().time()
        if now >= self._next_log:
            self._next_log = now + LOG_SECONDS
            logger.warning("%d connections are the most; closing those that have waited longest", self._most)


class Connection(web.RequestHandler):
    """Knows what it is waiting for, and since when."""

    def __init__(self, connections: Connections, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.since = 0.0
        """When its request began, or the one before it ended."""
        self._connections = connections
        self._request: web.BaseRequest | None = None
        self._plain_body: StreamReader | None = None
        """That of the newest request, if it doesn't come in chunks."""
        self._small_chunks = 0

    @property
    def progress(self) -> int:
        """0 without a request, 1 while its body comes in, 2 while it is answered."""
        if self._request is None:
            return 0
        return 2 if self._request.content.is_eof() else 1

    def abort(self) -> None:
        """Close it, even if its peer doesn't read what was written."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._switch(None)
        self._connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._plain_body is None or self._plain_body.is_eof():
            chunks = len(_CHUNK_HEAD.findall(data))
            if chunks * SMALL_CHUNK > len(data):
                self._small_chunks += chunks
        if self._small_chunks > MOST_SMALL_CHUNKS:
            self.abort()
        else:
            super().data_received(data)

    def start_request(self, request: web.Request) -> None:
        self._small_chunks = 0
        self._plain_body = None if hdrs.TRANSFER_ENCODING in request.headers else request.content
        self._switch(request)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._switch(None)

    def _switch(self, request: web.BaseRequest | None) -> None:
        self._request = request
        self.since = asyncio.get_running_loop().time()


@web.middleware
async def connection_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tells a connection of its request."""
    connection = request.protocol
    assert isinstance(connection, Connection)
    connection.start_request(request)
    return await handler(request)
