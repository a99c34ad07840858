"""Processes that die, hang, or are told to end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import psutil
import pytest
import pytest_asyncio

from holistic_rtc.client import HolisticClient
from holistic_rtc.errors import ConnectionLostError
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Pictures, PictureTrack, Publisher, publishing
from tests.kit.serving import Server, serving
from tests.kit.streams import first, rest

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    """One of its own, since its processes are killed."""
    async with serving("--max-sessions", "2") as server:
        yield server


def publish(server: Server) -> AbstractAsyncContextManager[Publisher]:
    return publishing(server.url, [PictureTrack(grace_hopper(320, 240), fps=15)], direction="sendonly")


def process_of(server: Server, publisher: Publisher) -> psutil.Process:
    """The session process behind a publisher: the one with the port that the answer names."""
    candidates = [line for line in publisher.answer.splitlines() if line.startswith("a=candidate:")]
    ports = {int(line.split()[5]) for line in candidates}
    for worker in server.busy_workers():
        # One of a session that has ended may end in this moment.
        with contextlib.suppress(psutil.Error):
            if ports & {connection.laddr.port for connection in worker.net_connections("udp")}:
                return worker
    raise AssertionError("no process has the session's port")


async def test_a_killed_session_ends_alone_and_its_place_is_free_at_once(server: Server) -> None:
    async with publish(server) as one, publish(server) as other:
        await one.until(lambda: one.landmarks)
        await other.until(lambda: other.landmarks)
        process_of(server, one).kill()
        await server.until_sessions(1, timeout=5)
        assert await one.delete() == 404
        count = len(other.landmarks)
        await other.until(lambda: len(other.landmarks) > count + 20)
        async with publish(server) as new:
            await new.until(lambda: new.landmarks)


async def test_a_session_process_that_hangs_is_killed_and_a_killed_spare_is_replaced_meanwhile(server: Server) -> None:
    async with publish(server) as publisher:
        await publisher.until(lambda: publisher.landmarks)
        process = process_of(server, publisher)
        await server.until_ready()
        await server.until(lambda: len(server.workers()) == 2)
        process.suspend()
        [spare] = [worker for worker in server.workers() if worker != process]
        spare.kill()
        # Only when there is another one has the server noticed.
        await server.until(lambda: set(server.workers()) - {process, spare})
        async with publish(server) as other:
            await other.until(lambda: other.landmarks)
        # It waits 8 seconds for a sign of life.
        await server.until_sessions(0, timeout=12)
        assert not process.is_running()
        assert await publisher.delete() == 404


async def test_a_session_process_that_stood_still_does_not_take_its_peer_for_gone(server: Server) -> None:
    async with publish(server) as publisher:
        await publisher.until(lambda: publisher.landmarks)
        process = process_of(server, publisher)
        process.suspend()
        # Longer than it waits for its peer, and shorter than the server waits for it.
        await asyncio.sleep(4)
        process.resume()
        count = len(publisher.landmarks)
        await publisher.until(lambda: len(publisher.landmarks) > count + 30 or publisher.received("end"))
        assert publisher.received("end") == []


async def test_the_server_ends_within_5_s_tells_its_peers_and_leaves_no_process(server: Server) -> None:
    """The last one here, as its server is gone."""
    async with (
        publish(server) as publisher,
        HolisticClient(server.url) as client,
        client.publish(Pictures(grace_hopper(320, 240), fps=15)) as published,
    ):
        landmarks = published.landmarks()
        await first(landmarks)
        await publisher.until(lambda: publisher.landmarks)
        workers = [*server.workers(), *server.snapshot_workers()]
        async with asyncio.timeout(5):
            assert await server.stop() == 0
        assert [worker for worker in workers if worker.is_running()] == []
        await publisher.until(lambda: publisher.received("end"))
        assert publisher.received("end")[0]["reason"] == "server_shutdown"
        with pytest.raises(ConnectionLostError) as raised:
            await rest(landmarks)
        assert raised.value.reason == "server_shutdown"
        # The server that could be told of the end is gone.
        publisher.location = ""
