"""What strangers do to a server as WebRTC peers, and what it does to others for them."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Self

import aiohttp
from aioice.ice import get_host_addresses

from .peer import SDP, Peer

HEADERS = 200
"""Bytes of a request's headers, about"""


class Victims:
    """Sockets that never answer, on the address that the server sends from."""

    def __init__(self, count: int) -> None:
        [self.address, *_] = get_host_addresses(use_ipv4=True, use_ipv6=False)
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
        for one in self.sockets:
            one.setblocking(False)
            one.bind((self.address, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for one in self.sockets:
            one.close()

    @property
    def ports(self) -> list[int]:
        return [one.getsockname()[1] for one in self.sockets]

    def received(self) -> list[bytes]:
        """The datagrams that have come since the last call."""
        return [datagram for one in self.sockets for datagram in _all(one)]

    def reached(self) -> set[int]:
        """The ports that datagrams have come to since the last call."""
        return {port for port, one in zip(self.ports, self.sockets, strict=True) if _all(one)}

    async def until_no_other_is_reached(self, seconds: float = 2) -> set[int]:
        """The ports that datagrams come to, once none of the others has been reached for so long."""
        found: set[int] = set()
        quiet = 0.0
        while quiet < seconds or not found:
            await asyncio.sleep(0.1)
            fresh = self.reached() - found
            found |= fresh
            quiet = 0 if fresh else quiet + 0.1
        return found

    async def until_quiet(self, seconds: float = 3) -> list[bytes]:
        """All that comes until nothing has come for so long."""
        found: list[bytes] = []
        quiet = 0.0
        while quiet < seconds:
            await asyncio.sleep(0.1)
            fresh = self.received()
            found += fresh
            quiet = 0 if fresh else quiet + 0.1
        return found


def _all(one: socket.socket) -> list[bytes]:
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            found.append(one.recv(65536))
    return found


class ChangingPeer(Peer):
    """
    :param change: made to the peer's offer.
    """

    def __init__(self, url: str, http: aiohttp.ClientSession, change: Callable[[str], str]) -> None:
        super().__init__(url, http)
        self._change = change

    async def offer(self) -> str:
        return self._change(await super().offer())


def transport(*, username: str = "user", password: str = "passwordpasswordpassword") -> str:
    """The lines of a section that describe how to reach its peer."""
    return (
        f"c=IN IP4 0.0.0.0\r\na=ice-ufrag:{username}\r\na=ice-pwd:{password}\r\na=setup:actpass\r\na=rtcp-mux\r\n"
        f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}\r\n"
    )


def video(transport: str, more: str = "") -> str:
    return f"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=sendrecv\r\n{transport}{more}"


def describe(sections: Sequence[str], *, bundle: bool = True) -> str:
    """An offer by hand, as short as it can be."""
    group = f"a=group:BUNDLE {' '.join(map(str, range(len(sections))))}\r\n" if bundle else ""
    named = "".join(f"{section}a=mid:{number}\r\n" for number, section in enumerate(sections))
    return f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{group}{named}"


def candidates(address: str, ports: Iterable[int]) -> str:
    return "".join(
        f"a=candidate:{i} 1 udp {2122260000 - i} {address} {port} typ host\r\n" for i, port in enumerate(ports)
    )


def names(count: int) -> str:
    """Candidates as browsers without camera permission have them, which nobody can resolve."""
    return "".join(
        f"a=candidate:{i} 1 udp {2122260000 - i} {secrets.token_hex(4)}-0000-4000-8000-{i:012d}.local {50000 + i} "
        "typ host\r\n"
        for i in range(count)
    )


def without_candidates(offer: str, instead: str) -> str:
    """Those of each section are replaced."""
    lines = [line for line in offer.splitlines(True) if not line.startswith(("a=candidate", "a=end-of"))]
    return "".join(lines) + instead


async def post(http: aiohttp.ClientSession, url: str, offer: str) -> tuple[int, str, dict[str, str]]:
    """:return: status, body and headers."""
    async with http.post(url, data=offer, headers=SDP) as response:
        return response.status, await response.text(), dict(response.headers)
