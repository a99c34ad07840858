"""FFmpeg publishes by its own WHIP muxer, which offers the H.264 profile that its encoder makes."""

import asyncio
import itertools
import threading
import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import av
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from holistic_rtc.client import HolisticClient
from tests.kit.clips import SIZE, person_clip
from tests.kit.serving import Server
from tests.kit.streams import first

pytestmark = pytest.mark.asyncio(loop_scope="session")

FPS = 15


@pytest.fixture(scope="module")
def muxer_options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With a certificate, since with GnuTLS FFmpeg makes one whose curve, P-224, other DTLS stacks don't take."""
    folder = tmp_path_factory.mktemp("ffmpeg")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    return {
        "cert_file": str(folder / "certificate.pem"),
        "key_file": str(folder / "key.pem"),
        "handshake_timeout": "60000",
    }


def publish(url: str, profile: str, muxer_options: dict[str, str], stopped: threading.Event) -> int:
    """
    Send the clip, again and again, in real time.

    :return: the profile_idc of what was sent.
    """
    with av.open(url, "w", format="whip", options=muxer_options) as container:
        stream = container.add_stream(
            "libx264",
            rate=FPS,
            options={"profile": profile, "preset": "veryfast", "tune": "zerolatency", "g": str(FPS)},
        )
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 1_000_000
        container.start_encoding()
        started = time.monotonic()
        for count, picture in enumerate(itertools.cycle(person_clip()[::2])):
            if stopped.wait(max(0.0, started + count / FPS - time.monotonic())):
                break
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = count, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        return profile_idc(stream.codec_context.extradata or b"")


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


@pytest.mark.parametrize(("profile", "expected_idc"), [("baseline", 66), ("main", 77), ("high", 100)])
async def test_ffmpeg_publishes_h264_of_every_profile(
    server: Server, client: HolisticClient, muxer_options: dict[str, str], profile: str, expected_idc: int
) -> None:
    await server.until_sessions(0)
    stopped = threading.Event()
    async with asyncio.TaskGroup() as group:
        published = group.create_task(asyncio.to_thread(publish, f"{server.url}/whip", profile, muxer_options, stopped))
        try:
            async with client.subscribe(await only_session(client)) as subscribed:
                await first(subscribed.landmarks(), lambda message: message.result.face_landmarks is not None)
        finally:
            stopped.set()
    assert published.result() == expected_idc
    await server.until_sessions(0)
