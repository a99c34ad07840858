"""Sessions with a name that their publisher chose."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from holistic_rtc.client import Follower, HolisticClient
from holistic_rtc.errors import ConnectionLostError, NotLiveError, RefusedError, ServerFullError
from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Pictures, PictureTrack, Publisher, publishing
from tests.kit.serving import Server, serving
from tests.kit.subscriber import subscribing

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "2Jw0cV3mBqkO8h4xT1rZ"


def camera() -> list[PictureTrack]:
    return [PictureTrack(grace_hopper(), fps=15)]


async def sessions(server: Server, http: aiohttp.ClientSession) -> list[dict[str, Any]]:
    async with http.get(f"{server.url}/api/sessions") as response:
        return list((await response.json())["sessions"])


@pytest.mark.parametrize("path", ["/whip/stage_1", "/whip/stage_1/", "/whip?name=stage_1", "/whip/?name=stage_1"])
async def test_a_publisher_chooses_a_name_under_which_its_session_is_listed_and_watched(
    server: Server, http: aiohttp.ClientSession, path: str
) -> None:
    async with publishing(server.url, camera(), path=path) as publisher:
        [listed] = [session for session in await sessions(server, http) if session["id"] == publisher.session]
        assert listed["name"] == "stage_1"
        watch = f"stage_1/?key={publisher.viewing_key}"
        async with subscribing(server.url, watch, videos=0) as subscriber:
            await subscriber.until_landmarks(2)
            assert subscriber.session == publisher.session
    await server.until_sessions(0)


@pytest.mark.parametrize(
    "path",
    [
        "/whip/a.b",
        "/whip/abcdefghijklmnopqrstuv",
        "/whip/a?name=b",
        "/whip/a?key=short",
        f"/whip?key={KEY}",
        f"/whip/{'x' * 65}",
    ],
)
async def test_what_can_not_be_a_name_or_a_key_is_400(server: Server, http: aiohttp.ClientSession, path: str) -> None:
    async with http.post(f"{server.url}{path}", data="v=0", headers=SDP) as response:
        assert (response.status, (await response.json())["code"]) == (400, "bad_request")


async def test_a_second_publisher_is_refused_unless_it_has_the_key_of_the_first(
    server: Server, http: aiohttp.ClientSession
) -> None:
    path = f"/whip/stage?key={KEY}"
    async with publishing(server.url, camera(), path=path) as first, Publisher(server.url, http) as second:
        watch = f"stage?key={first.viewing_key}"
        async with subscribing(server.url, watch, videos=0) as subscriber:
            await subscriber.until_landmarks(1)
            second.pc.addTransceiver(camera()[0], direction="sendonly")
            offer = await second.offer()
            for other in ("/whip/stage", f"/whip/stage?key={KEY[::-1]}"):
                async with http.post(f"{server.url}{other}", data=offer, headers=SDP) as response:
                    assert (response.status, (await response.json())["code"]) == (409, "name_taken")
            await subscriber.until_landmarks(len(subscriber.landmarks) + 1)
            await second.connect(path)
            assert second.location.endswith(f"/{KEY}")
            assert second.viewing_key == first.viewing_key
            assert await first.until_ended() == "taken_over"
            assert await subscriber.until_ended() == "session_ended"
        first.location = ""
        async with subscribing(server.url, watch, videos=0) as subscriber:
            await subscriber.until_landmarks(1)
            assert subscriber.session == second.session


async def test_a_publisher_keeps_its_name_until_the_next_with_its_key_has_an_answer(
    guarded_server: Server, http: aiohttp.ClientSession
) -> None:
    source = Pictures(grace_hopper(), fps=15)
    headers = {**SDP, "Authorization": "Bearer open sesame"}
    address = f"{guarded_server.url}/whip/duo?key={KEY}"

    async def publish(offer: str) -> tuple[int, str]:
        async with http.post(address, data=offer, headers=headers) as response:
            return response.status, "" if response.ok else (await response.json())["code"]

    async with HolisticClient(guarded_server.url, token="open sesame") as client:
        async with Publisher(guarded_server.url, http) as peer, client.publish(source, name="duo", key=KEY) as first:
            peer.pc.addTransceiver(camera()[0], direction="sendonly")
            offer = await peer.offer()
            undecodable = offer.replace("VP8", "VP9").replace("H264", "H266")
            assert await publish(undecodable) == (422, "unusable_offer")
            await anext(first.landmarks())
            answers = await asyncio.gather(*(publish(offer) for _ in range(4)))
            assert sorted(set(answers)) == [(201, ""), (503, "not_ready")]
            with pytest.raises(ConnectionLostError) as lost:
                await first.wait_ended()
            assert lost.value.reason == "taken_over"
            [listed] = await client.sessions()
            assert (listed.name, listed.id != first.session) == ("duo", True)
        async with client.publish(source, name="duo", key=KEY):
            pass


async def test_all_publishers_of_a_full_server_may_take_over_at_the_same_time(http: aiohttp.ClientSession) -> None:
    names = [f"camera-{number}" for number in range(3)]
    async with serving("--max-sessions", "3") as server, AsyncExitStack() as stack:

        async def publish(name: str) -> Publisher:
            return await stack.enter_async_context(
                publishing(server.url, camera(), path=f"/whip/{name}?key={KEY}{name}")
            )

        former = [await publish(name) for name in names]
        await asyncio.gather(*map(publish, names))
        assert [await publisher.until_ended() for publisher in former] == 3 * ["taken_over"]
        assert sorted(session["name"] for session in await sessions(server, http)) == names
        for publisher in former:
            publisher.location = ""


async def test_a_name_that_is_not_live_is_404_and_says_when_to_come_back(
    server: Server, http: aiohttp.ClientSession
) -> None:
    for path, code, retry_after in (("nobody", "not_live", "1"), ("abcdefghijklmnopqrstuv", "unknown_session", None)):
        for method, address in (("POST", "whep"), ("GET", "api/sessions")):
            async with http.request(method, f"{server.url}/{address}/{path}", data="v=0", headers=SDP) as response:
                assert (response.status, (await response.json())["code"]) == (404, code)
                assert response.headers.get("Retry-After") == retry_after


async def test_who_waits_for_a_name_is_told_within_a_second_of_its_publisher(
    server: Server, http: aiohttp.ClientSession
) -> None:
    await server.until_ready()

    async def wait() -> tuple[str, float]:
        async with http.get(f"{server.url}/api/sessions/later?wait=30") as response:
            assert response.status == 200, await response.text()
            return (await response.json())["id"], time.monotonic()

    waiting = [asyncio.create_task(wait()) for _ in range(3)]
    async with publishing(server.url, camera(), path="/whip/later") as publisher:
        answered = time.monotonic()
        for session, told in await asyncio.gather(*waiting):
            assert session == publisher.session
            assert told - answered < 1


async def test_waiting_has_a_limit(server: Server, http: aiohttp.ClientSession) -> None:
    for wait in ("31", "-1", "1.5", "soon"):
        async with http.get(f"{server.url}/api/sessions/later?wait={wait}") as response:
            assert (response.status, (await response.json())["code"]) == (400, "bad_request")


async def test_the_python_client_publishes_under_a_name_and_takes_over_its_own_only(server: Server) -> None:
    source = Pictures(grace_hopper(), fps=15)
    async with HolisticClient(server.url) as client, HolisticClient(server.url) as stranger:
        with pytest.raises(NotLiveError):
            await client.session("dancer")
        async with client.publish(source, name="dancer") as first:
            assert (await client.session("dancer")).id == first.session
            with pytest.raises(RefusedError, match="somebody else is publishing as dancer"):
                async with stranger.publish(source, name="dancer"):
                    pass
            async with client.publish(source, name="dancer") as second:
                assert second.session != first.session
                assert second.viewing_key == first.viewing_key
                assert [session.name for session in await client.sessions()] == ["dancer"]


async def test_a_publisher_takes_over_its_own_name_though_the_server_is_full(guarded_server: Server) -> None:
    source = Pictures(grace_hopper(), fps=15)
    async with (
        HolisticClient(guarded_server.url, token="open sesame") as client,
        client.publish(source, name="solo") as first,
    ):
        with pytest.raises(ServerFullError):
            async with client.publish(source, name="another"):
                pass
        async with client.publish(source, name="solo") as second:
            with pytest.raises(ConnectionLostError) as lost:
                await first.wait_ended()
            assert (lost.value.reason, lost.value.retryable) == ("taken_over", False)
            await anext(second.landmarks())


class Followed:
    """What a :class:`Follower` has got."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        self.timestamps: list[int] = []
        self.newest_at = 0.0

    async def run(self) -> None:
        async for message in self.follower.messages():
            self.timestamps.append(message.timestamp_ms)
            self.newest_at = time.monotonic()


async def delay(server: Server, followed: Followed, path: str) -> float:
    """Publish, and return how many seconds after the publisher the follower gets its first landmarks."""
    async with publishing(server.url, camera(), direction="sendonly", path=path) as publisher:
        await publisher.until_landmarks(1)
        began = time.monotonic()
        await server.until(lambda: followed.newest_at and followed.follower.running == publisher.session)
        return max(0.0, time.monotonic() - began)


async def test_a_name_is_followed_from_the_first_publisher_on_and_through_a_restart_of_the_server() -> None:
    said: list[str] = []
    async with serving("--max-sessions", "2") as server, HolisticClient(server.url) as client:
        followed = Followed(Follower(client, "studio", said.append))
        following = asyncio.create_task(followed.run())
        await server.until(lambda: said == ["nobody is publishing as studio at the moment; waiting"])
        assert await delay(server, followed, "/whip/studio") < 1
        assert await delay(server, followed, "/whip/studio") < 1
        await server.stop()
        async with serving("--port", server.url.rpartition(":")[2]) as restarted:
            assert await delay(restarted, followed, "/whip/studio") < 1
        following.cancel()
    assert followed.timestamps == sorted(followed.timestamps)
