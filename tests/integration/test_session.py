"""A session's media and channels, with a real peer and the real model."""

import asyncio
from functools import partial
from typing import Any

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from aiortc import RTCRtpSender

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.client import HolisticClient, LandmarkMessage
from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.mediapipe.engine import MediaPipeTracker
from tests.kit.persons import first_of
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Picture, Pictures, PictureTrack, Publisher, publishing
from tests.kit.serving import Server
from tests.kit.streams import first
from tests.kit.subscriber import subscribing
from tests.kit.turned import TurnedPublisher

pytestmark = pytest.mark.asyncio(loop_scope="session")


def track_offline(picture: Picture) -> FloatArray:
    """:return: (478, 2) face landmarks in pixels"""
    tracker = MediaPipeTracker(find(PoseModel.LITE).path)
    for timestamp in range(5):
        result = first_of(tracker.track(picture, timestamp))
    tracker.close()
    assert result.face_landmarks is not None
    height, width = picture.shape[:2]
    return result.face_landmarks[:, :2] * np.array((width, height), np.float32)


def seen_face(message: LandmarkMessage) -> bool:
    return message.result.face_landmarks is not None


def seen_face_in(size: tuple[int, int], message: LandmarkMessage) -> bool:
    return (message.width, message.height) == size and seen_face(message)


def has_size(size: tuple[int, int], picture: Picture) -> bool:
    height, width = picture.shape[:2]
    return (width, height) == size


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ended(server: Server) -> Publisher:
    """A peer after its session, with all that came in it."""
    async with publishing(server.url, [PictureTrack(grace_hopper())]) as publisher:
        await publisher.until(lambda: len(publisher.frames.get(0, [])) > 30 and len(publisher.landmarks) > 30)
        await publisher.until(lambda: publisher.received("ping"))
        publisher.control_channel.send('{"type": "ping", "id": 42}')
        await publisher.until(lambda: publisher.received("pong"))
        await publisher.until(lambda: any(map(has_tracked, publisher.received("stats"))))
    return publisher


def has_tracked(stats: dict[str, Any]) -> bool:
    return any(track["tracked"] for track in stats["tracks"])


async def test_landmarks_agree_with_the_offline_tracker(ended: Publisher) -> None:
    newest = max(ended.landmarks, key=lambda message: message.seq)
    assert (newest.width, newest.height, newest.track) == (640, 480, 0)
    face = newest.result.face_landmarks
    assert face is not None
    assert newest.result.pose_landmarks is not None
    assert np.abs(face[:, :2] * (640, 480) - track_offline(grace_hopper())).mean() < 2


async def test_annotated_frames_and_landmarks_come_back_with_the_times_of_the_frames_they_are_of(
    ended: Publisher,
) -> None:
    picture, frames = grace_hopper(), ended.frames[0][-30:]
    landmarks = sorted(ended.landmarks, key=lambda message: message.seq)
    newest = frames[-1].to_ndarray(format="rgb24").astype(int)
    assert newest.shape == picture.shape
    difference = np.abs(newest - picture)
    face = slice(60, 260), slice(240, 400)
    corner = slice(0, 60), slice(0, 60)
    assert difference[face].mean() > 3 * max(difference[corner].mean(), 1)
    assert np.all(np.diff([message.seq for message in landmarks]) > 0)
    tracked = np.array([message.timestamp_ms for message in landmarks])
    assert np.all(np.diff(tracked) > 0)
    # Each clock starts at the first frame that went all the way, so that they are some time apart.
    between = tracked[:, None] - np.array([frame.pts for frame in frames]) // 90
    found = max((np.abs(between - apart) <= 1).any(axis=0).mean() for apart in np.unique(between))
    assert found > 0.9, "frames without landmarks, of which few may be lost"


async def test_pings_are_answered_and_stats_come(ended: Publisher) -> None:
    assert [pong["id"] for pong in ended.received("pong")] == [42]
    stats = next(stats for stats in ended.received("stats") if has_tracked(stats))
    assert stats["session"] == ended.session
    assert stats["tracks"][0]["tracker_ms"] > 0


async def test_sendonly_gets_landmarks_in_json_where_its_channel_asks_for_it_and_no_video(server: Server) -> None:
    track = PictureTrack(grace_hopper())
    async with publishing(server.url, [track], direction="sendonly", protocol="holistic.v1.json") as publisher:
        await publisher.until(lambda: len(publisher.landmarks) > 10 and publisher.received("stats"))
        assert publisher.landmarks[-1].result.face_blendshapes is not None
        assert "a=recvonly" in publisher.answer
        assert publisher.frames == {}


async def test_h264_is_decoded_and_sent_back(server: Server, http: aiohttp.ClientSession) -> None:
    async with Publisher(server.url, http) as publisher:
        transceiver = publisher.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendrecv")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() != "video/vp8"])
        publisher.open_landmarks()
        await publisher.connect()
        assert "VP8" not in publisher.answer
        await publisher.until(lambda: publisher.landmarks and len(publisher.frames.get(0, [])) > 5)


class ReceivesH264(Publisher):
    """Sends VP8, which unlike H.264 may have any size."""

    async def offer(self) -> str:
        self._prefer("video/H264")
        return await super().offer()

    async def accept(self, answer: str) -> None:
        self._prefer("video/VP8")
        await super().accept(answer)

    def _prefer(self, kind: str) -> None:
        codecs = RTCRtpSender.getCapabilities("video").codecs
        for transceiver in self.pc.getTransceivers():
            transceiver.setCodecPreferences(sorted(codecs, key=lambda codec: codec.mimeType != kind))


@pytest.mark.parametrize("draw", [True, False], ids=["annotated", "plain"])
async def test_video_of_an_odd_size_is_sent_back_in_h264(
    server: Server, http: aiohttp.ClientSession, draw: bool
) -> None:
    async with ReceivesH264(server.url, http) as publisher:
        publisher.pc.addTransceiver(PictureTrack(grace_hopper(321, 241), fps=15), direction="sendrecv")
        publisher.open_landmarks()
        await publisher.connect()
        await publisher.until(lambda: publisher.received("configured"))
        publisher.configure(draw=draw)
        await publisher.until(lambda: len(publisher.received("configured")) > 1)
        before = len(publisher.frames.get(0, []))
        await publisher.until_frames(before + 10)
        frame = publisher.frames[0][-1]
        assert (frame.width, frame.height) == (320, 240)


BAD_CONTROL_MESSAGES = [
    ("{", "bad_message", "JSON"),
    ("[]", "bad_message", "type"),
    ('{"type": "dance"}', "bad_message", "dance"),
    ('{"type": "configure", "parts": ["tail"]}', "unknown_part", "left_hand_world"),
    ('{"type": "configure", "parts": [{}]}', "unknown_part", "left_hand_world"),
    ('{"type": "configure", "parts": "pose"}', "bad_value", "list"),
    ('{"type": "configure", "draw": 1}', "bad_value", "true or false"),
    ('{"type": "configure", "max_fps": 0}', "bad_value", "1 to 60"),
    ('{"type": "configure", "max_persons": 0}', "bad_value", "from 1 to 255"),
    ('{"type": "configure", "max_fps": NaN}', "bad_message", "JSON"),
    ('{"x": "' + "a" * 20_000 + '"}', "bad_message", "16384"),
]


async def test_unknown_encodings_and_bad_control_messages_are_answered_with_an_error_that_says_what_is_allowed(
    server: Server, http: aiohttp.ClientSession
) -> None:
    async with Publisher(server.url, http) as publisher:
        publisher.pc.addTransceiver(PictureTrack(None), direction="sendonly")
        publisher.pc.createDataChannel("landmarks", protocol="holistic.v9.xml")
        await publisher.connect()
        await publisher.until(lambda: publisher.received("error") and publisher.received("configured"))
        for message, _, _ in BAD_CONTROL_MESSAGES:
            publisher.control_channel.send(message)
        await publisher.until(lambda: len(publisher.received("error")) == 1 + len(BAD_CONTROL_MESSAGES))
        encoding, *errors = publisher.received("error")
        assert "holistic.v1.json" in encoding["message"]
        for (message, code, words), error in zip(BAD_CONTROL_MESSAGES, errors, strict=True):
            assert error["code"] == code, message
            assert words in error["message"]


async def test_every_size_works_and_may_change_in_mid_stream(client: HolisticClient) -> None:
    sizes = [(640, 480), (160, 120), (480, 640), (321, 241), (1920, 1080), (640, 480)]
    # Made beforehand, and few a second: large ones take a small machine's whole time.
    sources = [grace_hopper(*size) for size in sizes]
    pictures = Pictures(sources[0], fps=10)
    async with client.publish(pictures, video=True) as published:
        landmarks, video = published.landmarks(), published.video()
        for source, (width, height) in zip(sources, sizes, strict=True):
            pictures.picture = source
            # An encoder takes even sizes only.
            even = width & ~1, height & ~1
            message = await first(landmarks, partial(seen_face_in, even))
            assert message.result.pose_landmarks is not None
            await first(video, partial(has_size, even))


async def test_nobody_darkness_and_several_people_are_no_errors_and_one_person_is_found_again(
    client: HolisticClient,
) -> None:
    person = grace_hopper()
    pictures = Pictures(person)
    async with client.publish(pictures) as published:
        landmarks = published.landmarks()
        await first(landmarks, seen_face)
        for picture in (np.zeros_like(person), np.full_like(person, 128)):
            pictures.picture = picture
            await first(landmarks, lambda message: not message.seen())
            pictures.picture = person
            await first(landmarks, seen_face)
        pictures.picture = np.hstack([grace_hopper(320, 480)] * 3)
        await first(landmarks, lambda message: message.width == 960 and seen_face(message))


async def test_a_peer_that_falls_silent_is_noticed_within_5_s_while_others_may_pause_their_tracks(
    server: Server,
) -> None:
    picture = grace_hopper()
    tracks = [PictureTrack(picture) for _ in range(3)]
    async with (
        publishing(server.url, tracks[:1]) as pausing,
        publishing(server.url, tracks[1:2]) as silent,
        publishing(server.url, tracks[2:], channels=False) as plain,
        subscribing(server.url, plain.session, videos=0) as watching,
    ):
        await pausing.until(lambda: pausing.landmarks)
        await silent.until(lambda: silent.landmarks)
        await watching.until(lambda: watching.landmarks)
        for track in tracks:
            track.picture = None
        silent.answers_pings = False
        pings = len(pausing.received("ping"))
        loop = asyncio.get_running_loop()
        since = loop.time()
        await silent.until(lambda: silent.received("end"))
        assert silent.received("end")[0]["reason"] == "peer_silent"
        assert loop.time() - since < 5.5
        await pausing.until(lambda: len(pausing.received("ping")) > pings + 4)
        for track, peer in ((tracks[0], pausing), (tracks[2], watching)):
            peer.landmarks.clear()
            track.picture = picture
            await peer.until_landmarks(1)


async def test_a_camera_switched_in_mid_session_goes_on(server: Server) -> None:
    async with publishing(server.url, [PictureTrack(grace_hopper())]) as publisher:
        await publisher.until(lambda: publisher.landmarks)
        publisher.pc.getSenders()[0].replaceTrack(PictureTrack(grace_hopper(480, 640)))
        await publisher.until(lambda: publisher.landmarks[-1].height == 640)


async def test_video_that_is_sent_turned_is_tracked_upright(server: Server, http: aiohttp.ClientSession) -> None:
    async with TurnedPublisher(server.url, http) as publisher:
        publisher.send(PictureTrack(np.ascontiguousarray(np.rot90(grace_hopper()))), 1)
        publisher.open_landmarks()
        await publisher.connect()
        assert "urn:3gpp:video-orientation" in publisher.answer
        await publisher.until(lambda: publisher.landmarks and seen_face(publisher.landmarks[-1]))
    message = publisher.landmarks[-1]
    assert (message.width, message.height) == (640, 480)
    forehead, chin = message.result.face_landmarks[[10, 152], :2] * (640, 480)
    assert chin[1] - forehead[1] > 5 * abs(chin[0] - forehead[0])
