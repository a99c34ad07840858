"""Nodes behind a real HAProxy, with the configuration of deploy/."""

import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from holistic_rtc.client import HolisticClient, Republisher
from tests.kit.haproxy import balancing
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Pictures
from tests.kit.redis import RedisServer
from tests.kit.serving import Server
from tests.kit.streams import first, watched

from .conftest import TOKEN, starting_node

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.alone]


def camera() -> Pictures:
    return Pictures(grace_hopper(), fps=5)


async def test_publishers_fill_all_nodes_behind_one_address(nodes: list[Server], tmp_path: Path) -> None:
    async with (
        balancing(tmp_path, [node.url for node in nodes]) as url,
        HolisticClient(url, token=TOKEN) as client,
        AsyncExitStack() as stack,
    ):
        published = [await stack.enter_async_context(client.publish(camera())) for _ in range(6)]
        assert [await node.sessions() for node in nodes] == [1, 2, 3]
        assert {session.id for session in await client.sessions()} == {one.session for one in published}
        for one in published:
            async with client.subscribe(one.session) as subscription:
                await anext(subscription.landmarks())


async def test_when_a_node_is_killed_its_publisher_is_back_within_3_s_viewers_follow_and_no_request_fails(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(starting_node(redis, 2)) for _ in range(2)]
        url = await stack.enter_async_context(balancing(tmp_path, [node.url for node in nodes]))
        client = await stack.enter_async_context(HolisticClient(url, token=TOKEN))
        publisher = await stack.enter_async_context(Republisher(client, camera(), name="stage"))
        seen = await stack.enter_async_context(watched(client, "stage"))
        [victim] = [node for node in nodes if await node.sessions()]
        await victim.until(lambda: seen)
        former, landmarks = publisher.publication, publisher.landmarks()
        killed = time.monotonic()
        victim.process.kill()
        await first(landmarks, lambda _: publisher.publication is not former)
        assert time.monotonic() - killed < 3
        session = publisher.publication.session
        await victim.until(lambda: seen[-1][1] == session)
        assert seen[-1][0] - killed < 5
        for _ in range(30):
            assert (await client.session("stage")).id == session
