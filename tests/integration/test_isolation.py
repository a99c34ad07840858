"""One peer's trouble stays that peer's: nothing that it sends, refuses or lacks may reach another."""

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
import pytest_asyncio
from aioice.ice import get_host_addresses

from tests.kit.peer import SDP, Peer
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, Publisher, publishing
from tests.kit.serving import Server
from tests.kit.subscriber import subscribing

pytestmark = pytest.mark.asyncio(loop_scope="session")

FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


class ChangingPeer(Peer):
    """
    :param change: made to the peer's offer.
    """

    def __init__(self, url: str, http: aiohttp.ClientSession, change: Callable[[str], str]) -> None:
        super().__init__(url, http)
        self._change = change

    async def offer(self) -> str:
        return self._change(await super().offer())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def publisher(server: Server) -> AsyncIterator[Publisher]:
    async with publishing(server.url, [PictureTrack(grace_hopper(), fps=15)], direction="sendonly") as publisher:
        yield publisher


async def more(peer: Peer, count: int = 10) -> None:
    """So many more landmarks."""
    seen = len(peer.landmarks)
    await peer.until(lambda: len(peer.landmarks) > seen + count)


def names(count: int) -> list[str]:
    """Candidates as browsers without camera permission have them."""
    return [
        f"a=candidate:{i} 1 udp {2122260000 - i} 00000000-0000-4000-8000-{i:012d}.local {50000 + i} typ host"
        for i in range(count)
    ]


def without_candidates(offer: str, *instead: str) -> str:
    """Those of each section are replaced."""
    lines = [line for line in offer.splitlines() if not line.startswith(("a=candidate", "a=end-of"))]
    return "\r\n".join([*lines, *instead, ""])


@pytest.mark.parametrize(("size", "landmarks"), [(2000, True), (200, False)])
async def test_a_viewer_that_takes_small_messages_only_is_the_only_one_to_end(
    size: int, landmarks: bool, server: Server, publisher: Publisher
) -> None:
    def limit(offer: str) -> str:
        return re.sub("a=max-message-size:.*", f"a=max-message-size:{size}", offer)

    async with (
        subscribing(server.url, publisher.session, videos=0) as other,
        ChangingPeer(server.url, publisher.http, limit) as viewer,
    ):
        if landmarks:
            viewer.open_landmarks()
        await viewer.negotiate(f"/whep/{publisher.session}")
        await viewer.until(lambda: viewer.control_channel.readyState == "closed")
        if landmarks:
            assert viewer.received("end")[0]["reason"] == "send_failed"
        await more(publisher)
        await more(other)


async def test_names_that_nobody_can_resolve_cost_nobody_anything(server: Server, publisher: Publisher) -> None:
    async with Peer(server.url, publisher.http) as viewer:
        viewer.open_landmarks()
        offer = without_candidates(await viewer.offer(), *names(1), "a=end-of-candidates")
        before = time.monotonic()
        async with publisher.http.post(f"{server.url}/whep/{publisher.session}", data=offer, headers=SDP) as response:
            assert response.status == 201
            location, answer = response.headers["Location"], await response.text()
        fragment = "\r\n".join(["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:0", *names(20), ""])
        async with publisher.http.patch(f"{server.url}{location}", data=fragment, headers=FRAGMENT) as response:
            assert response.status == 204
        # Each name would take a second.
        assert time.monotonic() - before < 5
        # The server learns of the peer by the peer's own checks.
        await viewer.accept(answer)
        await viewer.until(lambda: viewer.landmarks)
    await more(publisher)


async def test_a_peer_has_at_most_32_places_that_the_server_sends_checks_to(
    server: Server, publisher: Publisher
) -> None:
    [address, *_] = get_host_addresses(use_ipv4=True, use_ipv6=False)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(40)]
    try:
        for one in sockets:
            one.setblocking(False)
            one.bind((address, 0))
        lines = [
            f"a=candidate:{i} 1 udp {2122260000 - i} {address} {one.getsockname()[1]} typ host"
            for i, one in enumerate(sockets)
        ]
        loop = asyncio.get_running_loop()
        async with Peer(server.url, publisher.http) as viewer, asyncio.timeout(30):
            offer = without_candidates(await viewer.offer(), *lines[:20])
            url = f"{server.url}/whep/{publisher.session}"
            async with publisher.http.post(url, data=offer, headers=SDP) as response:
                assert response.status == 201
                viewer.location = response.headers["Location"]
            fragment = "\r\n".join(["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:0", *lines[20:], ""])
            url = f"{server.url}{viewer.location}"
            async with publisher.http.patch(url, data=fragment, headers=FRAGMENT) as response:
                assert response.status == 204
            for one in sockets[:32]:
                assert await loop.sock_recv(one, 2000)
            # The first is asked again only after all others have been asked once.
            await loop.sock_recv(sockets[0], 2000)
            for one in sockets[32:]:
                with pytest.raises(BlockingIOError):
                    one.recv(2000)
            assert await viewer.delete() == 200
    finally:
        for one in sockets:
            one.close()


async def test_viewers_that_do_not_wait_for_their_answer_leave_no_socket_behind(
    server: Server, publisher: Publisher
) -> None:
    worker = await server.busy_worker()

    def sockets() -> int:
        return len(worker.net_connections("udp"))

    before = sockets()
    url = f"{server.url}/whep/{publisher.session}"
    async with Peer(server.url, publisher.http) as viewer:
        offer = await viewer.offer()
        for number in range(150):
            # From before the offer has been read until after it has been answered.
            timeout = aiohttp.ClientTimeout(total=0.002 + 0.0004 * number)
            with contextlib.suppress(TimeoutError):
                async with publisher.http.post(url, data=offer, headers=SDP, timeout=timeout) as response:
                    if location := response.headers.get("Location"):
                        async with publisher.http.delete(f"{server.url}{location}"):
                            pass
    await server.until(lambda: sockets() <= before)
    await more(publisher)
