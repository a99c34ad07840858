"""FFmpeg publishes by its own WHIP muxer, which offers the H.264 profile that its encoder makes."""

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import pytest

from holistic_rtc.client import HolisticClient
from tests.interop.peers import CONNECTS
from tests.kit.certificates import self_signed
from tests.kit.clips import SIZE, person_clip
from tests.kit.serving import Server
from tests.kit.streams import first, take

pytestmark = pytest.mark.asyncio(loop_scope="session")

FPS, RATE = 15, 48_000


@pytest.fixture(scope="module")
def muxer_options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With a certificate, since with GnuTLS FFmpeg makes one whose curve, P-224, other DTLS stacks don't take."""
    folder = tmp_path_factory.mktemp("ffmpeg")
    certificate, key = self_signed(folder, "ffmpeg")
    return {
        "cert_file": str(certificate),
        "key_file": str(key),
        "handshake_timeout": "60000",
    }


@dataclass(frozen=True)
class Published:
    profile_idc: int
    seconds_per_frame: float
    """In the muxer, which has only to wait if the network is slow"""


def publish(url: str, profile: str, muxer_options: dict[str, str], stopped: threading.Event) -> Published:
    """Send the clip with a silent soundtrack, again and again, in real time."""
    muxing = 0.0
    with av.open(url, "w", format="whip", options=muxer_options) as container:
        stream = container.add_stream(
            "libx264",
            rate=FPS,
            options={"profile": profile, "preset": "veryfast", "tune": "zerolatency", "g": str(FPS)},
        )
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 1_000_000
        sound = container.add_stream("libopus", rate=RATE)
        sound.layout = "stereo"
        container.start_encoding()
        started = time.monotonic()
        for count, picture in enumerate(itertools.cycle(person_clip()[::2])):
            if stopped.wait(max(0.0, started + count / FPS - time.monotonic())):
                break
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = count, Fraction(1, FPS)
            packets = stream.encode(frame)
            muxing -= time.monotonic()
            container.mux(packets)
            muxing += time.monotonic()
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 2 * RATE // FPS), np.int16), "s16", "stereo")
            silence.sample_rate, silence.pts, silence.time_base = RATE, count * RATE // FPS, Fraction(1, RATE)
            container.mux(sound.encode(silence))
        return Published(profile_idc(stream.codec_context.extradata or b""), muxing / max(1, count))


def profile_idc(parameter_sets: bytes) -> int:
    """Of the sequence parameter set in an H.264 byte stream (ITU-T H.264, 7.3.2.1.1)."""
    [sps] = [unit for unit in parameter_sets.split(b"\0\0\1") if unit and unit[0] & 0x1F == 7]
    return sps[1]


async def only_session(client: HolisticClient, timeout: float = 60) -> str:
    async with asyncio.timeout(timeout):
        while not (sessions := await client.sessions()):  # noqa: ASYNC110 - see Server.until()
            await asyncio.sleep(0.05)
    [session] = sessions
    return session.id


@asynccontextmanager
async def publishing(
    server: Server, profile: str, muxer_options: dict[str, str]
) -> AsyncIterator[asyncio.Task[Published]]:
    """:return: what :func:`publish` returns, at the end."""
    await server.until_sessions(0)
    stopped = threading.Event()
    async with asyncio.TaskGroup() as group:
        try:
            yield group.create_task(asyncio.to_thread(publish, f"{server.url}/whip", profile, muxer_options, stopped))
        finally:
            stopped.set()
    await server.until_sessions(0)


@pytest.mark.parametrize(("profile", "expected_idc"), [("baseline", 66), ("main", 77), ("high", 100)])
async def test_ffmpeg_publishes_h264_of_every_profile_and_opus(
    server: Server, client: HolisticClient, muxer_options: dict[str, str], profile: str, expected_idc: int
) -> None:
    for _ in range(CONNECTS):
        async with (
            publishing(server, profile, muxer_options) as published,
            client.subscribe(await only_session(client), audio=True) as subscribed,
        ):
            await first(subscribed.landmarks(), lambda message: message.result.face_landmarks is not None)
            assert (await anext(subscribed.audio())).size > 0
            await take(subscribed.landmarks(), 4)
        assert published.result().profile_idc == expected_idc
        assert published.result().seconds_per_frame < 1 / FPS
