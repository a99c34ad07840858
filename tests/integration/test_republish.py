"""A publisher that comes back by itself, with the real server and model."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from av import VideoFrame

from holistic_rtc.client import Follower, HolisticClient, Part, Republisher
from holistic_rtc.errors import ConnectionLostError, ControlError, MediaError, ServerUnreachableError
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Picture, Pictures
from tests.kit.serving import Server
from tests.kit.streams import first, rest

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "2Jw0cV3mBqkO8h4xT1rZ"


class Camera(Pictures):
    """Counts how often it is opened, and can be switched off."""

    def __init__(self) -> None:
        super().__init__(grace_hopper(), fps=10)
        self.opened = 0
        self.closed = 0
        self.off = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[VideoFrame]:
        self.opened += 1
        try:
            async for frame in super().__aiter__():
                if self.off.is_set():
                    return
                yield frame
        finally:
            self.closed += 1


async def test_a_publisher_whose_worker_is_killed_is_back_with_all_that_it_had_and_its_viewers_follow(
    server: Server, client: HolisticClient
) -> None:
    camera = Camera()
    async with Republisher(client, camera, name="studio", parts=["pose", "face"], max_fps=8) as publisher:
        former = publisher.publication
        viewer = Follower(client, "studio", key=former.viewing_key)
        seen: list[int] = []

        async def watch() -> None:
            async for message in viewer.messages():
                seen.append(message.timestamp_ms)

        watching = asyncio.create_task(watch())
        landmarks = publisher.landmarks(buffer=1000)
        await publisher.configure(parts=["pose"], draw=False)
        with pytest.raises(ControlError, match="tail"):
            await publisher.configure(parts=["tail"])
        before = await first(landmarks)
        await server.until(lambda: seen)

        (await server.busy_worker()).kill()
        killed = time.monotonic()
        with pytest.raises(ConnectionLostError):
            await former.wait_ended()
        # While there is no connection, too.
        await publisher.configure(smoothing=False)
        times = [before.timestamp_ms]
        async with asyncio.timeout(30):
            async for message in landmarks:
                times.append(message.timestamp_ms)
                if publisher.publication is not former and publisher.publication.stats and message.seq > 5:
                    break
        now = publisher.publication
        assert now.session != former.session
        assert now.viewing_key == former.viewing_key
        assert (await client.session("studio", key=now.viewing_key)).id == now.session
        assert now.configuration == {
            "parts": [Part.POSE],
            "max_persons": 1,
            "draw": False,
            "smoothing": False,
            "max_fps": 8,
        }
        assert message.seen().keys() == {Part.POSE}
        assert times == sorted(times)
        # The gap counts.
        assert times[-1] - times[0] > 900 * (time.monotonic() - killed) - 1000
        await server.until(lambda: viewer.running == now.session)
        watching.cancel()
        await asyncio.wait({watching})
        assert seen == sorted(seen)
        assert (camera.opened, camera.closed) == (1, 0)
    assert camera.closed == 1
    async with asyncio.timeout(10):
        await rest(landmarks)
    await server.until_sessions(0)


async def test_a_publisher_that_has_lost_its_place_waits_for_one(
    guarded_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "holistic_rtc.client.republish")
    async with (
        HolisticClient(guarded_server.url, token="open sesame") as client,
        Republisher(client, Camera()) as publisher,
    ):
        former, landmarks = publisher.publication, publisher.landmarks()
        await first(landmarks)
        (await guarded_server.busy_worker()).kill()
        await guarded_server.until_sessions(0)
        async with client.publish(Camera()) as guest:
            await guarded_server.until(lambda: "full" in caplog.text)
            await first(guest.landmarks())
        await first(landmarks, lambda _: publisher.publication is not former)


async def test_who_takes_over_the_name_ends_it_for_good(server: Server, client: HolisticClient) -> None:
    camera = Camera()
    async with Republisher(client, camera, name="studio", key=KEY) as publisher:
        landmarks = publisher.landmarks()
        async with client.publish(Pictures(grace_hopper(), fps=5), name="studio", key=KEY) as successor:
            with pytest.raises(ConnectionLostError) as lost:
                await rest(landmarks)
            assert lost.value.reason == "taken_over"
            for ended in (publisher.wait_ended(), rest(publisher.landmarks()), publisher.configure(draw=False)):
                with pytest.raises(ConnectionLostError):
                    await ended
            await first(successor.landmarks())
    assert camera.closed == 1


async def test_it_ends_with_its_sources_and_with_the_error_of_one(server: Server, client: HolisticClient) -> None:
    async def pictures(error: Exception | None) -> AsyncIterator[Picture]:
        for _ in range(10):
            await asyncio.sleep(1 / 10)
            yield grace_hopper(320, 240)
        if error:
            raise error

    async with Republisher(client, pictures(None)) as publisher:
        assert await rest(publisher.landmarks())
        await publisher.wait_ended()
    async with Republisher(client, Camera(), pictures(ZeroDivisionError("the camera is upside down"))) as publisher:
        with pytest.raises(ZeroDivisionError, match="upside down"):
            await rest(publisher.landmarks())
    await server.until_sessions(0)


async def test_a_source_that_ends_while_there_is_no_connection_is_not_published_again(
    server: Server, client: HolisticClient
) -> None:
    camera = Camera()
    async with Republisher(client, camera) as publisher:
        landmarks = publisher.landmarks()
        await first(landmarks)
        former = publisher.publication
        (await server.busy_worker()).kill()
        with pytest.raises(ConnectionLostError):
            await former.wait_ended()
        camera.off.set()
        await rest(landmarks)
        await publisher.wait_ended()
        assert publisher.publication is former


async def test_the_first_attempt_is_not_repeated_and_leaves_nothing_behind(
    server: Server, client: HolisticClient, tmp_path: Path
) -> None:
    before = asyncio.all_tasks()
    camera = Camera()
    async with HolisticClient("http://127.0.0.1:1") as nowhere:
        for publisher, kind in (
            (Republisher(nowhere, camera), ServerUnreachableError),
            (Republisher(client, camera, tmp_path / "absent.mp4"), MediaError),
            (Republisher(client, camera, parts=["tail"]), ControlError),
        ):
            with pytest.raises(kind):
                async with publisher:
                    pass
    assert not asyncio.all_tasks() - before
    await server.until_sessions(0)
