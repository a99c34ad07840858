"""A server below a path of its proxy, and on IPv6."""

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from holistic_rtc.client import HolisticClient
from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.proxy import below
from tests.kit.publisher import Pictures, PictureTrack, Publisher
from tests.kit.serving import Server, serving
from tests.kit.streams import first

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = "/some/tracking"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    """On every address, below a path."""
    async with serving("--host", "::", "--root-path", f"{ROOT}/", "--max-sessions", "2") as server:
        server.url = server.url.replace("[::]", "[::1]")
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def proxy(server: Server) -> AsyncIterator[str]:
    async with below(ROOT, server.url) as url:
        yield url


async def test_clients_publish_and_subscribe_below_a_path(proxy: str) -> None:
    async with (
        HolisticClient(proxy) as client,
        client.publish(Pictures(grace_hopper(), fps=15), name="stage") as published,
    ):
        await first(client.landmarks("stage", key=published.viewing_key))


async def test_addresses_in_responses_contain_the_path(proxy: str, http: aiohttp.ClientSession) -> None:
    async with Publisher(proxy, http) as publisher:
        publisher.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendonly")
        async with http.post(f"{proxy}/whip", data=await publisher.offer(), headers=SDP) as response:
            assert response.status == 201
            assert response.headers["Content-Type"] == "application/sdp"
            assert response.headers["Location"].startswith(f"{ROOT}/whip/")
            assert URL(response.links["urn:holistic-rtc:watch"]["url"]).path.startswith(f"{ROOT}/whep/")
            location = response.url.join(URL(response.headers["Location"]))
        async with http.delete(location) as response:
            assert response.status == 200
    async with http.get(f"{proxy}/whip") as response:
        assert json.loads(await response.read())["type"] == f"{ROOT}/problems#method_not_allowed"
    async with http.get(f"{proxy}/api/openapi.json") as response:
        assert (await response.json())["servers"] == [{"url": ROOT}]


async def test_the_server_is_there_on_ipv4_and_ipv6(server: Server, http: aiohttp.ClientSession) -> None:
    for host in ("[::1]", "127.0.0.1", "localhost"):
        async with http.get(f"{server.url.replace('[::1]', host)}/healthz/") as response:
            assert response.status == 200


async def test_media_comes_over_ipv6(server: Server, http: aiohttp.ClientSession) -> None:
    async with Publisher(server.url, http) as publisher:
        publisher.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendonly")
        publisher.open_landmarks()
        offer = await publisher.offer()
        async with http.post(f"{server.url}/whip", data=offer, headers=SDP) as response:
            publisher.location = response.headers["Location"].removeprefix(ROOT)
            lines = (await response.text()).splitlines()
        kept = [line for line in lines if not line.startswith("a=candidate:") or ":" in line.split()[4]]
        if not any(line.startswith("a=candidate:") for line in kept):
            pytest.skip("this machine has no IPv6 address but its own")
        await publisher.accept("\r\n".join([*kept, ""]))
        await publisher.until_landmarks(1)
