"""Sessions with several people before the camera, in this process, with an engine that sees them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import pytest_asyncio

from holistic_rtc.media.tracker_thread import TrackerThread
from holistic_rtc.model.parts import ALL_PARTS
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.stats import ModelInfo
from holistic_rtc.sdp.offer import Offer
from holistic_rtc.workers.live.following import Following
from holistic_rtc.workers.live.peer import PeerLimits
from holistic_rtc.workers.live.session import Session
from tests.kit.peer import Peer
from tests.kit.persons import Crowd
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIMIT = 3
NO_MODEL: ModelInfo = {"origin": None, "pose_model": None}


class Scene:
    """A session with its publisher."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.crowd = Crowd()
        self.publisher = Peer("", http)
        self._http = http
        thread = TrackerThread(lambda: self.crowd)
        self._session = Session(
            *("one", NO_MODEL, [], PeerLimits(ALL_PARTS, LIMIT), thread, lambda: thread, Quality.BALANCED),
            *(lambda id, step: None, lambda id, end: None),
        )

    async def open(self) -> None:
        self.publisher.pc.addTransceiver(PictureTrack(grace_hopper(160, 120)), direction="sendonly")
        self.publisher.open_landmarks()
        offer = Offer.parse(await self.publisher.offer())
        await self.publisher.accept(await self._session.publish(offer))
        await self.publisher.until_landmarks(1)

    @asynccontextmanager
    async def subscriber(self, protocol: str = "holistic.v1.fb") -> AsyncIterator[Peer]:
        async with Peer("", self._http) as peer:
            peer.open_landmarks(protocol)
            await peer.accept(await self._session.subscribe("it", Offer.parse(await peer.offer())))
            await peer.until_landmarks(1)
            yield peer
            self._session.unsubscribe("it")

    async def close(self) -> None:
        await self._session.close()
        await self.publisher.close()


@pytest_asyncio.fixture(loop_scope="session")
async def scene(http: aiohttp.ClientSession) -> AsyncIterator[Scene]:
    scene = Scene(http)
    await scene.open()
    yield scene
    await scene.close()


async def configure(peer: Peer, **fields: object) -> dict[str, object]:
    """:return: the server's answer"""

    def answers() -> list[dict[str, object]]:
        return [message for message in peer.control if message["type"] in ("configured", "error")]

    before = len(answers())
    peer.configure(**fields)
    await peer.until(lambda: len(answers()) > before)
    return answers()[-1]


async def persons(peer: Peer, frames: int = 5, begun: int | None = None) -> list[list[int]]:
    """
    :param begun: number of the first frame to look at; the next one but one by default.
    :return: who was in each of the next frames of which messages come; a busy machine drops some
    """
    begun = peer.landmarks[-1].seq + 2 if begun is None else begun

    def seen() -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for message in peer.landmarks:
            if message.seq >= begun:
                found.setdefault(message.seq, []).append(message.person)
        return found

    # Those of the newest frame may still be on their way.
    await peer.until(lambda: len(seen()) > frames)
    return [sorted(numbers) for _, numbers in sorted(seen().items())][:frames]


async def test_one_person_is_sent_unless_more_are_asked_for(scene: Scene) -> None:
    assert await persons(scene.publisher) == [[0]] * 5
    assert scene.crowd.asked == 1
    assert scene.publisher.received("configured")[0]["max_persons"] == 1


@pytest.mark.parametrize("protocol", ["holistic.v1.fb", "holistic.v1.json"])
async def test_each_peer_gets_as_many_persons_as_it_asks_for(scene: Scene, protocol: str) -> None:
    async with scene.subscriber(protocol) as subscriber:
        assert (await configure(subscriber, max_persons=2, parts=["left_hand"]))["max_persons"] == 2
        assert await persons(subscriber) == [[0, 1]] * 5
        assert await persons(scene.publisher) == [[0]] * 5
        assert scene.crowd.asked == 2
        of_a_frame = [message for message in subscriber.landmarks if message.seq == subscriber.landmarks[-1].seq - 1]
        assert len({message.timestamp_ms for message in of_a_frame}) == 1
    await scene.publisher.until(lambda: scene.crowd.asked == 1)


async def test_null_stands_for_as_many_as_the_server_tracks(scene: Scene) -> None:
    assert (await configure(scene.publisher, max_persons=None))["max_persons"] == LIMIT
    await persons(scene.publisher)
    assert scene.crowd.asked == LIMIT
    assert (await configure(scene.publisher, draw=False))["max_persons"] == LIMIT
    assert (await configure(scene.publisher, max_persons=1))["max_persons"] == 1
    assert await persons(scene.publisher) == [[0]] * 5


async def test_a_peer_keeps_its_person_while_that_one_is_missed_in_some_frames(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Following, "PATIENCE_MS", 60_000)
    publisher = scene.publisher
    async with scene.subscriber() as subscriber:
        await configure(subscriber, max_persons=2)
        # A frame that began before is still for one person.
        await subscriber.until(lambda: scene.crowd.asked == 2)

        async def miss(*missed: int) -> None:
            """The publisher is sent nobody while its person is missed, and the subscriber the others."""
            scene.crowd.missed = frozenset(missed)
            await publisher.until(lambda: bool(publisher.landmarks[-1].seen()) != bool(missed))
            # Messages of earlier frames may still be on their way to the subscriber.
            begun = publisher.landmarks[-1].seq
            assert await persons(subscriber, 1, begun) == [sorted({0, 1} - set(missed))]

        await miss(0)
        await miss()
        await miss(0)
        assert {message.person for message in publisher.landmarks} == {0}
        monkeypatch.setattr(Following, "PATIENCE_MS", 0)
        await publisher.until(lambda: publisher.landmarks[-1].person == 1)


async def test_who_asks_for_more_persons_than_the_server_tracks_is_told_how_many_there_can_be(scene: Scene) -> None:
    async with scene.subscriber() as subscriber:
        for peer in (scene.publisher, subscriber):
            configured = await configure(peer, max_persons=LIMIT + 1, parts=["pose"])
            assert (configured["max_persons"], configured["parts"]) == (LIMIT, ["pose"])


async def test_many_persons_in_a_frame_are_all_sent(
    http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.integration.test_persons.LIMIT", 12)
    scene = Scene(http)
    scene.crowd.size = 12
    await scene.open()
    try:
        # Messages of more than MAX_BUFFERED bytes in one frame.
        await configure(scene.publisher, max_persons=12, max_fps=5)
        assert await persons(scene.publisher, 2) == [list(range(12))] * 2
    finally:
        await scene.close()
