"""What a connection passes on of the landmarks that arrive."""

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from holistic_rtc.client.connection import Connection
from holistic_rtc.client.signalling import Server
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.wire import as_flatbuffers


@pytest_asyncio.fixture
async def connection() -> AsyncIterator[Connection]:
    async with aiohttp.ClientSession() as http:
        connection = Connection(Server(http, "http://localhost", None), [], "/whip", landmarks=False)
        yield connection
        await connection.close()


async def test_a_message_is_dropped_after_a_newer_one_of_the_same_track_and_person(connection: Connection) -> None:
    landmarks = connection.landmarks(buffer=9)
    arriving = [(0, 0, 0), (0, 0, 1), (1, 0, 1), (1, 0, 0), (0, 0, 0), (1, 0, 1), (0, 1, 1), (2, 0, 0)]
    for seq, track, person in arriving:
        message = LandmarkMessage(seq, 33 * seq, 640, 480, track, HolisticResult(), person=person)
        connection._on_landmarks(as_flatbuffers.encode(message))
    await connection.close()
    passed = [(message.seq, message.track, message.person) async for message in landmarks]
    assert passed == [(0, 0, 0), (0, 0, 1), (1, 0, 1), (1, 0, 0), (0, 1, 1), (2, 0, 0)]


async def test_a_slow_consumer_gets_the_newest_of_each_person(connection: Connection) -> None:
    landmarks = connection.landmarks()
    for seq in range(3):
        for person in range(2):
            message = LandmarkMessage(seq, 33 * seq, 640, 480, 0, HolisticResult(), person=person)
            connection._on_landmarks(as_flatbuffers.encode(message))
    assert [(message.seq, message.person) for message in [await anext(landmarks), await anext(landmarks)]] == [
        (2, 0),
        (2, 1),
    ]
    assert landmarks.dropped == 4
