"""The worker of a live session, before its session."""

import asyncio
import socket
from contextlib import closing

import pytest

from holistic_rtc.ipc.channel import Channel
from holistic_rtc.ipc.messages import ToWorker
from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import Image, Persons
from holistic_rtc.workers.live.peer import PeerLimits
from holistic_rtc.workers.live.worker import LiveWorker
from tests.kit.persons import Crowd


class Watched(Crowd):
    """Keeps at which quality each frame was tracked."""

    def __init__(self) -> None:
        super().__init__()
        self.qualities: list[Quality] = []

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        self.qualities.append(self.quality)
        return super().track(image, timestamp_ms, parts, max_persons)


@pytest.mark.parametrize("quality", Quality)
async def test_a_frame_is_measured_at_the_quality_that_is_served(quality: Quality) -> None:
    front, own = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=own)
    channel: Channel[ToWorker] = Channel(reader, writer, ToWorker)
    engine = Watched()
    with closing(front), closing(channel):
        worker = LiveWorker(
            channel,
            lambda: engine,
            quality,
            {"origin": None, "pose_model": None},
            PeerLimits(),
            None,
        )
        await worker.warm_up()
        await worker.close()
    assert engine.qualities[0] == Quality.EXACT
    assert set(engine.qualities[1:]) == {quality}
