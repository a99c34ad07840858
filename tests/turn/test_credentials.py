"""Whom coturn relays for, and where to."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aioice.stun import TransactionFailed
from aioice.turn import TurnTransport, create_turn_endpoint
from aiortc import RTCConfiguration, RTCPeerConnection

from holistic_rtc.sessions.ice_servers import mint
from tests.kit.coturn import Coturn, coturn, has_ipv6
from tests.kit.serving import Server

from .conftest import TOKEN

AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}

needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


class Peer(asyncio.DatagramProtocol):
    """One end of a relay."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.refused: asyncio.Future[int] = loop.create_future()
        """The code, when what was sent may not go there."""
        self.closed: asyncio.Future[None] = loop.create_future()

    def error_received(self, error: Exception) -> None:
        assert isinstance(error, TransactionFailed)
        self.refused.set_result(error.response.attributes["ERROR-CODE"][0])

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set_result(None)


@asynccontextmanager
async def relay(turn: Coturn, username: str, credential: str) -> AsyncIterator[tuple[TurnTransport, Peer]]:
    async with asyncio.timeout(10):
        transport, peer = await create_turn_endpoint(Peer, ("127.0.0.1", turn.port), username, credential)
    try:
        yield transport, peer
    finally:
        transport.close()
        await peer.closed


async def refusal(turn: Coturn, username: str, credential: str) -> int:
    """The code with which coturn refuses a relay."""
    with pytest.raises(TransactionFailed) as error:
        async with relay(turn, username, credential):
            pass
    code, _ = error.value.response.attributes["ERROR-CODE"]
    return int(code)


def fresh(turn: Coturn, name: str = "somebody") -> tuple[str, str]:
    return mint(turn.secret, name, int(time.time()) + 60)


async def test_coturns_own_client_sends_over_udp_and_tcp(turn: Coturn) -> None:
    for output in await asyncio.gather(run_uclient(turn), run_uclient(turn, "-t")):
        # Not all of them where this machine is busy: it is UDP.
        assert re.search("tot_recv_msgs=[1-9]", output), output
    assert turn.secret not in turn.log


async def run_uclient(turn: Coturn, *arguments: str) -> str:
    """It sends packets to itself through two relays."""
    username, credential = fresh(turn)
    process = await asyncio.create_subprocess_exec(
        *("turnutils_uclient", "-y", "-c", "-n", "2", "-p", str(turn.port), "-u", username, "-w", credential),
        *(*arguments, "127.0.0.1"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(20):
        output, _ = await process.communicate()
    return output.decode()


async def test_a_wrong_or_expired_credential_is_refused(turn: Coturn) -> None:
    username, _ = fresh(turn)
    assert await refusal(turn, username, fresh(turn, "another")[1]) == 401
    assert await refusal(turn, *mint("another secret", "somebody", int(time.time()) + 60)) == 401
    # coturn looks at the clock once a second, or less often on a busy machine.
    assert await refusal(turn, *mint(turn.secret, "somebody", int(time.time()) - 30)) == 401
    assert await refusal(turn, "somebody", turn.secret) == 401


@pytest_asyncio.fixture(scope="module")
async def shipped(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Coturn]:
    """With nothing set."""
    async with coturn(tmp_path_factory.mktemp("shipped"), "--verbose") as turn:
        yield turn


@pytest_asyncio.fixture(scope="module")
async def shipped_ipv6(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Coturn]:
    """Its relays have IPv6 addresses, which aioice can't ask for."""
    folder, family = tmp_path_factory.mktemp("shipped-ipv6"), "--allocation-default-address-family=ipv6"
    async with coturn(folder, "--verbose", family, TURN_LISTENING_IP="127.0.0.1 ::1") as turn:
        yield turn


async def relays_to(turn: Coturn, peer: str) -> bool:
    async with relay(turn, *fresh(turn)) as (transport, end), asyncio.timeout(5):
        logged = len(turn.log)
        transport.sendto(b"hello", (peer, 9))
        while not end.refused.done():
            if "CHANNEL_BIND processed, success" in turn.log[logged:]:
                return True
            await asyncio.sleep(0.02)
        assert end.refused.result() == 403
        return False


@pytest.mark.parametrize(
    "peer",
    [
        *("0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1"),
        *("172.31.255.255", "192.168.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
    ],
)
async def test_nobody_reaches_what_is_not_public(shipped: Coturn, peer: str) -> None:
    assert not await relays_to(shipped, peer)


@pytest.mark.parametrize("peer", ["8.8.8.8", "100.63.255.255", "172.32.0.1"])
async def test_what_is_public_can_be_reached(shipped: Coturn, peer: str) -> None:
    assert await relays_to(shipped, peer)


@needs_ipv6
@pytest.mark.parametrize(
    "peer",
    [
        *("::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:0:a00:1", "64:ff9b::a00:1"),
        *("100::1", "2001:db8::1", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1"),
        *("fec0::1", "ff02::1"),
    ],
)
async def test_nobody_reaches_what_is_not_public_over_ipv6(shipped_ipv6: Coturn, peer: str) -> None:
    assert not await relays_to(shipped_ipv6, peer)


@needs_ipv6
@pytest.mark.parametrize("peer", ["2001:4860:4860::8888", "2600::1", "2a00:1450::1"])
async def test_what_is_public_can_be_reached_over_ipv6(shipped_ipv6: Coturn, peer: str) -> None:
    assert await relays_to(shipped_ipv6, peer)


@pytest.mark.parametrize(
    ("network", "peer", "relayed"),
    [("127.0.0.1", "127.0.0.1", False), ("10.1.2.0/24", "10.1.2.3", True), ("10.1.2.0/24", "10.1.3.3", False)],
)
async def test_the_network_of_the_app_can_be_reached_but_never_on_loopback(
    tmp_path: Path, network: str, peer: str, relayed: bool
) -> None:
    async with coturn(tmp_path, "--verbose", TURN_APP_NETWORK=network) as turn:
        assert await relays_to(turn, peer) == relayed


async def test_a_user_gets_as_many_relays_as_the_quota_says_and_others_get_theirs(tmp_path: Path) -> None:
    async with (
        coturn(tmp_path, TURN_USER_QUOTA="2") as turn,
        relay(turn, *fresh(turn)),
        relay(turn, *fresh(turn)),
    ):
        assert await refusal(turn, *fresh(turn)) == 486
        async with relay(turn, *fresh(turn, "another")):
            pass


async def test_the_server_tells_its_peer_of_relays_and_asks_for_none_itself(turn: Coturn, server: Server) -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("video", direction="sendonly")
    await pc.setLocalDescription(await pc.createOffer())
    headers = {**AUTHORISED, "Content-Type": "application/sdp"}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{server.url}/whip", data=pc.localDescription.sdp, headers=headers) as response:
            assert response.status == 201
            answer = await response.text()
            assert "typ host" in answer
            assert "typ relay" not in answer
            location = response.headers["Location"]
            links = [link for link in response.headers.getall("Link") if 'rel="ice-server"' in link]
        async with http.delete(f"{server.url}{location}"):
            pass
    await pc.close()
    session = location.split("/")[2]
    assert len(links) == 3
    for link in links:
        username, credential = credentials_of(link)
        assert username.endswith(f":{session}")
        async with relay(turn, username, credential):
            pass


async def test_what_newcomers_are_told_is_taken_by_the_turn_server_and_is_another_each_time(
    turn: Coturn, server: Server
) -> None:
    async with aiohttp.ClientSession(headers=AUTHORISED) as http:
        async with http.options(f"{server.url}/whip") as response:
            told = [credentials_of(response.headers["Link"])]
        for _ in range(2):
            async with http.get(f"{server.url}/api/ice-servers") as response:
                (ice_server,) = (await response.json())["iceServers"]
            told.append((ice_server["username"], ice_server["credential"]))
    assert len({username for username, _ in told}) == 3
    for username, credential in told:
        async with relay(turn, username, credential):
            pass


async def test_who_does_not_know_the_token_is_told_of_no_credentials(server: Server) -> None:
    async with aiohttp.ClientSession() as http:
        async with http.options(f"{server.url}/whip") as response:
            assert response.status == 204
            assert "Link" not in response.headers
        async with http.get(f"{server.url}/api/ice-servers") as response:
            assert response.status == 401


def credentials_of(link: str) -> tuple[str, str]:
    found = re.search('username="([^"]+)"; credential="([^"]+)"', link)
    assert found
    return found[1], found[2]
