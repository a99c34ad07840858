"""The Python client, with the real server and model."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import pytest

from holistic_rtc.client import Camera, HolisticClient, Part, VideoFile
from holistic_rtc.errors import (
    ConnectionLostError,
    ControlError,
    MediaError,
    RefusedError,
    ServerFullError,
    ServerUnreachableError,
    SessionUnknownError,
    UnauthorizedError,
)
from holistic_rtc.model.result import FloatArray
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Picture, Pictures
from tests.kit.serving import Server
from tests.kit.streams import first, rest, take

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of a person, 15 frames of 320x240."""
    path = tmp_path_factory.mktemp("client") / "clip.mp4"
    picture = grace_hopper(320, 240)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=15)
        stream.width, stream.height = 320, 240
        for _ in range(15):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


async def test_arrays_are_published_and_landmarks_and_annotated_pictures_come_as_arrays_and_how_it_goes(
    client: HolisticClient,
) -> None:
    picture = grace_hopper()

    async def pictures() -> AsyncIterator[Picture]:
        while True:
            await asyncio.sleep(1 / 30)
            yield picture

    async with client.publish(pictures(), video=True) as published:
        message = await first(published.landmarks(), lambda message: message.result.face_transform is not None)
        assert (message.track, message.width, message.height) == (0, 640, 480)
        result = message.result
        arrays: tuple[tuple[FloatArray | None, tuple[int, ...]], ...] = (
            (result.pose_landmarks, (33, 3)),
            (result.pose_visibility, (33,)),
            (result.face_landmarks, (478, 3)),
            (result.face_blendshapes, (52,)),
            (result.face_transform, (4, 4)),
        )
        for array, shape in arrays:
            assert array is not None
            assert (array.shape, array.dtype) == (shape, np.dtype(np.float32))
        assert result.left_hand_landmarks is None
        annotated = (await take(published.video(), 20))[-1]
        assert annotated.shape == picture.shape
        difference = np.abs(annotated.astype(int) - picture)
        assert difference[60:260, 240:400].mean() > 3 * max(difference[:60, :60].mean(), 1)
        assert published.session in [session.id for session in await client.sessions()]
        # The first stats may be from before the first frame.
        await first(
            published.landmarks(),
            lambda _: published.round_trip_ms and published.stats and published.stats["tracks"][0]["tracked"],
        )
        assert published.stats is not None
        assert published.stats["session"] == published.session
        assert published.round_trip_ms is not None
        assert 0 < published.round_trip_ms < 1000
    assert published.session not in [session.id for session in await client.sessions()]


async def test_a_file_is_sent_at_its_own_speed_and_the_session_ends_with_it(client: HolisticClient, clip: Path) -> None:
    async with client.publish(clip, video=True) as published:
        started = time.monotonic()
        messages, pictures = await asyncio.gather(
            rest(published.landmarks(buffer=20)), rest(published.video(buffer=20))
        )
        # It lasts 14 intervals of 1/15 s, of which some are over when the connection is there.
        assert time.monotonic() - started > 0.5
    assert 0 < len(messages) <= 15
    assert messages[-1].timestamp_ms - messages[0].timestamp_ms < 1000
    assert all(picture.shape == (240, 320, 3) and picture.dtype == np.uint8 for picture in pictures)
    await published.wait_ended()


async def test_several_sources_are_tracks_of_one_session_and_a_file_may_begin_again_at_its_end(
    client: HolisticClient, clip: Path
) -> None:
    async with client.publish(Pictures(grace_hopper()), VideoFile(clip, loop=True), video=True) as published:
        landmarks = published.landmarks()
        assert (await first(landmarks, lambda message: message.track == 0)).width == 640
        looped = await first(landmarks, lambda message: message.track == 1 and message.timestamp_ms > 1500)
        assert looped.width == 320
        assert (await first(published.video(1))).shape == (240, 320, 3)
        with pytest.raises(ValueError, match="track 2"):
            published.video(2)


async def test_a_publisher_configures_parts_drawing_smoothing_and_rate_and_what_can_not_be_changes_nothing(
    client: HolisticClient,
) -> None:
    picture = grace_hopper()
    parts = ["blendshapes", "pose"]
    async with client.publish(Pictures(picture), video=True, parts=parts, draw=False, max_fps=5) as published:
        assert published.configuration == {
            "parts": parts,
            "max_persons": 1,
            "draw": False,
            "smoothing": True,
            "max_fps": 5,
        }
        # The rate is a mean over the second before.
        message = await first(
            published.landmarks(), lambda _: published.stats and 0 < published.stats["tracks"][0]["fps_out"] <= 6
        )
        assert message.seen().keys() == {Part.POSE, Part.BLENDSHAPES}
        plain = await first(published.video())
        assert np.abs(plain.astype(int) - picture).mean() < 6

        await published.configure(parts=["face"], draw=True, smoothing=False, max_fps=None)
        configured = {"parts": ["face"], "max_persons": 1, "draw": True, "smoothing": False, "max_fps": None}
        assert published.configuration == configured
        message = await first(published.landmarks(), lambda message: message.result.face_landmarks is not None)
        assert message.result.pose_landmarks is None

        with pytest.raises(ControlError, match="left_hand_world") as raised:
            await published.configure(parts=["tail"], draw=False)
        assert raised.value.code == "unknown_part"
        with pytest.raises(ControlError, match="1 to 60"):
            await published.configure(max_fps=1000)
        assert published.configuration == configured
        await first(published.landmarks())


async def test_a_session_that_is_configured_wrongly_from_the_start_does_not_stay(
    server: Server, client: HolisticClient
) -> None:
    await server.until_sessions(0)
    with pytest.raises(ControlError, match="tail"):
        async with client.publish(Pictures(None), parts=["tail"]):
            pass
    assert await server.sessions() == 0


async def test_subscribers_get_landmarks_and_pictures_or_one_of_both_until_they_leave_or_the_session_ends(
    client: HolisticClient,
) -> None:
    async with client.publish(Pictures(grace_hopper())) as published:
        async with client.subscribe(published.session, video=True, landmarks=False) as subscribed:
            landmarks = subscribed.landmarks()
            await take(subscribed.video(), 10)
            await subscribed.close()
            assert await rest(landmarks) == []

        async for message in client.landmarks(published.session, parts=["pose"]):
            assert message.result.face_landmarks is None
            assert await subscribers(client, published.session) == 1
            break
        # A loop that is left ends its subscription.
        async with asyncio.timeout(10):
            while await subscribers(client, published.session):  # noqa: ASYNC110 - see Server.until()
                await asyncio.sleep(0.02)

        async with client.subscribe(published.session, video=True, parts=["face"]) as subscribed:
            landmarks, pictures = subscribed.landmarks(), subscribed.video()
            assert subscribed.session == published.session
            message = await first(landmarks, lambda message: message.result.face_landmarks is not None)
            assert message.result.pose_landmarks is None
            assert (await first(pictures)).shape == (480, 640, 3)
            await published.close()
            await rest(landmarks, timeout=10)
            await rest(pictures, timeout=10)
            await subscribed.wait_ended()


async def subscribers(client: HolisticClient, id: str) -> int:
    """How many a session has."""
    [session] = [session for session in await client.sessions() if session.id == id]
    return session.subscribers


async def test_a_slow_consumer_goes_on_with_the_newest_message(client: HolisticClient) -> None:
    async with client.publish(Pictures(grace_hopper())) as published:
        slow, fast = published.landmarks(), published.landmarks(buffer=100)
        start, before = await first(slow), slow.dropped
        # Not each number comes, as a message may be lost on its way.
        came = [await first(fast, lambda message: message.seq > start.seq), *await take(fast, 9)]
        after, dropped = await first(slow), slow.dropped - before
        assert after.seq >= came[-1].seq
        while came[-1].seq < after.seq:
            came.append(await first(fast))
        assert dropped == len(came) - 1
        assert fast.dropped == 0


async def test_no_server_is_told_of() -> None:
    for url in ("http://127.0.0.1:1", "http://nowhere.invalid", "nowhere"):
        async with HolisticClient(url) as client:
            with pytest.raises(ServerUnreachableError, match=url) as raised:
                await client.sessions()
            assert raised.value.retryable


@pytest.mark.parametrize(("prefix", "words"), [("", "use one such as http://"), ("https://", "use http://")])
async def test_a_wrong_scheme_is_told_of(server: Server, prefix: str, words: str) -> None:
    async with HolisticClient(
        f"{prefix}{server.url.removeprefix('http://').replace('127.0.0.1', 'localhost')}"
    ) as client:
        with pytest.raises(ServerUnreachableError, match=words):
            await client.sessions()


async def test_a_session_that_is_not_there_is_told_of(client: HolisticClient) -> None:
    with pytest.raises(SessionUnknownError, match="no such session") as raised:
        await first(client.landmarks("nobody/../x"))
    assert raised.value.status == 404
    assert not raised.value.retryable


async def test_refusals_carry_the_servers_words(client: HolisticClient) -> None:
    with pytest.raises(RefusedError, match="video") as raised:
        async with client.publish():
            pass
    assert raised.value.status == 422


async def test_a_token_is_asked_for_and_a_full_server_says_when_to_come_back(
    guarded_server: Server,
) -> None:
    for token in (None, "wrong"):
        async with HolisticClient(guarded_server.url, token=token) as client:
            with pytest.raises(UnauthorizedError, match="token"):
                await client.sessions()
            with pytest.raises(UnauthorizedError):
                await first(client.landmarks("nobody"))
    async with HolisticClient(guarded_server.url, token="open sesame") as client:
        async with client.publish(Pictures(grace_hopper())) as published:
            assert [session.id for session in await client.sessions()] == [published.session]
            await first(client.landmarks(published.session))
            with pytest.raises(ServerFullError, match="full") as raised:
                async with client.publish(Pictures(grace_hopper())):
                    pass
            assert raised.value.retry_after
            assert raised.value.retryable
        assert await client.sessions() == []


async def test_a_lost_connection_is_noticed_and_told_of(server: Server, client: HolisticClient) -> None:
    async with (
        client.publish(Pictures(grace_hopper())) as published,
        client.subscribe(published.session, video=True) as subscribed,
    ):
        await first(subscribed.landmarks())
        streams = published.landmarks(), subscribed.landmarks(), subscribed.video()
        started = time.monotonic()
        (await server.busy_worker()).kill()
        for stream in streams:
            with pytest.raises(ConnectionLostError, match="3 s"):
                await rest(stream)
        assert time.monotonic() - started < 8
        with pytest.raises(ConnectionLostError):
            await published.configure(draw=True)
        with pytest.raises(ConnectionLostError):
            await published.wait_ended()
        with pytest.raises(ConnectionLostError):
            await first(published.landmarks())


async def test_what_goes_wrong_in_a_source_ends_the_session_with_its_error(
    server: Server, client: HolisticClient
) -> None:
    async def broken() -> AsyncIterator[Picture]:
        for _ in range(5):
            await asyncio.sleep(1 / 30)
            yield grace_hopper(160, 120)
        raise ZeroDivisionError("the camera is upside down")

    async def flat() -> AsyncIterator[Picture]:
        yield np.zeros((120, 160), np.uint8)

    await server.until_sessions(0)
    for source, kind, words in ((broken(), ZeroDivisionError, "upside"), (flat(), MediaError, "uint8 RGB")):
        async with client.publish(Pictures(grace_hopper()), source) as published:
            with pytest.raises(kind, match=words):
                await rest(published.landmarks())
        assert await server.sessions() == 0


async def test_a_file_or_a_camera_that_can_not_be_read_is_told_of_before_a_session_is_made(
    server: Server, client: HolisticClient, tmp_path: Path
) -> None:
    await server.until_sessions(0)
    (tmp_path / "notes.txt").write_bytes(b"\0\1\2" * 1000)
    for source, words in (
        (tmp_path / "absent.mp4", "there is no"),
        (str(tmp_path / "notes.txt"), "can't be read as a video"),
        (tmp_path, "can't be read as a video"),
        (99, "/dev/video99"),
        ("/dev/video98", "/dev/video98"),
        (Camera("/dev/null"), "/dev/null can't be read"),
    ):
        with pytest.raises(MediaError, match=words):
            async with client.publish(source):
                pass
    assert await server.sessions() == 0


async def test_nothing_is_left_behind(server: Server, clip: Path) -> None:
    await server.until_sessions(0)
    before = asyncio.all_tasks()
    async with (
        HolisticClient(server.url) as client,
        client.publish(VideoFile(clip, loop=True), Pictures(grace_hopper()), video=True) as published,
        client.subscribe(published.session, video=True) as subscribed,
    ):
        await first(subscribed.landmarks())
        # Left open, to be closed by the client.
        left = client.landmarks(published.session)
        await first(left)
    assert not asyncio.all_tasks() - before
    # They have been told to end.
    await server.until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("decoder")])
    assert await server.sessions() == 0


async def test_a_client_is_used_in_a_block() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await HolisticClient("http://127.0.0.1:1").sessions()
