"""Subscribers of a session, over the wire: real peers, the real server and model."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from aiortc import RTCConfiguration, RTCPeerConnection

from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, Publisher, publishing
from tests.kit.serving import Server
from tests.kit.subscriber import subscribing

PROJECT = Path(__file__).parents[2]

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lasting(server: Server) -> AsyncIterator[Publisher]:
    """One session for all tests that leave it as they found it. Its peer wants no video itself."""
    async with publishing(server.url, [PictureTrack(grace_hopper(), fps=15)], direction="sendonly") as publisher:
        yield publisher


@pytest_asyncio.fixture(loop_scope="session")
async def publisher(lasting: Publisher) -> Publisher:
    """It, when its tracks are listed, and the subscribers of other tests are not any more."""
    await until_listed(lasting, lambda session: session["tracks"] and not session["subscribers"])
    return lasting


async def listed(publisher: Publisher) -> dict[str, Any]:
    """What the server tells of its session."""
    async with publisher.http.get(f"{publisher.url}/api/sessions") as response:
        assert response.status == 200
        sessions: list[dict[str, Any]] = (await response.json())["sessions"]
    [session] = [session for session in sessions if session["id"] == publisher.session]
    return session


async def until_listed(publisher: Publisher, condition: Callable[[dict[str, Any]], object]) -> None:
    async with asyncio.timeout(10):
        while not condition(await listed(publisher)):  # noqa: ASYNC110 - see Server.until()
            await asyncio.sleep(0.05)


async def test_a_subscriber_gets_the_annotated_video_and_the_landmarks(server: Server, publisher: Publisher) -> None:
    async with subscribing(server.url, publisher.session) as subscriber:
        await subscriber.until(lambda: len(subscriber.frames.get(0, [])) > 10 and len(subscriber.landmarks) > 10)
        await subscriber.until(lambda: subscriber.received("stats"))
    frame = subscriber.frames[0][-1].to_ndarray(format="rgb24").astype(int)
    difference = np.abs(frame - grace_hopper())
    assert difference[60:260, 240:400].mean() > 3 * max(difference[:60, :60].mean(), 1)
    assert subscriber.landmarks[-1].result.face_landmarks is not None
    stats = subscriber.received("stats")[0]
    assert stats["session"] == publisher.session
    assert (stats["tracks"][0]["width"], stats["tracks"][0]["height"]) == (640, 480)


async def test_each_subscriber_has_its_own_parts_and_encoding(server: Server, publisher: Publisher) -> None:
    async with (
        subscribing(server.url, publisher.session, videos=0) as first,
        subscribing(server.url, publisher.session, videos=0, protocol="holistic.v1.json") as second,
    ):
        await first.until(lambda: first.received("configured"))
        first.configure(parts=["pose"])
        await first.until(lambda: len(first.received("configured")) == 2)
        assert first.received("configured")[1] == {"type": "configured", "parts": ["pose"], "max_persons": 1}
        await first.until(lambda: first.landmarks and first.landmarks[-1].result.face_landmarks is None)
        await second.until(lambda: second.landmarks)
        seen = len(second.landmarks)
        await second.until(lambda: len(second.landmarks) > seen + 3)
        assert second.landmarks[-1].result.face_landmarks is not None
        seen = len(publisher.landmarks)
        await publisher.until(lambda: len(publisher.landmarks) > seen)
        assert publisher.landmarks[-1].result.face_landmarks is not None


async def test_a_subscriber_configures_nothing_that_is_the_publishers(server: Server, publisher: Publisher) -> None:
    async with subscribing(server.url, publisher.session, videos=0) as subscriber:
        await subscriber.until(lambda: subscriber.received("configured"))
        fields = ["draw", "max_fps", "smoothing", "dance"]
        for field in fields:
            subscriber.configure(**{field: True, "parts": []})
        await subscriber.until(lambda: len(subscriber.received("error")) == len(fields))
        for field, error in zip(fields, subscriber.received("error"), strict=True):
            assert error["code"] == "bad_value"
            assert field in error["message"]
        assert len(subscriber.received("configured")) == 1


async def test_the_second_video_is_that_of_the_second_track_and_a_third_is_refused(server: Server) -> None:
    tracks = [PictureTrack(grace_hopper()), PictureTrack(grace_hopper(320, 240))]
    async with (
        publishing(server.url, tracks, direction="sendonly") as publisher,
        subscribing(server.url, publisher.session, videos=3, protocol=None) as subscriber,
    ):
        widths = [640, 320]
        await subscriber.until(lambda: [frames[-1].width for frames in subscriber.frames.values() if frames] == widths)
        directions = [transceiver.currentDirection for transceiver in subscriber.pc.getTransceivers()]
        assert directions == ["recvonly", "recvonly", "inactive"]


async def test_subscribers_are_told_of_the_end_of_their_session_and_closed(server: Server) -> None:
    async with (
        publishing(server.url, [PictureTrack(grace_hopper())], direction="sendonly") as publisher,
        subscribing(server.url, publisher.session) as subscriber,
    ):
        await subscriber.until(lambda: subscriber.landmarks)
        ended = publisher.session
        assert await publisher.delete() == 200
        publisher.location = ""
        await subscriber.until(lambda: subscriber.received("end") and subscriber.control_channel.readyState == "closed")
        assert subscriber.received("end")[0]["reason"] == "session_ended"
        async with publisher.http.get(f"{server.url}/api/sessions") as response:
            assert ended not in [session["id"] for session in (await response.json())["sessions"]]


async def test_sessions_are_listed_with_their_subscribers(server: Server, publisher: Publisher) -> None:
    async with subscribing(server.url, publisher.session, videos=0) as subscriber:
        session = await listed(publisher)
        assert session["subscribers"] == 1
        assert [(track["track"], track["width"]) for track in session["tracks"]] == [(0, 640)]
        # A peer without a channel that is open could not be told.
        await subscriber.until(lambda: subscriber.received("configured"))
        assert await subscriber.delete() == 200
        await subscriber.until(lambda: subscriber.received("end"))
        assert subscriber.received("end")[0]["reason"] == "deleted"
        assert await subscriber.delete() == 404
        assert (await listed(publisher))["subscribers"] == 0


async def test_a_subscriber_that_goes_without_a_word_is_forgotten(server: Server, publisher: Publisher) -> None:
    async with subscribing(server.url, publisher.session, videos=0) as subscriber:
        await subscriber.until(lambda: subscriber.landmarks)
    # Closed, but never deleted.
    await until_listed(publisher, lambda session: not session["subscribers"])


async def test_nobody_but_its_publisher_ends_a_session(
    server: Server, http: aiohttp.ClientSession, publisher: Publisher
) -> None:
    for path in (f"/whip/{publisher.session}/guess", f"/whep/{publisher.session}/guess", "/whip/guess/guess"):
        async with http.delete(f"{server.url}{path}") as response:
            assert response.status == 404
    assert await listed(publisher)


async def test_offers_that_can_not_be_served_are_refused(
    server: Server, http: aiohttp.ClientSession, publisher: Publisher
) -> None:
    async with http.post(f"{server.url}/whep/nobody", data="v=0", headers=SDP) as response:
        assert response.status == 404
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("video", direction="sendonly")
    await pc.setLocalDescription(await pc.createOffer())
    for body, status in ((pc.localDescription.sdp, 422), ("hello", 400), ("", 400), ("v" * 70_000, 413)):
        async with http.post(f"{server.url}/whep/{publisher.session}", data=body, headers=SDP) as response:
            assert response.status == status, body[:20]
            assert response.content_type == "application/problem+json"
    await pc.close()


async def test_no_offer_of_a_subscriber_ends_the_session(server: Server, publisher: Publisher) -> None:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("video", direction="recvonly")
    pc.createDataChannel("control")
    await pc.setLocalDescription(await pc.createOffer())
    lines = pc.localDescription.sdp.splitlines()
    await pc.close()
    random = np.random.default_rng(0)
    for _ in range(40):
        changed = list(lines)
        for position in random.integers(0, len(lines), 3):
            other = lines[random.integers(0, len(lines))]
            changed[position] = random.choice(["", lines[position][: random.integers(0, 40)], other])
        offer = "\r\n".join(changed) + "\r\n"
        url = f"{server.url}/whep/{publisher.session}"
        async with publisher.http.post(url, data=offer, headers=SDP) as response:
            assert response.status in (201, 400, 422, 503), offer
            location = response.headers.get("Location")
        if location:
            async with publisher.http.delete(f"{server.url}{location}") as response:
                assert response.status in (200, 404)
    seen = len(publisher.landmarks)
    await publisher.until(lambda: len(publisher.landmarks) > seen + 5)


async def test_sixteen_subscribers_are_served_and_one_too_many_is_told(server: Server, publisher: Publisher) -> None:
    async with AsyncExitStack() as stack:
        every = [
            await stack.enter_async_context(subscribing(server.url, publisher.session, videos=int(number < 2)))
            for number in range(16)
        ]
        for subscriber in every:
            await subscriber.until_landmarks(11)
        for subscriber in every[:2]:
            await subscriber.until_frames(6)
        offer = every[0].pc.localDescription.sdp
        async with every[0].http.post(f"{server.url}/whep/{publisher.session}", data=offer, headers=SDP) as response:
            assert response.status == 503
            assert "16" in (await response.json())["detail"]
            assert response.headers["Retry-After"]


async def test_a_stopped_subscriber_loses_messages_and_slows_nobody(server: Server, publisher: Publisher) -> None:
    """The one that is stopped doesn't even acknowledge what it gets."""
    async with subscribing(server.url, publisher.session, videos=0) as well:
        code = (
            f"import asyncio, sys; sys.path.insert(0, {str(PROJECT)!r})\n"
            "from tests.kit.subscriber import subscribing\n"
            "async def main():\n"
            "    async with subscribing(*sys.argv[1:]) as subscriber:\n"
            "        await subscriber.until(lambda: len(subscriber.landmarks) > 5)\n"
            "        print('running', flush=True)\n"
            "        await asyncio.sleep(60)\n"
            "asyncio.run(main())\n"
        )
        stopped = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code, server.url, publisher.session), stdout=asyncio.subprocess.PIPE
        )
        assert stopped.stdout is not None
        assert (await stopped.stdout.readline()).strip() == b"running"
        os.kill(stopped.pid, signal.SIGSTOP)
        try:
            await well.until(lambda: well.landmarks)
            before = well.landmarks[-1].seq
            await well.until(lambda: well.landmarks[-1].seq > before + 20)
            received = [message.seq for message in well.landmarks if message.seq > before]
            assert len(received) >= 0.8 * (max(received) - before)
        finally:
            stopped.kill()
            await stopped.wait()


async def test_with_a_token_only_those_who_know_it_publish_watch_and_list(
    guarded_server: Server, http: aiohttp.ClientSession
) -> None:
    for method, path in (
        ("POST", "/whip"),
        ("POST", "/whep/x"),
        ("GET", "/api/sessions"),
        ("GET", "/api/ice-servers"),
    ):
        for authorization in (None, "Basic b3Blbg==", "Bearer wrong", "Bearer ", "Bearer öpen"):
            headers = {**SDP, **({"Authorization": authorization} if authorization else {})}
            async with http.request(method, f"{guarded_server.url}{path}", data="v=0", headers=headers) as response:
                assert response.status == 401
                assert response.headers["WWW-Authenticate"] == "Bearer"
                assert response.content_type == "application/problem+json"
    headers = {"Authorization": "Bearer open sesame"}
    async with http.get(f"{guarded_server.url}/api/sessions", headers=headers) as response:
        assert await response.json() == {"sessions": []}
    async with http.post(f"{guarded_server.url}/whip", data="v=0", headers={**SDP, **headers}) as response:
        assert response.status == 400
