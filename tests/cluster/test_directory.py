"""The directory itself: many nodes without servers, on a real Redis."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from holistic_rtc.sessions.directory import LIST_MS, LISTED_SESSIONS, NODE_MS, Beat, Directory, Holder, digest_of
from holistic_rtc.sessions.session import SessionDescription
from tests.kit.redis import RedisServer, redis_server

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.alone]

MakeDirectory = Callable[[str], Directory]


@pytest_asyncio.fixture(loop_scope="session")
async def empty_redis(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with redis_server(tmp_path) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def directory_of(empty_redis: RedisServer) -> AsyncIterator[MakeDirectory]:
    async with AsyncExitStack() as stack:

        def make(node: str) -> Directory:
            directory = Directory(empty_redis.url, node)
            stack.push_async_callback(directory.close)
            return directory

        yield make


def described(number: int) -> SessionDescription:
    return SessionDescription(f"{number:022}", None, True, f"2026-01-01T00:00:00.{number:06}+00:00", 0, [])


def beat_of(node: str, free: float = 1.5, sessions: int = 0) -> Beat:
    return Beat(f"http://{node}", free, [described(number) for number in range(sessions)])


async def test_the_emptiest_node_is_found_and_a_crowd_is_spread(directory_of: MakeDirectory) -> None:
    for node, free in (("a", 4.2), ("b", 3.9), ("c", 3.1), ("full", 0.0)):
        await directory_of(node).beat(beat_of(node, free), [])
    asking = directory_of("full")
    found = [await asking.reserve(1) for _ in range(12)]
    assert found[:4] == ["http://a", "http://b", "http://a", "http://c"]
    assert sorted(url or "" for url in found) == sorted(
        ["http://a"] * 4 + ["http://b"] * 3 + ["http://c"] * 3 + [""] * 2
    )
    await directory_of("a").beat(beat_of("a", 4.2), [])
    assert await asking.reserve(5) is None
    assert await asking.reserve(4) == "http://a"
    # Of its own free places, a node doesn't need to be told.
    await asking.beat(beat_of("full", 9.0), [])
    assert await asking.reserve(8) is None


async def test_nodes_that_have_ended_are_passed_over_and_removed(
    directory_of: MakeDirectory, empty_redis: RedisServer
) -> None:
    for number in range(30):
        await directory_of(f"dead{number}").beat(beat_of("dead", 9.9), ["label"])
    async with empty_redis.client() as client:
        for number in range(30):
            await client.delete(f"holistic:node:dead{number}")
        alive, asking = directory_of("alive"), directory_of("asking")
        await alive.beat(beat_of("alive"), [])
        await asking.beat(beat_of("asking", 0.0), [])
        assert await asking.reserve(1) == "http://alive"
        # Each beat looks at one, so that the set doesn't grow where nobody asks.
        for number in range(5):
            await client.zadd("holistic:nodes", {f"gone{number}": 0})
        async with asyncio.timeout(10):
            while await client.zcard("holistic:nodes") != 2:
                await alive.beat(beat_of("alive"), [])


async def test_an_entry_ends_with_its_node(directory_of: MakeDirectory) -> None:
    node, other = directory_of("node"), directory_of("other")
    await node.beat(beat_of("node", sessions=1), [])
    assert await node.take("stage", Holder("node", "", 1)) is None
    assert await other.find("stage") == "http://node"
    assert await other.find_live(["stage", "nobody"]) == ["stage"]
    assert await node.find("stage") is None
    began = time.monotonic()
    while await other.find("stage"):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    assert NODE_MS / 1000 - 0.2 < time.monotonic() - began < 3
    assert await other.find_live(["stage"]) == []
    while await other.list_sessions():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    assert time.monotonic() - began < LIST_MS / 1000 + 0.2


async def test_a_label_has_one_holder_until_it_is_replaced_or_released(directory_of: MakeDirectory) -> None:
    first, second = directory_of("first"), directory_of("second")
    holder, rival = Holder("first", digest_of("key", "stage"), 1), Holder("second", digest_of("other", "stage"), 2)
    ours, theirs = await asyncio.gather(first.take("stage", holder), second.take("stage", rival))
    assert (ours, theirs) in ((None, holder), (rival, None))
    winner, loser = (holder, rival) if ours is None else (rival, holder)
    assert await second.take("stage", loser, replacing=Holder("third", "", 3)) == winner
    await second.release("stage", loser)
    assert await second.take("stage", loser) == winner
    assert await second.take("stage", loser, replacing=winner) is None
    await first.release("stage", loser)
    assert await first.take("stage", winner) is None


async def test_a_list_is_bounded_and_skips_what_cannot_be_read(
    directory_of: MakeDirectory, empty_redis: RedisServer
) -> None:
    for number in range(150):
        await directory_of(f"n{number}").beat(beat_of(f"n{number}", sessions=10), [])
    async with empty_redis.client() as client:
        await client.set("holistic:sessions:n0", "[{}]")
        await client.set("holistic:sessions:n1", "\x00")
        await client.set("holistic:label:stage", "what a newer version may write")
    assert len(await directory_of("asking").list_sessions()) == LISTED_SESSIONS
    assert await directory_of("asking").find("stage") is None
