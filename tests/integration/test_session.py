"""A session's media and channels, with a real peer and the real model."""

import asyncio

import aiohttp
import numpy as np
import pytest
from aiortc import RTCRtpSender

from holistic_rtc.client import HolisticClient, LandmarkMessage, Part
from holistic_rtc.tracking.mediapipe import MediaPipeTracker
from holistic_rtc.tracking.models import PoseModel, find
from support.pictures import grace_hopper
from support.publisher import Picture, Pictures, PictureTrack, Publisher, publishing
from support.serving import Server
from support.streams import first, take

pytestmark = pytest.mark.asyncio(loop_scope="session")


def track_offline(picture: Picture) -> np.ndarray:
    """:return: (478, 2) face landmarks in pixels"""
    tracker = MediaPipeTracker(find(PoseModel.LITE).path)
    for timestamp in range(5):
        result = tracker.track(picture, timestamp)
    tracker.close()
    assert result.face_landmarks is not None
    height, width = picture.shape[:2]
    return result.face_landmarks[:, :2] * (width, height)


def seen_face(message: LandmarkMessage) -> bool:
    return message.result.face_landmarks is not None


async def test_landmarks_agree_with_the_offline_tracker(client: HolisticClient) -> None:
    picture = grace_hopper()
    expected = track_offline(picture)
    async with client.publish(Pictures(picture)) as published:
        newest = (await take(published.landmarks(), 20))[-1]
    assert (newest.width, newest.height, newest.track) == (640, 480, 0)
    face = newest.result.face_landmarks
    assert face is not None
    assert newest.result.pose_landmarks is not None
    assert np.abs(face[:, :2] * (640, 480) - expected).mean() < 2


async def test_annotated_frames_and_landmarks_come_back_with_the_times_of_the_frames_they_are_of(
    server: Server,
) -> None:
    picture = grace_hopper()
    async with publishing(server.url, [PictureTrack(picture)]) as publisher:
        await publisher.until(lambda: len(publisher.frames.get(0, [])) > 30 and len(publisher.landmarks) > 30)
        frames = publisher.frames[0]
        landmarks = sorted(publisher.landmarks, key=lambda message: message.seq)
    newest = frames[-1].to_ndarray(format="rgb24").astype(int)
    assert newest.shape == picture.shape
    difference = np.abs(newest - picture)
    face = slice(60, 260), slice(240, 400)
    corner = slice(0, 60), slice(0, 60)
    assert difference[face].mean() > 3 * max(difference[corner].mean(), 1)
    assert np.all(np.diff([message.seq for message in landmarks]) > 0)
    # Both clocks start at the first frame that went all the way, so steps can be compared, not moments.
    video_steps = set(np.diff([frame.pts for frame in frames]) // 90)
    landmark_steps = set(np.diff([message.timestamp_ms for message in landmarks]))
    assert min(landmark_steps) > 0
    assert all(any(abs(step - other) <= 1 for other in landmark_steps) for step in video_steps)


async def test_an_unknown_encoding_is_refused_in_words(server: Server, http: aiohttp.ClientSession) -> None:
    async with Publisher(server.url, http) as publisher:
        publisher.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendonly")
        publisher.pc.createDataChannel("landmarks", protocol="holistic.v9.xml")
        await publisher.connect()
        await publisher.until(lambda: publisher.received("error"))
        assert "holistic.v1.json" in publisher.received("error")[0]["message"]


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


async def test_configure_chooses_parts_drawing_and_rate(client: HolisticClient) -> None:
    async with client.publish(Pictures(grace_hopper()), video=True) as published:
        await published.configure(parts=["pose", "blendshapes"], draw=False, max_fps=5)
        # The rate is a mean over the second before.
        message = await first(
            published.landmarks(), lambda _: published.stats and 0 < published.stats["tracks"][0]["fps_out"] <= 6
        )
        assert message.seen().keys() == {Part.POSE, Part.BLENDSHAPES}
        plain = await first(published.video())
        assert np.abs(plain.astype(int) - grace_hopper()).mean() < 6


BAD_CONTROL_MESSAGES = [
    ("{", "bad_message", "JSON"),
    ("[]", "bad_message", "type"),
    ('{"type": "dance"}', "bad_message", "dance"),
    ('{"type": "configure", "parts": ["tail"]}', "unknown_part", "left_hand_world"),
    ('{"type": "configure", "parts": [{}]}', "unknown_part", "left_hand_world"),
    ('{"type": "configure", "parts": "pose"}', "bad_value", "list"),
    ('{"type": "configure", "draw": 1}', "bad_value", "true or false"),
    ('{"type": "configure", "max_fps": 0}', "bad_value", "1 to 60"),
    ('{"type": "configure", "max_fps": NaN}', "bad_message", "JSON"),
    ('{"x": "' + "a" * 20_000 + '"}', "bad_message", "16384"),
]


async def test_bad_control_messages_are_answered_with_an_error_that_says_what_is_allowed(server: Server) -> None:
    async with publishing(server.url, [PictureTrack(grace_hopper())], direction="sendonly") as publisher:
        await publisher.until(lambda: publisher.received("configured"))
        for message, _, _ in BAD_CONTROL_MESSAGES:
            publisher.control_channel.send(message)
        await publisher.until(lambda: len(publisher.received("error")) == len(BAD_CONTROL_MESSAGES))
        for (message, code, words), error in zip(BAD_CONTROL_MESSAGES, publisher.received("error"), strict=True):
            assert error["code"] == code, message
            assert words in error["message"]


async def test_pings_are_answered_and_stats_come(server: Server) -> None:
    async with publishing(server.url, [PictureTrack(grace_hopper())]) as publisher:
        await publisher.until(lambda: publisher.received("ping"))
        publisher.control_channel.send('{"type": "ping", "id": 42}')
        await publisher.until(lambda: publisher.received("pong"))
        assert publisher.received("pong")[0]["id"] == 42
        await publisher.until(
            lambda: any(stats["tracks"] and stats["tracks"][0]["tracked"] for stats in publisher.received("stats"))
        )
        stats = publisher.received("stats")[-1]
        assert stats["session"] == publisher.session
        assert stats["tracks"][0]["tracker_ms"] > 0


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
            message = await first(landmarks, lambda m, even=even: (m.width, m.height) == even and seen_face(m))
            assert message.result.pose_landmarks is not None
            await first(video, lambda picture, even=even: picture.shape[1::-1] == even)


async def test_nobody_and_darkness_are_no_errors_and_the_person_is_found_again(client: HolisticClient) -> None:
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


async def test_several_people_give_one_persons_landmarks(client: HolisticClient) -> None:
    one = grace_hopper(320, 480)
    async with client.publish(Pictures(np.hstack([one, one, one]))) as published:
        await first(published.landmarks(), seen_face)


async def test_a_track_may_pause_for_longer_than_the_silence_limit_while_pings_go_on(server: Server) -> None:
    picture = grace_hopper()
    track = PictureTrack(picture)
    async with publishing(server.url, [track]) as publisher:
        await publisher.until(lambda: publisher.landmarks)
        track.picture = None
        pings = len(publisher.received("ping"))
        await publisher.until(lambda: len(publisher.received("ping")) > pings + 4)
        publisher.landmarks.clear()
        track.picture = picture
        await publisher.until(lambda: publisher.landmarks)


async def test_a_camera_switched_in_mid_session_goes_on(server: Server) -> None:
    async with publishing(server.url, [PictureTrack(grace_hopper())]) as publisher:
        await publisher.until(lambda: publisher.landmarks)
        publisher.pc.getSenders()[0].replaceTrack(PictureTrack(grace_hopper(480, 640)))
        await publisher.until(lambda: publisher.landmarks[-1].height == 640)


async def test_a_peer_that_falls_silent_is_noticed_within_5_s(server: Server, http: aiohttp.ClientSession) -> None:
    track = PictureTrack(grace_hopper())
    async with publishing(server.url, [track]) as publisher:
        await publisher.until(lambda: publisher.landmarks)
        track.picture = None
        publisher.answers_pings = False
        loop = asyncio.get_running_loop()
        silent = loop.time()
        await publisher.until(lambda: publisher.received("end"))
        assert publisher.received("end")[0]["reason"] == "peer_silent"
        assert loop.time() - silent < 5.5
