"""The server can't be made to send more to somebody else than was sent to it."""

import aiohttp
import pytest

from holistic_rtc.media.ice import MAX_UNANSWERED
from tests.kit.attacks import HEADERS, Victims, candidates, describe, post, transport, video
from tests.kit.bystander import Bystander
from tests.kit.peer import Peer
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
UDP = 28
"""Bytes of a datagram's IP and UDP headers"""


async def test_offers_cost_a_victim_a_few_times_their_size_at_most(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    url = f"{server.url}/whep/{bystander.publisher.session}"
    offers = 6
    with Victims(32) as victims:
        async with bystander.unharmed():
            sent = 0
            for number in range(offers):
                # Few and many candidates in the offer, and the rest, and more, trickled.
                first, rest = victims.ports[: 2 + 6 * number], victims.ports[2 + 6 * number :]
                credentials = transport(username="u" * 256, password="p" * 256)
                offer = describe([video(credentials, candidates(victims.address, first))])
                status, _, headers = await post(http, url, offer)
                assert status == 201
                fragment = "a=mid:0\r\n" + candidates(victims.address, rest)
                async with http.patch(f"{server.url}{headers['Location']}", data=fragment, headers=FRAGMENT) as patched:
                    assert patched.status == 204
                sent += len(offer) + len(fragment) + 2 * HEADERS
            received = await victims.until_quiet()
    assert received
    assert sum(map(len, received)) <= offers * MAX_UNANSWERED
    assert sum(len(datagram) + UDP for datagram in received) < 4 * sent


async def test_strangers_get_no_answer(server: Server, bystander: Bystander) -> None:
    worker = await server.busy_worker()
    with Victims(1) as victims:
        [victim] = victims.sockets
        ports = [
            connection.laddr.port
            for connection in worker.net_connections("udp")
            if connection.laddr.ip == victims.address
        ]
        async with bystander.unharmed():
            # A Binding request with nothing in it, to which an error would be a response of more than twice the size.
            request = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"transaction!"
            for port in ports:
                victim.sendto(request, (victims.address, port))
        assert ports
        assert not victims.received()


@pytest.mark.parametrize(
    "bad",
    [
        {"username": "u" * 257},
        {"username": "u" * 20_000},
        {"username": "u" * 3},
        {"username": "u\u00e9" * 100},
        {"password": "p" * 257},
        {"password": "p" * 21},
    ],
    ids=["ufrag of 257", "ufrag of 20000", "ufrag of 3", "ufrag of letters with accents", "pwd of 257", "pwd of 21"],
)
async def test_credentials_of_other_lengths_than_rfc_8839_has_are_refused(
    bad: dict[str, str], server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    url = f"{server.url}/whep/{bystander.publisher.session}"
    status, body, _ = await post(http, url, describe([video(transport(**bad))]))
    assert (status, "bad_candidates" in body) == (400, True)


async def test_sections_that_are_not_bundled_take_no_ports_but_those_of_the_first(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    offer = describe([video(transport())] * 3, bundle=False)
    for url in (f"{server.url}/whip", f"{server.url}/whep/{bystander.publisher.session}"):
        status, answer, headers = await post(http, url, offer)
        assert (status, answer.count("m=video 0 ")) == (201, 2)
        candidates = [line.split() for line in answer.splitlines() if line.startswith("a=candidate")]
        assert len({words[5] for words in candidates}) <= len({words[4] for words in candidates})
        async with http.delete(server.url + headers["Location"]) as response:
            assert response.status == 200
    await server.until_sessions(1)


async def test_a_public_server_sends_nothing_to_private_addresses_but_where_peers_come_from() -> None:
    async with (
        serving("--max-sessions", "1", environment={"HOLISTIC_PUBLIC_CANDIDATES_ONLY": "true"}) as server,
        # This machine's own address isn't public, either.
        publishing(server.url, [PictureTrack(grace_hopper(320, 240), fps=10)], direction="sendonly") as publisher,
        Peer(server.url, publisher.http) as viewer,
    ):
        path = f"/whep/{publisher.session}"
        with Victims(8) as victims:
            offer = describe([video(transport(), candidates(victims.address, victims.ports[:4]))])
            status, _, headers = await post(viewer.http, f"{server.url}{path}", offer)
            assert status == 201
            trickled = "a=mid:0\r\n" + candidates(victims.address, victims.ports[4:])
            async with viewer.http.patch(
                f"{server.url}{headers['Location']}", data=trickled, headers=FRAGMENT
            ) as patched:
                assert patched.status == 204
            viewer.open_landmarks()
            await viewer.negotiate(path)
            # Meanwhile, a check would have been sent every 20 ms.
            await viewer.until_landmarks(5)
            assert not victims.received()
