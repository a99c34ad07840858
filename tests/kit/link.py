"""A bad network: a process between clients and a server that passes on what isn't lost, when it is due."""

import asyncio
import json
import random
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import aiohttp
from aiohttp import web

HEADERS = 28
"""Bytes of IP and UDP in front of each datagram"""
_CANDIDATE = re.compile(r"a=candidate:(\S+ 1 udp \d+) (\d+\.\d+\.\d+\.\d+) (\d+) typ host.*\r\n")
_ANY_CANDIDATE = re.compile(r"a=candidate:.*\r\n")


@dataclass(frozen=True)
class Path:
    """
    One direction of the network.

    :param rate: bits per second, with headers; None for no limit.
    :param queue: seconds that a datagram may wait for those before it. It is dropped if it would have to wait longer.
    :param delay: seconds that a datagram is on its way.
    :param jitter: seconds of additional delay at most, another for each datagram, which may overtake one another.
    :param loss: share of the datagrams that are lost.
    """

    rate: float | None = None
    queue: float = 0.3
    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0


GOOD = Path()
CUT = Path(loss=1.0)


@dataclass
class _Shaper:
    path: Path = GOOD
    _free_at: float = 0.0
    counts: dict[str, int] = field(default_factory=lambda: {"passed": 0, "lost": 0, "dropped": 0, "bytes": 0})

    def put(self, data: bytes, send: Callable[[bytes], None]) -> None:
        path, loop = self.path, asyncio.get_running_loop()
        if random.random() < path.loss:
            self.counts["lost"] += 1
            return
        leaves = now = loop.time()
        if path.rate is not None:
            leaves = max(now, self._free_at) + (len(data) + HEADERS) * 8 / path.rate
            if leaves - now > path.queue:
                self.counts["dropped"] += 1
                return
            self._free_at = leaves
        self.counts["passed"] += 1
        self.counts["bytes"] += len(data) + HEADERS
        arrives = leaves + path.delay + random.random() * path.jitter
        if arrives > now:
            loop.call_at(arrives, send, data)
        else:
            send(data)


class _Leg(asyncio.DatagramProtocol):
    """One of the two sockets between a peer and the server."""

    transport: asyncio.DatagramTransport

    def __init__(self, on_datagram: Callable[[bytes, Any], None]) -> None:
        self._on_datagram = on_datagram

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._on_datagram(data, addr)


class _Flow:
    """The datagrams between one peer and the server, through a NAT of its own."""

    def __init__(self, host: str, port: int, up: _Shaper, down: _Shaper) -> None:
        self._server = host, port
        self._up, self._down = up, down
        self._peer: Any = None
        self._gone = False
        self._inside = _Leg(self._from_peer)
        self._outside: _Leg | None = None

    async def open(self) -> int:
        """
        :return: the port for the peer to send to.
        """
        await self.rebind()
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self._inside, (self._server[0], 0))
        return int(self._inside.transport.get_extra_info("sockname")[1])

    async def rebind(self) -> None:
        """Send from another port from now on, and receive nothing more at the former one."""
        if self._outside:
            self._outside.transport.close()
        self._outside = _Leg(lambda data, _: self._down.put(data, self._to_peer))
        outside = self._outside
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: outside, (self._server[0], 0))

    def leave(self) -> None:
        """Carry nothing more."""
        self._gone = True

    def _from_peer(self, data: bytes, addr: Any) -> None:
        self._peer = addr
        self._up.put(data, self._to_server)

    def _to_server(self, data: bytes) -> None:
        assert self._outside
        if not (self._gone or self._outside.transport.is_closing()):
            self._outside.transport.sendto(data, self._server)

    def _to_peer(self, data: bytes) -> None:
        if self._peer and not self._gone:
            self._inside.transport.sendto(data, self._peer)


class _Proxy:
    """Passes HTTP on, and puts itself into the answers, so that media comes through it, too."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._up, self._down = _Shaper(), _Shaper()
        self._flows: list[_Flow] = []

    async def run(self) -> None:
        async with aiohttp.ClientSession(auto_decompress=False) as self._http:
            app = web.Application(client_max_size=2**26)
            app.router.add_route("*", "/{path:.*}", self._pass_on)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
            reader = asyncio.StreamReader()
            await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
            while line := await reader.readline():
                print(json.dumps(await self._obey(**json.loads(line))), flush=True)
            await runner.cleanup()

    async def _obey(
        self,
        up: dict[str, Any] | None = None,
        down: dict[str, Any] | None = None,
        rebind: bool = False,
        move: bool = False,
    ) -> dict[str, Any]:
        if up:
            self._up.path = Path(**up)
        if down:
            self._down.path = Path(**down)
        if rebind:
            for flow in self._flows:
                await flow.rebind()
        if move:
            for flow in self._flows:
                flow.leave()
        return {"up": self._up.counts, "down": self._down.counts}

    async def _pass_on(self, request: web.Request) -> web.Response:
        if self._down.path == CUT:
            raise web.HTTPServiceUnavailable
        body = await request.read()
        describes = request.content_type in ("application/sdp", "application/trickle-ice-sdpfrag")
        if describes:
            body = re.sub(rb"a=(candidate|end-of-candidates).*\r\n", b"", body)
        headers = {name: value for name, value in request.headers.items() if name not in ("Host", "Content-Length")}
        url = f"{self._server}{request.raw_path}"
        async with self._http.request(request.method, url, data=body, headers=headers) as response:
            answer = await response.read()
            if describes and response.status in (200, 201) and answer:
                answer = (await self._put_in(answer.decode())).encode()
            kept = {
                name: value
                for name, value in response.headers.items()
                if name not in ("Content-Length", "Transfer-Encoding", "Connection")
            }
            return web.Response(status=response.status, body=answer, headers=kept)

    async def _put_in(self, answer: str) -> str:
        found = _CANDIDATE.search(answer)
        assert found, answer
        flow = _Flow(found[2], int(found[3]), self._up, self._down)
        self._flows.append(flow)
        ours = f"a=candidate:{found[1]} {found[2]} {await flow.open()} typ host\r\n"
        head, tail = answer.split(found[0], maxsplit=1)
        return _ANY_CANDIDATE.sub("", head) + ours + _ANY_CANDIDATE.sub("", tail)


class Link:
    """
    :ivar url: of the server, through the network.
    """

    def __init__(self, url: str, process: asyncio.subprocess.Process) -> None:
        self.url = url
        self._process = process

    async def become(self, *, up: Path | None = None, down: Path | None = None) -> None:
        """Be like this from now on, for everyone; a direction that isn't named stays as it is."""
        paths = {name: asdict(path) for name, path in (("up", up), ("down", down)) if path}
        await self._tell(paths)

    async def rebind(self) -> None:
        """Give every peer another source port, as a NAT does that has restarted."""
        await self._tell({"rebind": True})

    async def move(self) -> None:
        """Lead every peer's paths nowhere, as in another network. Only an ICE restart gives it a new one."""
        await self._tell({"move": True})

    async def counts(self) -> dict[str, dict[str, int]]:
        """What passed, was lost or was dropped in each direction so far, in datagrams, and what passed in bytes."""
        return await self._tell({})

    async def _tell(self, command: dict[str, Any]) -> dict[str, dict[str, int]]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        answer: dict[str, dict[str, int]] = json.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def linked(server: str, *, up: Path = GOOD, down: Path = GOOD) -> AsyncIterator[Link]:
    """A network in front of the server at this URL, for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.kit.link", server), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert process.stdin
    link = Link((await process.stdout.readline()).decode().strip(), process)
    try:
        await link.become(up=up, down=down)
        yield link
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(_Proxy(sys.argv[1]).run())
