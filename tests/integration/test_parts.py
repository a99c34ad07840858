"""A server that tracks some parts only."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from holistic_rtc.client import HolisticClient
from holistic_rtc.client.follow import Follower
from holistic_rtc.errors import ControlError
from holistic_rtc.model.parts import Part
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, Publisher, publishing
from tests.kit.serving import Server, serving
from tests.kit.subscriber import subscribing

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRACKED = frozenset({Part.POSE, Part.LEFT_HAND})


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    async with serving("--parts", ",".join(TRACKED), "--max-sessions", "1") as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def publisher(server: Server) -> AsyncIterator[Publisher]:
    async with publishing(server.url, [PictureTrack(grace_hopper())]) as publisher:
        await publisher.until(lambda: publisher.landmarks and publisher.landmarks[-1].seen())
        yield publisher


async def test_a_peer_that_names_no_parts_gets_those_that_are_tracked(publisher: Publisher) -> None:
    assert publisher.received("configured")[0]["parts"] == sorted(TRACKED)
    assert publisher.landmarks[-1].seen().keys() == {Part.POSE}  # the portrait shows no hands


async def test_a_peer_is_told_which_of_the_parts_that_it_names_are_tracked(
    server: Server, publisher: Publisher
) -> None:
    async with subscribing(server.url, publisher.session) as subscriber:
        await subscriber.until(lambda: subscriber.received("configured"))
        subscriber.configure(parts=["face", "pose", "rig"])
        await subscriber.until(lambda: len(subscriber.received("configured")) == 2)
        assert subscriber.received("configured")[1]["parts"] == ["pose"]
        seen = len(subscriber.landmarks)
        await subscriber.until_landmarks(seen + 3)
        assert {part for message in subscriber.landmarks for part in message.seen()} == {Part.POSE}


async def test_a_client_that_gets_nothing_of_what_it_needs_says_so(server: Server, publisher: Publisher) -> None:
    async with HolisticClient(server.url) as client:
        follower = Follower(client, publisher.session, lambda text: None, parts=[Part.RIG])
        with pytest.raises(ControlError, match="doesn't track rig"):
            async with aclosing(follower.messages()) as messages, asyncio.timeout(30):
                await anext(messages)


async def snapshot(server: Server, query: str = "", accept: str = "application/json") -> tuple[int, bytes]:
    body = io.BytesIO()
    Image.fromarray(grace_hopper()).save(body, "PNG")
    async with aiohttp.ClientSession() as http:
        url = f"{server.url}/api/snapshot{query}"
        async with http.post(url, data=body.getvalue(), headers={"Accept": accept}) as response:
            return response.status, await response.read()


async def test_a_snapshot_has_the_parts_that_are_tracked_and_only_those_are_drawn(server: Server) -> None:
    for query in ("", "?parts=pose,face,rig"):
        status, body = await snapshot(server, query)
        assert status == 200
        assert json.loads(body).keys() & set(Part) == {"pose"}
    _, drawn = await snapshot(server, accept="image/png")
    difference = np.abs(np.asarray(Image.open(io.BytesIO(drawn))).astype(int) - grace_hopper()).max(axis=2)
    # The lines of the pose are thin; the mesh of a face would cover a tenth of the picture.
    assert 0.002 < (difference > 0).mean() < 0.05


async def test_a_snapshot_of_nothing_that_is_tracked_is_refused(server: Server) -> None:
    status, body = await snapshot(server, "?parts=face,rig")
    assert status == 400
    assert json.loads(body)["detail"] == "this server tracks none of these parts, only left_hand, pose"
