"""What clients see of several nodes."""

import asyncio
import signal
import time
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from yarl import URL

from holistic_rtc.client import HolisticClient
from holistic_rtc.errors import ConnectionLostError, NotLiveError, RefusedError, ServerFullError
from holistic_rtc.sessions.directory import digest_of
from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Pictures, PictureTrack, Publisher
from tests.kit.redis import RedisServer
from tests.kit.serving import Server
from tests.kit.streams import watched

from .conftest import TOKEN, starting_node

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.alone]

KEY = "2Jw0cV3mBqkO8h4xT1rZ"


def camera() -> Pictures:
    return Pictures(grace_hopper(), fps=10)


def node_of(publication: Any) -> str:
    return str(publication._resource.url.origin())


async def test_a_full_node_redirects_publishers_to_the_emptiest_one(nodes: list[Server], redis: RedisServer) -> None:
    full, _, emptiest = nodes
    async with HolisticClient(full.url, token=TOKEN) as client, AsyncExitStack() as stack:
        took = []
        for _ in range(6):
            publication = await stack.enter_async_context(client.publish(camera()))
            await anext(publication.landmarks())
            took.append(node_of(publication))
        assert took[:2] == [full.url, emptiest.url]
        assert [took.count(node.url) for node in nodes] == [1, 2, 3]
        with pytest.raises(ServerFullError):
            async with client.publish(camera()):
                pass
        sessions = await client.sessions()
        assert len(sessions) == 6


async def test_a_publisher_is_redirected_once(nodes: list[Server], http: aiohttp.ClientSession) -> None:
    async with HolisticClient(nodes[0].url, token=TOKEN) as client, client.publish(camera()):
        async with Publisher(nodes[0].url, http) as publisher:
            publisher.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendonly")
            offer = await publisher.offer()
        headers = {**SDP, "Authorization": f"Bearer {TOKEN}"}
        for query, status in (("", 307), ("?redirected=true", 503)):
            address = f"{nodes[0].url}/whip{query}"
            async with http.post(address, data=offer, headers=headers, allow_redirects=False) as response:
                assert response.status == status
                assert ("Location" in response.headers) is (status == 307)


async def test_a_redirected_publisher_keeps_its_name(nodes: list[Server]) -> None:
    full, _, emptiest = nodes
    async with (
        HolisticClient(full.url, token=TOKEN) as client,
        client.publish(camera()),
        client.publish(camera(), name="stage", key=KEY) as publication,
    ):
        assert node_of(publication) == emptiest.url
        assert (await client.session("stage")).id == publication.session


async def test_a_viewer_on_the_wrong_node_is_sent_to_the_right_one(nodes: list[Server], redis: RedisServer) -> None:
    owner, *others = nodes
    async with HolisticClient(owner.url, token=TOKEN) as publishing, AsyncExitStack() as stack:
        publication = await stack.enter_async_context(publishing.publish(camera(), name="stage", key=KEY))
        for node in others:
            stranger = await stack.enter_async_context(HolisticClient(node.url))
            holder = await stack.enter_async_context(HolisticClient(node.url, token=TOKEN))
            for label in (publication.session, "stage"):
                for client, key in ((stranger, publication.viewing_key), (holder, None)):
                    found = await client.session(label, key=key)
                    assert (found.id, found.name) == (publication.session, "stage")
                    async with client.subscribe(label, key=key) as subscription:
                        await anext(subscription.landmarks())
                with pytest.raises(RefusedError) as refused:
                    await stranger.session(label, key="wrong")
                assert refused.value.code == "private_session"


async def test_a_name_is_one_publishers_on_all_nodes(nodes: list[Server], redis: RedisServer) -> None:
    async with (
        HolisticClient(nodes[0].url, token=TOKEN) as first,
        HolisticClient(nodes[2].url, token=TOKEN) as second,
        first.publish(camera(), name="stage", key=KEY) as former,
    ):
        with pytest.raises(RefusedError) as refused:
            async with second.publish(camera(), name="stage", key=KEY[::-1]):
                pass
        assert refused.value.code == "name_taken"
        async with second.publish(camera(), name="stage", key=KEY) as successor:
            with pytest.raises(ConnectionLostError) as lost:
                await asyncio.wait_for(former.wait_ended(), 3)
            assert lost.value.reason == "taken_over"
            assert node_of(successor) == nodes[2].url
            found = await first.session("stage")
            assert found.id == successor.session


async def test_a_publisher_takes_over_from_a_node_whose_clock_is_fast(nodes: list[Server], redis: RedisServer) -> None:
    async with redis.client() as directory, HolisticClient(nodes[2].url, token=TOKEN) as client:
        await directory.set("holistic:node:fast", "http://192.0.2.1", px=20_000)
        since = round(1000 * (time.time() + 60))
        await directory.set("holistic:label:stage", f"fast {digest_of(KEY, 'stage')} {since}", px=20_000)
        async with client.publish(camera(), name="stage", key=KEY) as publication:
            landmarks = publication.landmarks()
            began = time.monotonic()
            while time.monotonic() - began < 1.5:
                await anext(landmarks)
            assert (await directory.get("holistic:label:stage")).split()[0] != "fast"
        await directory.delete("holistic:node:fast")


async def test_of_many_requests_for_a_name_on_one_node_one_is_served(
    nodes: list[Server], http: aiohttp.ClientSession
) -> None:
    headers = {**SDP, "Authorization": f"Bearer {TOKEN}"}

    async def publish(offer: str, key: str) -> tuple[int, str]:
        async with http.post(f"{nodes[2].url}/whip/stage?key={key}", data=offer, headers=headers) as response:
            return response.status, response.headers.get("Location", "")

    async with Publisher(nodes[2].url, http) as peer:
        peer.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendonly")
        offer = await peer.offer()
        answers = await asyncio.gather(*(publish(offer, key) for key in (KEY, KEY, KEY[::-1], KEY[::-1])))
        assert sorted(status for status, _ in answers) == [201, 409, 409, 503]
        [location] = [location for _, location in answers if location]
        await asyncio.sleep(1.2)  # Two beats, which must not take the name away.
        async with http.get(f"{nodes[0].url}/api/sessions/stage", headers=headers, allow_redirects=False) as response:
            assert response.status == 307
        async with http.delete(location) as response:
            assert response.status == 200


async def test_the_name_of_a_node_that_has_died_is_free(nodes: list[Server], redis: RedisServer) -> None:
    async with redis.client() as directory, HolisticClient(nodes[2].url, token=TOKEN) as client:
        await directory.set("holistic:label:stage", f"dead {digest_of('of another', 'stage')} 1", px=20_000)
        async with client.publish(camera(), name="stage", key=KEY):
            pass


async def test_a_publisher_that_fails_to_take_over_loses_nothing(
    nodes: list[Server], http: aiohttp.ClientSession
) -> None:
    headers = {**SDP, "Authorization": f"Bearer {TOKEN}"}
    async with (
        HolisticClient(nodes[1].url, token=TOKEN) as client,
        Publisher(nodes[2].url, http) as peer,
        client.publish(camera(), name="stage", key=KEY) as former,
    ):
        peer.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendonly")
        unusable = (await peer.offer()).replace("VP8", "VP9").replace("H264", "H266")
        address = f"{nodes[2].url}/whip/stage?key={KEY}"
        async with http.post(address, data=unusable, headers=headers) as response:
            assert response.status == 422
        landmarks = former.landmarks()
        began = time.monotonic()
        while time.monotonic() - began < 1.5:
            await anext(landmarks)
        assert (await client.session("stage")).id == former.session


@pytest.mark.parametrize("same_key", [True, False])
async def test_of_a_name_that_two_nodes_have_after_an_outage_the_newer_session_stays_if_the_keys_are_the_same(
    nodes: list[Server], redis: RedisServer, http: aiohttp.ClientSession, same_key: bool
) -> None:
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(HolisticClient(node.url, token=TOKEN)) for node in nodes[1:]]
        async with redis.outage():
            async with asyncio.timeout(5):
                while "connected" in [(await readiness(node, http))[1] for node in nodes[1:]]:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            older = await stack.enter_async_context(one.publish(camera(), name="stage", key=KEY))
            key = KEY if same_key else KEY[::-1]
            newer = await stack.enter_async_context(two.publish(camera(), name="stage", key=key))
        async with asyncio.timeout(10):
            while {(await readiness(node, http))[1] for node in nodes[1:]} != {"connected"}:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            if same_key:
                with pytest.raises(ConnectionLostError) as lost:
                    await older.wait_ended()
                assert lost.value.reason == "taken_over"
        began = time.monotonic()
        while time.monotonic() - began < 1.5:
            for publication in (newer,) if same_key else (older, newer):
                await anext(publication.landmarks())


async def test_what_another_program_has_written_to_redis_does_no_harm(
    nodes: list[Server], redis: RedisServer, http: aiohttp.ClientSession
) -> None:
    async with redis.client() as directory:
        await directory.set("holistic:label:stage", b"\xff")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with http.get(f"{nodes[0].url}/api/sessions/stage", headers=headers) as response:
            assert response.status == 404
        await directory.delete("holistic:label:stage")
    async with asyncio.timeout(3):
        while await readiness(nodes[0], http) != (200, "connected"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_of_two_publishers_of_a_name_at_the_same_time_one_is_refused(
    nodes: list[Server], redis: RedisServer
) -> None:
    async def publish(node: Server) -> str:
        async with HolisticClient(node.url, token=TOKEN) as client:
            try:
                async with client.publish(camera(), name="stage") as publication:
                    await anext(publication.landmarks())
                    await asyncio.sleep(1)  # Keeps the name while the other one asks for it.
                    return "published"
            except RefusedError as error:
                return str(error.code)

    for _ in range(3):
        assert sorted(await asyncio.gather(publish(nodes[1]), publish(nodes[2]))) == ["name_taken", "published"]


async def test_who_waits_for_a_name_learns_of_it_on_another_node_within_a_second(
    nodes: list[Server], redis: RedisServer
) -> None:
    async with HolisticClient(nodes[0].url, token=TOKEN) as viewer, HolisticClient(nodes[2].url, token=TOKEN) as client:
        waiting = asyncio.create_task(viewer.session("stage", wait=20))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        async with client.publish(camera(), name="stage") as publication:
            found = await asyncio.wait_for(waiting, 1)
            assert found.id == publication.session


async def test_a_redirect_keeps_the_query_has_a_ticket_and_is_not_repeated(
    nodes: list[Server], http: aiohttp.ClientSession
) -> None:
    owner, other, _ = nodes
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with HolisticClient(owner.url, token=TOKEN) as client, client.publish(camera(), name="stage"):
        address = f"{other.url}/api/sessions/stage?wait=3&key=a"
        async with http.get(address, headers=headers, allow_redirects=False) as response:
            assert response.status == 307
            assert response.headers["Cache-Control"] == "no-store"
            location = URL(response.headers["Location"])
        assert str(location.origin()) == owner.url
        assert {name: location.query[name] for name in ("wait", "key", "redirected")} == {
            "wait": "3",
            "key": "a",
            "redirected": "true",
        }
        async with http.get(location) as response:
            assert response.status == 200
        # The ticket is for this session, and for watching it.
        ticket = {"ticket": location.query["ticket"]}
        async with http.post(URL(f"{owner.url}/whip").with_query(ticket), data="v=0") as response:
            assert response.status == 403
        async with http.get(URL(f"{other.url}/api/sessions/stage").with_query(redirected="true")) as response:
            assert response.status in (401, 404)
        async with http.get(f"{other.url}/api/sessions/stage", allow_redirects=False) as response:
            assert response.status == 401


async def test_a_node_without_places_for_others_redirects_and_is_listed_when_it_drains(
    nodes: list[Server], redis: RedisServer
) -> None:
    async with starting_node(redis, 4, HOLISTIC_DRAIN_SECONDS="20") as node:
        async with HolisticClient(node.url, token=TOKEN) as client, client.publish(camera()) as publication:
            assert node_of(publication) == node.url
            node.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(1):
                while (await redis.free_places())[node.url]:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            async with client.publish(camera()) as other:
                assert node_of(other) == nodes[2].url
        assert await node.process.wait() == 0
        assert node.url not in await redis.free_places()


async def test_a_publisher_whose_node_is_killed_is_on_another_one_within_3_s_and_its_viewers_follow(
    nodes: list[Server], redis: RedisServer
) -> None:
    async with AsyncExitStack() as stack:
        victim = await stack.enter_async_context(starting_node(redis, 4))
        # As a load balancer would after the node's end.
        client = await stack.enter_async_context(HolisticClient(nodes[1].url, token=TOKEN))
        first = await stack.enter_async_context(HolisticClient(victim.url, token=TOKEN))
        publication = await stack.enter_async_context(first.publish(camera(), name="stage", key=KEY))
        seen = await stack.enter_async_context(watched(client, "stage"))
        await victim.until(lambda: seen)
        killed = time.monotonic()
        victim.process.kill()
        with pytest.raises(ConnectionLostError):
            await publication.wait_ended()
        successor = await stack.enter_async_context(client.publish(camera(), name="stage", key=KEY))
        await anext(successor.landmarks())
        assert time.monotonic() - killed < 3
        await victim.until(lambda: seen[-1][1] == successor.session)
        assert seen[-1][0] - killed < 5
        # The node's entry has gone as well.
        async with asyncio.timeout(3):
            while victim.url in await redis.free_places():  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def readiness(node: Server, http: aiohttp.ClientSession) -> tuple[int, str]:
    async with http.get(f"{node.url}/readyz") as response:
        return response.status, (await response.json())["redis"]


async def test_without_redis_nodes_serve_on_their_own_and_with_it_again_they_find_each_other(
    nodes: list[Server], redis: RedisServer, http: aiohttp.ClientSession
) -> None:
    async with (
        HolisticClient(nodes[0].url, token=TOKEN) as client,
        HolisticClient(nodes[1].url, token=TOKEN) as other,
        client.publish(camera(), name="stage", key=KEY) as publication,
    ):
        assert await readiness(nodes[1], http) == (200, "connected")
        messages = publication.landmarks()
        async with redis.outage():
            await anext(messages)
            async with asyncio.timeout(5):
                while (await readiness(nodes[1], http)) != (200, "unreachable"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with http.get(f"{nodes[1].url}/metrics", headers=headers) as response:
                assert "holistic_redis_connected 0.0" in await response.text()
            async with other.publish(camera()) as second:
                assert node_of(second) == nodes[1].url
                await anext(second.landmarks())
                with pytest.raises(NotLiveError):
                    await other.session("stage")
                assert [session.id for session in await other.sessions()] == [second.session]
            await anext(messages)
        async with asyncio.timeout(10):
            while [session.id for session in await other.sessions()] != [publication.session]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert (await other.session("stage")).id == publication.session


async def test_a_redis_that_hangs_delays_a_request_by_half_a_second_at_most_and_only_the_first(
    nodes: list[Server], redis: RedisServer, http: aiohttp.ClientSession
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    redis.signal(signal.SIGSTOP)
    try:
        seconds = []
        for _ in range(5):
            began = time.monotonic()
            async with http.get(f"{nodes[1].url}/api/sessions/nobody", headers=headers) as response:
                assert response.status == 404
            seconds.append(time.monotonic() - began)
        assert seconds[0] < 0.8
        assert max(seconds[1:]) < 0.1
    finally:
        redis.signal(signal.SIGCONT)
    async with asyncio.timeout(5):
        while (await readiness(nodes[1], http)) != (200, "connected"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
