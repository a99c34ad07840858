"""Independent WebRTC stacks on the other side, each driven by a program that speaks WHIP and WHEP."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from tests.interop.peers import CONNECTS, Peer, peering
from tests.kit.clips import SIZE, as_i420, person_clip
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = Path(__file__).parent
FPS = 15
PICTURES = slice(None, None, 2)


@dataclass(frozen=True)
class Stack:
    name: str
    command: tuple[str | Path, ...]
    has_codecs: bool
    """Whether it encodes and decodes video itself."""


STACKS = [
    Stack("werift", ("node", HERE / "werift" / "peer.mjs"), has_codecs=False),
    Stack("libdatachannel", ("node", HERE / "libdatachannel" / "peer.mjs"), has_codecs=False),
    Stack("libwebrtc", ("node", HERE / "libwebrtc" / "peer.mjs"), has_codecs=True),
    Stack("gstreamer", ("/usr/bin/python3", HERE / "gstreamer" / "peer.py"), has_codecs=True),
]


@dataclass(frozen=True)
class Clips:
    """A person, at :data:`FPS`."""

    encoded: Path
    """VP8 in an IVF file, with a key frame each second."""
    pictures: Path
    """In I420."""

    def of(self, stack: Stack) -> Path:
        return self.pictures if stack.has_codecs else self.encoded


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    folder = tmp_path_factory.mktemp("clips")
    encoded, pictures = folder / "clip.ivf", folder / "clip.i420"
    with av.open(encoded, "w") as container:
        stream = container.add_stream(
            "libvpx", rate=FPS, options={"deadline": "realtime", "cpu-used": "8", "g": str(FPS)}
        )
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 1_000_000
        for picture in person_clip()[PICTURES]:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    pictures.write_bytes(as_i420(person_clip()[PICTURES]))
    return Clips(encoded, pictures)


def assert_shows_the_person(frame: av.VideoFrame) -> None:
    assert (frame.width, frame.height) == SIZE
    shown = frame.to_ndarray(format="rgb24").astype(int)
    differences = [np.abs(shown - picture).mean() for picture in person_clip()[PICTURES]]
    assert min(differences) < 15, "the frame is none of the clip, annotated"


async def assert_gets_landmarks_and_annotated_video(peer: Peer) -> None:
    await peer.until(lambda: len(peer.landmarks) >= 5 and len(peer.frames) >= 3)
    assert peer.landmarks[-1].result.face_landmarks is not None
    assert_shows_the_person(peer.frames[-1])


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
async def test_stack_publishes_and_subscribes(server: Server, clips: Clips, stack: Stack) -> None:
    for _ in range(CONNECTS):
        async with peering(*stack.command, "publish", f"{server.url}/whip", clips.of(stack)) as publisher:
            await assert_gets_landmarks_and_annotated_video(publisher)
            async with peering(*stack.command, "subscribe", f"{server.url}/whep/{publisher.session}") as subscriber:
                await assert_gets_landmarks_and_annotated_video(subscriber)
                assert subscriber.landmarks[-1].seq > publisher.landmarks[0].seq
                await subscriber.until(lambda: subscriber.control)
                assert subscriber.control[0]["type"] == "configured"
