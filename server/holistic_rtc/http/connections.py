"""The server's connections: closed when they stall, and limited to what the file descriptors allow."""

import asyncio
import logging
import re
import socket
import ssl
from contextlib import suppress
from typing import Any, cast

from aiohttp import StreamReader, hdrs, web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.problem import problem
from holistic_rtc.log.writer import peer

logger = logging.getLogger(__name__)

HEAD_SECONDS = 15.0
"""To receive the head of a request, from the start of the connection or the end of the previous request."""
LINGER_SECONDS = 5.0
"""To receive the rest of a body that no handler reads. Without it, a reset could overtake the response."""
HANDSHAKE_SECONDS = 10.0
"""To complete the TLS handshake."""
MOST = 1024
"""Connections at a time."""
SMALL_CHUNK = 64
"""Bytes, including the line with the chunk's length. Parsing a chunk takes the same time whatever its length."""
MOST_SMALL_CHUNKS = 1000
"""In one request. The connection is closed if there are more."""
LOG_SECONDS = 60.0
"""Between two log lines with the same reason for closing connections."""

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
    The open connections of one server, including those in their TLS handshake.

    When the limit is reached, a new connection replaces the one that has waited longest.

    :param descriptors: file descriptors that this process may open. Half are kept for child processes and files.
    """

    def __init__(self, server: web.Server, descriptors: int) -> None:
        self._server = server
        self.places = min(MOST, descriptors // 2)
        self._open: set[Connection] = set()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._closed = False
        self._next_log: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def listen(self, host: str, port: int, context: ssl.SSLContext | None) -> tuple[str, int]:
        """
        :return: the address and port that are being served.
        :raises OSError: the address can't be served.
        """
        loop = asyncio.get_running_loop()

        def connection() -> Connection:
            return Connection(self, self._server, loop=loop, **_OPTIONS)

        def accepted() -> asyncio.Protocol:
            return Accepted(self, connection(), context) if context else connection()

        self._listener = await loop.create_server(accepted, host, port)
        address: tuple[str, int] = self._listener.sockets[0].getsockname()[:2]
        return address

    def close(self) -> None:
        """Stop accepting connections, and abort those in their handshake. The others are closed by the server."""
        self._closed = True
        if self._listener is not None:
            self._listener.close()
        for connection in self._open:
            if connection.in_handshake:
                connection.abort()

    async def wait_closed(self) -> None:
        """Wait until the aborted handshakes have ended."""
        await asyncio.gather(*self._handshakes, return_exceptions=True)

    def add(self, connection: "Connection") -> None:
        if connection in self._open:
            return
        if len(self._open) >= self.places:
            self._make_room()
        self._open.add(connection)

    def discard(self, connection: "Connection") -> None:
        self._open.discard(connection)

    def start_handshake(self, connection: "Connection", client: socket.socket, context: ssl.SSLContext) -> None:
        if self._closed:
            client.close()
            return
        connection.client = client
        self.add(connection)
        task = asyncio.create_task(self._shake_hands(connection, client, context), name="tls-handshake")
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, connection: "Connection", client: socket.socket, context: ssl.SSLContext) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, client, ssl=context, ssl_handshake_timeout=HANDSHAKE_SECONDS
            )
        except OSError as error:
            logger.debug("TLS handshake failed: %r", error)
        finally:
            if connection.in_handshake:
                self.discard(connection)

    def warn(self, message: str, *arguments: object) -> None:
        """Log it, unless it was logged less than a minute ago."""
        now = asyncio.get_running_loop().time()
        if now >= self._next_log.get(message, 0.0):
            self._next_log[message] = now + LOG_SECONDS
            logger.warning(message, *arguments)

    def _make_room(self) -> None:
        longest = min(self._open, key=lambda connection: (connection.progress, connection.since))
        self._open.remove(longest)
        longest.abort()
        self.warn("reached the limit of %d connections; closing those that have waited longest", self.places)


class Accepted(asyncio.Protocol):
    """
    Takes over an accepted connection before its TLS handshake.

    A listener that does TLS gives no access to a connection until the handshake is complete. ``loop.start_tls`` would,
    but loses what the client sends before it is called.
    """

    def __init__(self, connections: Connections, connection: "Connection", context: ssl.SSLContext) -> None:
        self._connections = connections
        self._connection = connection
        self._context = context

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Before it reads anything. This closes its descriptor; the copy keeps the connection open.
        cast(asyncio.Transport, transport).abort()
        try:
            client = transport.get_extra_info("socket").dup()
        except OSError as error:
            self._connections.warn("closing new connections: %s", error)
        else:
            self._connections.start_handshake(self._connection, client, self._context)


class Connection(web.RequestHandler):
    """An HTTP connection that knows what it is waiting for, and since when."""

    def __init__(self, connections: Connections, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.since = asyncio.get_running_loop().time()
        """When the connection was accepted, the current request began or the previous one ended."""
        self.client: socket.socket | None = None
        """Its socket, if it uses TLS."""
        self._connections = connections
        # The base class forgets its own before the connection is closed.
        self._transport: asyncio.Transport | None = None
        self._request: web.BaseRequest | None = None
        self._plain_body: StreamReader | None = None
        """The body of the latest request, unless it is chunked."""
        self._small_chunks = 0

    @property
    def in_handshake(self) -> bool:
        return self._transport is None

    @property
    def progress(self) -> int:
        """0 without a request, 1 while receiving a request's body, 2 while responding."""
        if self._request is None:
            return 0
        return 2 if self._request.content.is_eof() else 1

    def abort(self) -> None:
        """Close the connection at once, without sending what is still buffered."""
        if self._transport is not None:
            self._transport.abort()
        elif self.client is not None:
            # This makes the handshake fail, which closes the socket.
            with suppress(OSError):
                self.client.shutdown(socket.SHUT_RDWR)

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
            self._connections.warn(
                "closing connections that send more than %d chunks of less than %d bytes in a request",
                *(MOST_SMALL_CHUNKS, SMALL_CHUNK),
            )
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

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what isn't HTTP without the traceback that the base class logs. For an error of ours, it's due."""
        if status >= 500:
            response = super().handle_error(request, status, exc, message)
            hide_version(response)
            return response
        logger.info("a request isn't valid HTTP: %s", _reason(exc), extra={"peer": request.remote})
        response = problem(Refusal(Code.BAD_REQUEST, "the request isn't valid HTTP"))
        response.force_close()
        hide_version(response)
        return response

    def _switch(self, request: web.BaseRequest | None) -> None:
        self._request = request
        self.since = asyncio.get_running_loop().time()


def _reason(error: BaseException | None) -> str:
    """The first line of what aiohttp's parser says. Then it quotes the request."""
    words = error.message if isinstance(error, HttpProcessingError) else str(error)
    return words.partition("\n")[0].strip(" :")


def hide_version(response: web.StreamResponse) -> None:
    """aiohttp's default names its version and Python's."""
    response.headers[hdrs.SERVER] = "holistic-rtc"


async def on_response(request: web.Request, response: web.StreamResponse) -> None:
    hide_version(response)


@web.middleware
async def connection_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the connection which request it is handling, and the log for whom."""
    peer.set(request.remote)
    connection = request.protocol
    assert isinstance(connection, Connection)
    connection.start_request(request)
    return await handler(request)
