"""A peer whose network changes keeps its session (RFC 9725, section 4.3.3)."""

import asyncio

import aiohttp
import pytest
from aioice import Candidate

from tests.kit.peer import Peer
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server
from tests.kit.subscriber import subscribing

pytestmark = pytest.mark.asyncio(loop_scope="session")

FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"}


async def restart_ice(peer: Peer, username: str, password: str = "a-password-of-22-or-more") -> None:
    """As a browser does it in another network: with new sockets, new credentials, and without the old path."""
    assert peer.pc.sctp
    connection = peer.pc.sctp.transport.transport._connection
    before, connection._protocols = connection._protocols, []
    connection._local_username, connection._local_password = username, password
    connection._local_candidates_start = connection._local_candidates_end = False
    for kept in (connection._local_candidates, connection._remote_candidates, connection._check_list):
        kept.clear()
    connection._nominating.clear()
    await connection.gather_candidates()
    lines = [f"a=ice-ufrag:{username}", f"a=ice-pwd:{password}", "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0"]
    lines += [f"a=candidate:{candidate.to_sdp()}" for candidate in connection.local_candidates]
    url, fragment = f"{peer.url}{peer.location}", "\r\n".join([*lines, ""])
    async with peer.http.patch(url, data=fragment, headers=FRAGMENT) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "application/trickle-ice-sdpfrag"
        assert response.headers["ETag"] != peer.etag
        peer.etag = response.headers["ETag"]
        answer = dict[str, list[str]]()
        for line in (await response.text()).splitlines():
            name, _, value = line.partition(":")
            answer.setdefault(name, []).append(value)
    [connection.remote_username], [connection.remote_password] = answer["a=ice-ufrag"], answer["a=ice-pwd"]
    connection._remote_candidates_end = False
    for candidate in answer["a=candidate"]:
        await connection.add_remote_candidate(Candidate.from_sdp(candidate))
    for pair in connection._check_list:
        connection.check_start_task(pair)
    async with asyncio.timeout(5):
        while connection._nominated[1].protocol in before:  # noqa: ASYNC110 - it sends no event
            await asyncio.sleep(0.01)
    for protocol in before:
        await protocol.close()


async def test_both_peers_may_restart_ice_more_than_once_and_nothing_begins_anew(server: Server) -> None:
    async with (
        publishing(server.url, [PictureTrack(grace_hopper())]) as publisher,
        subscribing(server.url, publisher.session) as subscriber,
    ):
        for username, peer in (("once", publisher), ("twice", subscriber), ("again", publisher)):
            await peer.until_landmarks(1)
            await restart_ice(peer, username)
            for each in (publisher, subscriber):
                newest = each.landmarks[-1].seq
                await each.until(lambda each=each, newest=newest: each.landmarks[-1].seq > newest + 5)  # type: ignore[misc]
        await publisher.until_frames(5)
        async with publisher.http.patch(
            f"{server.url}{publisher.location}",
            data="a=ice-ufrag:again\r\n",
            headers={**FRAGMENT, "If-Match": f'"another", W/{publisher.etag}'},
        ) as response:
            assert (response.status, response.headers["ETag"]) == (204, publisher.etag)


async def test_a_subscriber_is_not_told_an_etag_with_its_candidates(
    server: Server, http: aiohttp.ClientSession
) -> None:
    async with (
        publishing(server.url, [PictureTrack(grace_hopper())]) as publisher,
        subscribing(server.url, publisher.session) as subscriber,
        http.patch(f"{server.url}{subscriber.location}", data="a=end-of-candidates", headers=FRAGMENT) as response,
    ):
        assert response.status == 204
        assert "ETag" not in response.headers
