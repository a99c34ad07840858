"""The part `rig` from the server to its clients, with the real model."""

import asyncio
from functools import partial

import aiohttp
import numpy as np
import pytest

from holistic_rtc.client import HolisticClient, LandmarkMessage, Part, Rig
from holistic_rtc.media.tracker_thread import TrackerThread
from holistic_rtc.model.parts import ALL_PARTS, DEFAULT_PARTS
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import HolisticResult, Image, Persons
from holistic_rtc.model.rig import RIG_SHAPES
from holistic_rtc.model.skeleton import BONE_INDEX
from holistic_rtc.motion.rig.solver import RigSolver
from holistic_rtc.pipeline import pipeline
from holistic_rtc.sample import portrait
from holistic_rtc.sdp.offer import Offer
from holistic_rtc.workers.live.peer import PeerLimits
from holistic_rtc.workers.live.session import Session
from tests.kit.peer import Peer
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server
from tests.kit.streams import first

pytestmark = pytest.mark.asyncio(loop_scope="session")


def degrees(rotation: np.ndarray) -> float:
    """How far a quaternion turns."""
    return float(np.degrees(2 * np.arccos(np.clip(np.abs(rotation[3]), 0, 1))))


def assert_is_the_portrait(rig: Rig | None) -> None:
    """She looks into the camera, and her arms hang down, which from a T-pose is far."""
    assert rig is not None
    assert {name: getattr(rig, name).shape for name in RIG_SHAPES} == RIG_SHAPES
    np.testing.assert_allclose(np.linalg.norm(rig.rotations, axis=1), 1, atol=1e-5)
    for bone in ("leftUpperArm", "rightUpperArm"):
        assert 50 < degrees(rig.rotations[BONE_INDEX[bone]]) < 90, bone
    for bone in ("hips", "neck", "head"):
        assert degrees(rig.rotations[BONE_INDEX[bone]]) < 25, bone
    assert rig.arkit.max() > 0.1


def newest(messages: list[LandmarkMessage]) -> LandmarkMessage:
    return max(messages, key=lambda message: message.seq)


async def test_a_rig_goes_to_those_alone_who_name_it_and_is_the_same_in_both_encodings(
    server: Server, client: HolisticClient
) -> None:
    track = PictureTrack(grace_hopper())
    async with publishing(server.url, [track], direction="sendonly", protocol="holistic.v1.json") as publisher:
        await publisher.until(lambda: publisher.landmarks)
        assert publisher.received("configured")[0]["parts"] == sorted(DEFAULT_PARTS)
        async with client.subscribe(publisher.session, parts=[Part.RIG]) as subscribed:
            landmarks = subscribed.landmarks(buffer=1000)
            message = await first(landmarks, lambda message: message.rig)
            assert message.seen() == {}
            assert_is_the_portrait(message.rig)
            await publisher.until(lambda: newest(publisher.landmarks).seq > message.seq)
            assert newest(publisher.landmarks).seen()
            assert all(message.rig is None for message in publisher.landmarks)

            publisher.configure(parts=["rig"])
            await publisher.until(lambda: newest(publisher.landmarks).rig)
            in_json = {message.seq: message.rig for message in publisher.landmarks if message.rig}
            message = await first(landmarks, lambda message: message.seq in in_json)
            for name in RIG_SHAPES:
                one, other = getattr(message.rig, name), getattr(in_json[message.seq], name)
                np.testing.assert_allclose(one, other, atol=0.5 / 255 + 1e-5, err_msg=name)

            await subscribed.configure(parts=[Part.POSE])
            message = await first(landmarks, lambda message: message.seen())
            assert message.rig is None
            await publisher.until(lambda: newest(publisher.landmarks).seq > message.seq)
            assert newest(publisher.landmarks).rig is not None


async def test_a_rig_of_a_picture_is_the_whole_pose_at_once(client: HolisticClient) -> None:
    picture = portrait().read_bytes()
    message = (await client.snapshot(picture, parts=[Part.RIG])).message
    assert_is_the_portrait(message.rig)
    assert message.seen() == {}
    assert (await client.snapshot(picture)).message.rig is None


class CountingSolver(RigSolver):
    solved = 0

    def solve(self, result: HolisticResult, timestamp_ms: int) -> Rig | None:
        CountingSolver.solved += 1
        return super().solve(result, timestamp_ms)


class Hidden:
    """An engine that sees somebody, but no part of them."""

    quality = Quality.BALANCED

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        return {0: HolisticResult()}

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


async def test_a_rig_is_solved_only_while_a_peer_that_has_named_it_is_there(
    monkeypatch: pytest.MonkeyPatch, http: aiohttp.ClientSession
) -> None:
    monkeypatch.setattr(pipeline, "RigSolver", CountingSolver)
    monkeypatch.setattr(CountingSolver, "solved", 0)
    gone = asyncio.Queue[str]()
    # In this process, where the solver can be counted.
    session = Session(
        "one",
        {"origin": None, "pose_model": None},
        [],
        PeerLimits(),
        TrackerThread(Hidden),
        lambda: TrackerThread(Hidden),
        Quality.BALANCED,
        lambda id, step: None,
        lambda id, end: gone.put_nowait(id),
    )

    async with Peer("", http) as publisher, Peer("", http) as one, Peer("", http) as other:

        async def frames(count: int) -> None:
            seq = newest(publisher.landmarks).seq
            await publisher.until(lambda: newest(publisher.landmarks).seq >= seq + count)

        async def name(peer: Peer, *parts: str) -> None:
            answered = len(peer.received("configured"))
            peer.configure(parts=parts)
            await peer.until(lambda: len(peer.received("configured")) > answered)
            await frames(2)

        async def solves() -> bool:
            before = CountingSolver.solved
            await frames(5)
            return CountingSolver.solved > before

        try:
            publisher.pc.addTransceiver(PictureTrack(grace_hopper(160, 120)), direction="sendonly")
            publisher.open_landmarks()
            await publisher.accept(await session.publish(Offer.parse(await publisher.offer())))
            await publisher.until(lambda: publisher.landmarks)
            for id, peer in (("one", one), ("other", other)):
                peer.open_landmarks()
                await peer.accept(await session.subscribe(id, Offer.parse(await peer.offer())))
                await peer.until_landmarks(1)
                await peer.until(partial(peer.received, "configured"))
            assert not await solves()

            await name(one, "pose", "rig")
            assert await solves()
            await name(other, "rig")
            await name(one, "pose")
            assert await solves()
            session.unsubscribe("other")
            assert await gone.get() == "other"
            await frames(2)
            assert not await solves()

            await name(publisher, "rig")
            assert await solves()
            await name(publisher, "pose")
            assert not await solves()
        finally:
            await session.close()
