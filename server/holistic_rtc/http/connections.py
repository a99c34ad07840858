"""The server's connections: closed when they stall, and limited to what the file descriptors allow."""

import asyncio
import logging
import os
import re
import socket
import ssl
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, BinaryIO, cast

from aiohttp import StreamReader, hdrs, web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.problem import problem, without_key
from holistic_rtc.http.quota import client_of
from holistic_rtc.log.writer import peer
from holistic_rtc.sessions.events import Listener, Refused, ignore

logger = logging.getLogger(__name__)

HEAD_SECONDS = 15.0
"""To receive the head of a request, from the start of the connection or the end of the previous request."""
LINGER_SECONDS = 5.0
"""To receive the rest of a body that no handler reads. Without it, a reset could overtake the response."""
READ_SECONDS = 20.0
"""Without the client reading any of its response."""
HANDSHAKE_SECONDS = 10.0
"""To complete the TLS handshake."""
MOST = 1024
"""Connections at a time."""
SHARE = 4
"""The part of them that one address may have: a quarter. A browser has up to six."""
BACKLOG = 128
"""Connections that the kernel keeps until they are accepted."""
BACK_OFF_SECONDS = 0.1
"""Until the next attempt to accept connections after there was no file descriptor."""
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

    When the limit is reached, a new connection replaces the one that has waited longest. An address that has its share
    of them replaces its own.

    :param descriptors: file descriptors that this process may open. Half are kept for child processes and files.
    :param address_of: returns the key of the client's address for a connection's host; None if it isn't limited.
    :param on_event: called for each request that is refused before it is routed.
    """

    def __init__(
        self,
        server: web.Server,
        descriptors: int,
        address_of: Callable[[str], str | None],
        on_event: Listener = ignore,
    ) -> None:
        self._server = server
        self.places = min(MOST, descriptors // 2)
        self._share = max(1, self.places // SHARE)
        self._address_of = address_of
        self.on_event = on_event
        self._open: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._listeners: list[socket.socket] = []
        self._context: ssl.SSLContext | None = None
        self._spare: BinaryIO | None = None
        """A descriptor to close when there is no other, so that a client can be told at once."""
        self._next_log: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def listen(self, host: str, port: int, context: ssl.SSLContext | None) -> tuple[str, int]:
        """
        :param host: a name or an address. ``::`` is every address, those of IPv4 included.
        :return: the address and port that are being served.
        :raises OSError: the address can't be served.
        """
        loop = asyncio.get_running_loop()
        self._context = context
        self._spare = open(os.devnull, "rb")  # noqa: ASYNC230, SIM115 - it can't block, and stays open
        try:
            found = [
                address
                for each in ((host, "0.0.0.0") if host == "::" else (host,))
                for address in await loop.getaddrinfo(each, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            ]
            for family, _, _, _, address in dict.fromkeys(found):
                listener = socket.create_server((address[0], port), family=family, backlog=BACKLOG)
                port = listener.getsockname()[1]  # If it was 0, the others get the same one.
                self._listeners.append(listener)
                listener.setblocking(False)
                self._resume(listener)
        except OSError:
            self.close()
            raise
        served: tuple[str, int] = self._listeners[0].getsockname()[:2]
        return served

    def close(self) -> None:
        """Stop accepting connections, and abort those in their handshake. The others are closed by the server."""
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            asyncio.get_running_loop().remove_reader(listener)
            listener.close()
        if self._spare is not None:
            self._spare.close()
        for connection in self._open:
            if connection.in_handshake:
                connection.abort()

    async def wait_closed(self) -> None:
        """Wait until the aborted handshakes have ended."""
        await asyncio.gather(*self._opening, return_exceptions=True)

    def discard(self, connection: "Connection") -> None:
        self._open.discard(connection)

    def warn(self, message: str, *arguments: object) -> None:
        """Log it, unless it was logged less than a minute ago."""
        now = asyncio.get_running_loop().time()
        if now >= self._next_log.get(message, 0.0):
            self._next_log[message] = now + LOG_SECONDS
            logger.warning(message, *arguments)

    def _accept(self, listener: socket.socket) -> None:
        # One at a time: a connection that makes room keeps its descriptor until the event loop gets to it.
        try:
            client, address = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return
        except OSError as error:
            self._back_off(listener, error)
            return
        client.setblocking(False)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # On Linux. The kernel then closes the connection.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(READ_SECONDS * 1000))
        self._start(client, self._address_of(address[0]))

    def _back_off(self, listener: socket.socket, error: OSError) -> None:
        """Make room, turn the next client away, and wait. The listener would be ready again and again."""
        self.warn("can't accept connections: %s; closing those that have waited longest", error.strerror)
        if self._open:
            self._close_longest(self._open)
        if self._spare is not None:
            self._spare.close()
            self._spare = None
            with suppress(OSError):
                listener.accept()[0].close()
        loop = asyncio.get_running_loop()
        loop.remove_reader(listener)
        loop.call_later(BACK_OFF_SECONDS, self._resume, listener)

    def _resume(self, listener: socket.socket) -> None:
        if listener not in self._listeners:
            return  # It has been closed.
        if self._spare is None:
            with suppress(OSError):
                self._spare = open(os.devnull, "rb")  # noqa: SIM115
        asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _start(self, client: socket.socket, address: str | None) -> None:
        loop = asyncio.get_running_loop()
        connection = Connection(self, client, address, self._server, loop=loop, **_OPTIONS)
        self._make_room(address)
        self._open.add(connection)
        task = asyncio.create_task(self._open_connection(connection, client), name="open-connection")
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open_connection(self, connection: "Connection", client: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection,
                client,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if self._context else None,
            )
        except OSError as error:
            logger.debug("connection failed: %r", error)
        finally:
            if connection.in_handshake:
                self.discard(connection)

    def _make_room(self, address: str | None) -> None:
        if address is not None:
            own = [connection for connection in self._open if connection.address == address]
            if len(own) >= self._share:
                self._close_longest(own)
                self.warn("reached the limit of %d connections of one address, %s", self._share, address)
        if len(self._open) >= self.places:
            self._close_longest(self._open)
            self.warn("reached the limit of %d connections; closing those that have waited longest", self.places)

    def _close_longest(self, connections: Collection["Connection"]) -> None:
        longest = min(connections, key=lambda connection: (connection.progress, connection.since))
        self._open.remove(longest)
        longest.abort()


class Connection(web.RequestHandler):
    """An HTTP connection that knows what it is waiting for, and since when."""

    def __init__(
        self, connections: Connections, client: socket.socket, address: str | None, *arguments: Any, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.address = address
        """The key of the client's address; None if it isn't limited."""
        self.since = asyncio.get_running_loop().time()
        """When the connection was accepted, the current request began or the previous one ended."""
        self._connections = connections
        self._client = client
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
        else:
            # This makes the handshake fail, which closes the socket.
            with suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._switch(None)
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
        if isinstance(resp, web.HTTPExpectationFailed):
            # aiohttp raises it before it gets to a middleware.
            resp = self._refuse(request, "the only expectation that the server supports is 100-continue")
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
        response = self._refuse(request, f"the request isn't valid HTTP: {_reason(exc)}")
        response.force_close()
        return response

    def _refuse(self, request: web.BaseRequest, detail: str) -> web.Response:
        refusal = Refusal(Code.BAD_REQUEST, detail)
        self._connections.on_event(
            Refused(
                code=refusal.code,
                detail=refusal.detail,
                address=request.remote or "unknown",
                method=request.method,
                path=without_key(request.path),
                session=None,
            )
        )
        response = problem(refusal)
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
    peer.set(client_of(request).address)
    connection = request.protocol
    assert isinstance(connection, Connection)
    connection.start_request(request)
    return await handler(request)
