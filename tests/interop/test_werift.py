"""An independent WebRTC stack on the other side: werift, in Node, speaks WHIP and WHEP to the server."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.wire import as_flatbuffers
from tests.kit.clips import SIZE, person_clip
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEER = Path(__file__).parent / "werift" / "peer.mjs"


class NodePeer:
    """What ``peer.mjs`` tells of one session, in the order it came."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.location = ""
        self.control: list[dict[str, Any]] = []
        self.landmarks: list[LandmarkMessage] = []
        self.frames: list[av.VideoFrame] = []
        self._process = process
        self._decoder = av.CodecContext.create("vp8", "r")

    @property
    def session(self) -> str:
        return self.location.split("/")[2]

    async def until(self, condition: Callable[[], object], timeout: float = 30) -> None:
        """Read on until `condition` holds."""
        assert self._process.stdout is not None
        async with asyncio.timeout(timeout):
            while not condition():
                line = await self._process.stdout.readline()
                assert line, "the peer ended; see its output above"
                self._take(**json.loads(line))

    def _take(
        self,
        location: str | None = None,
        control: dict[str, Any] | None = None,
        landmarks: str | None = None,
        frame: str | None = None,
    ) -> None:
        if location:
            self.location = location
        if control:
            self.control.append(control)
        if landmarks:
            self.landmarks.append(as_flatbuffers.decode(base64.b64decode(landmarks)))
        if frame:
            self.frames += self._decoder.decode(av.Packet(base64.b64decode(frame)))


@asynccontextmanager
async def node_peer(*arguments: str | Path) -> AsyncIterator[NodePeer]:
    """A connected one; at the end it deletes its session."""
    process = await asyncio.create_subprocess_exec(
        *("node", PEER, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    peer = NodePeer(process)
    try:
        await peer.until(lambda: peer.location)
        yield peer
    finally:
        await asyncio.wait_for(process.communicate(b""), timeout=10)
    assert process.returncode == 0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person at 15 fps, as VP8 in an IVF file, with a key frame each second."""
    path = tmp_path_factory.mktemp("werift") / "clip.ivf"
    with av.open(path, "w") as container:
        stream = container.add_stream("libvpx", rate=15, options={"deadline": "realtime", "cpu-used": "8", "g": "15"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 1_000_000
        for picture in person_clip()[::2]:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def assert_shows_the_person(frame: av.VideoFrame) -> None:
    assert (frame.width, frame.height) == SIZE
    shown = frame.to_ndarray(format="rgb24").astype(int)
    differences = [np.abs(shown - picture).mean() for picture in person_clip()[::2]]
    assert min(differences) < 15, "the frame is none of the clip, annotated"


async def test_werift_publishes_and_subscribes(server: Server, clip: Path) -> None:
    async with node_peer("publish", f"{server.url}/whip", clip) as publisher:
        await publisher.until(lambda: len(publisher.landmarks) >= 5 and len(publisher.frames) >= 5)
        assert publisher.landmarks[-1].result.face_landmarks is not None
        assert_shows_the_person(publisher.frames[-1])

        async with node_peer("subscribe", f"{server.url}/whep/{publisher.session}") as subscriber:
            await subscriber.until(
                lambda: len(subscriber.landmarks) >= 5 and len(subscriber.frames) >= 5 and subscriber.control
            )
            assert subscriber.landmarks[-1].seq > publisher.landmarks[0].seq
            assert subscriber.landmarks[-1].result.face_landmarks is not None
            assert_shows_the_person(subscriber.frames[-1])
            assert subscriber.control[0]["type"] == "configured"
