"""Strangers that take places and don't use them."""

import asyncio
import time
from collections.abc import Callable, Iterable

import aiohttp
import pytest

from holistic_rtc.sample import portrait
from holistic_rtc.sessions.quotas import PENDING_SECONDS
from tests.kit.abuse import client_at, jpeg_with_scans, offer_without_candidates, post_offers, upload_slowly
from tests.kit.bystander import Bystander
from tests.kit.offers import make_offer
from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, Publisher
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

JPEG = {"Content-Type": "image/jpeg"}


async def publish(server: Server, address: str | None) -> int:
    """
    Publish until the first landmarks, trying again when the server says so.

    :return: how often it was refused.
    """
    refusals = 0
    async with client_at(address) as http, asyncio.timeout(60):
        while True:
            async with Publisher(server.url, http) as publisher:
                publisher.pc.addTransceiver(PictureTrack(grace_hopper(), fps=5), direction="sendonly")
                publisher.open_landmarks()
                offer = await publisher.offer()
                async with http.post(f"{server.url}/whip", data=offer, headers=SDP) as response:
                    if response.status == 201:
                        publisher.location = response.headers["Location"]
                        await publisher.accept(await response.text())
                        await publisher.until_landmarks(1)
                        return refusals
                    retry_after = float(response.headers["Retry-After"])
            refusals += 1
            await asyncio.sleep(retry_after)


async def until_metric(server: Server, metric: str, value: int) -> None:
    async with client_at(None) as http, asyncio.timeout(60):
        while True:
            async with http.get(f"{server.url}/metrics") as response:
                assert response.status == 200
                if f"{metric} {value}.0" in (await response.text()).splitlines():
                    return
            await asyncio.sleep(0.05)


async def delete(server: Server, locations: Iterable[str]) -> None:
    async with client_at(None) as http:
        for location in filter(None, locations):
            async with http.delete(f"{server.url}{location}"):
                pass
    await server.until_sessions(1)


async def test_offers_that_nobody_completes_keep_out_nobody_at_another_address(
    server: Server, bystander: Bystander
) -> None:
    offer = await offer_without_candidates()
    async with bystander.unharmed(), client_at("203.0.113.1") as http:
        responses = await post_offers(f"{server.url}/whip", http, offer, 10)
        assert [response.status for response in responses].count(201) == 1
        refused = [response for response in responses if response.status != 201]
        assert {(response.status, response.code) for response in refused} == {(429, "address_full")}
        assert all(1 <= response.retry_after <= PENDING_SECONDS for response in refused)
        assert await publish(server, "203.0.113.2") == 0
    await delete(server, (response.location for response in responses))


async def test_places_that_are_pending_make_room_for_others_when_all_are_taken(
    server: Server, bystander: Bystander, read_log: Callable[[], str]
) -> None:
    offer = await offer_without_candidates()
    # So that as many start at the same moment.
    await until_metric(server, 'holistic_pool_free{pool="live"}', 2)
    async with client_at(None) as http:
        responses = await post_offers(f"{server.url}/whip", http, offer, 3)
    assert sorted(response.status for response in responses) == [201, 201, 503]
    [refused] = [response for response in responses if response.status == 503]
    assert refused.code == "server_full"
    assert 1 <= refused.retry_after <= PENDING_SECONDS
    await publish(server, "203.0.113.3")
    assert "the place was needed before the peer had sent any video" in read_log()
    assert not bystander.publisher.received("end")
    await delete(server, (response.location for response in responses))


async def test_a_publisher_that_never_sends_video_is_ended_with_a_reason(server: Server) -> None:
    async with client_at(None) as http, Publisher(server.url, http) as silent:
        silent.pc.addTransceiver(PictureTrack(None), direction="sendonly")
        await silent.connect()
        await silent.until(lambda: silent.received("configured"))
        connected = time.monotonic()
        await silent.until(lambda: silent.received("end"))
        assert silent.received("end")[0]["reason"] == "no_video"
        assert time.monotonic() - connected > 8


async def test_subscribers_that_never_connect_leave_places_in_the_session(server: Server, bystander: Bystander) -> None:
    offer = await make_offer(("video", "recvonly"), channel=True)
    url = f"{server.url}/whep/{bystander.publisher.session}?key={bystander.publisher.viewing_key}"
    async with client_at("203.0.113.4") as http:
        responses = await post_offers(url, http, offer, 16)
        assert sorted(response.status for response in responses) == [201] * 8 + [429] * 8
    async with client_at("203.0.113.5") as http:
        assert {response.status for response in await post_offers(url, http, offer, 2)} == {201}


async def test_slow_uploads_end_soon_and_leave_places_to_other_addresses(server: Server, bystander: Bystander) -> None:
    async with bystander.unharmed():
        uploading = asyncio.gather(*(upload_slowly(server, "203.0.113.6", 8) for _ in range(8)))
        await until_metric(server, "holistic_snapshots_pending", 4)
        async with (
            client_at("203.0.113.7") as http,
            http.post(f"{server.url}/api/snapshot", data=portrait().read_bytes(), headers=JPEG) as response,
        ):
            assert response.status == 200
        assert sorted(await uploading) == [408] * 4 + [429] * 4


async def test_a_small_picture_that_takes_long_to_decode_is_refused_at_once(server: Server) -> None:
    bomb = jpeg_with_scans(6000, 4000, 200)
    assert len(bomb) < 200_000
    began = time.monotonic()
    async with client_at("203.0.113.8") as http:
        async with http.post(f"{server.url}/api/snapshot", data=bomb, headers=JPEG) as response:
            assert response.status == 400
            assert "scans" in (await response.json(content_type=None))["detail"]
        assert time.monotonic() - began < 2
        progressive = jpeg_with_scans(640, 480, 10)
        async with http.post(f"{server.url}/api/snapshot", data=progressive, headers=JPEG) as response:
            assert response.status == 200


async def test_an_address_that_makes_very_many_requests_is_told_when_to_come_back_and_no_other_is(
    server: Server,
) -> None:
    async with (
        client_at("2001:db8::1") as http,
        client_at("2001:db8::2") as neighbour,
        client_at("2001:db8:0:1::1") as other,
    ):
        statuses: list[int] = []

        async def ask(client: aiohttp.ClientSession) -> tuple[int, str | None]:
            async with client.get(f"{server.url}/api/ice-servers") as response:
                return response.status, response.headers.get("Retry-After")

        # Each counts as 11.
        for _ in range(20):
            statuses += [status for status, _ in await asyncio.gather(*(ask(http) for _ in range(10)))]
        assert 90 <= statuses.count(200) < 200
        assert statuses.count(200) + statuses.count(429) == 200
        assert await ask(neighbour) == (429, "1")
        assert (await ask(other))[0] == 200
