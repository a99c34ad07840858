"""What is too large is refused before anything is paid for it."""

import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiortc import RTCRtpSender

from tests.kit.attacks import describe, post, transport, video
from tests.kit.bystander import Bystander
from tests.kit.encoded import PacketTrack, h264_of_size, vp8_of_size
from tests.kit.publisher import Publisher
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

MEGABYTES = 1_000_000


def png_of_size(width: int, height: int) -> bytes:
    """A transparent picture that compresses to nearly nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    pixels = zlib.compress(bytes(height * (1 + 4 * width)), 9)
    header = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 6, 0, 0, 0])
    parts = (b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


PNG = png_of_size(6000, 4000)
"""Made before the event loop runs, since that takes long"""


def peak(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    with open(f"/proc/{pid}/status") as status:
        [line] = [line for line in status if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


@asynccontextmanager
async def publishing_frames(url: str, codec: str, frames: list[bytes]) -> AsyncIterator[Publisher]:
    async with aiohttp.ClientSession() as http, Publisher(url, http) as publisher:
        transceiver = publisher.pc.addTransceiver(PacketTrack(frames), direction="sendonly")
        known = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([one for one in known if one.mimeType.lower() == f"video/{codec}"])
        yield await publisher.connect()


@pytest.mark.parametrize(
    ("codec", "frame"),
    [("vp8", vp8_of_size(16_000, 16_000)), ("h264", h264_of_size(16_000, 16_000)), ("vp8", vp8_of_size(1090, 1920))],
    ids=["VP8", "H.264", "a little too large"],
)
async def test_a_frame_that_claims_to_be_too_large_ends_its_session_and_is_not_decoded(
    codec: str, frame: bytes, server: Server, bystander: Bystander
) -> None:
    async with bystander.unharmed(), publishing_frames(server.url, codec, [frame]) as attacker:
        [worker] = [one for one in server.busy_workers() if one.pid != bystander.worker.pid]
        before = peak(worker.pid)
        most = [before]

        def ended() -> object:
            if worker.is_running():
                most.append(peak(worker.pid))
            return attacker.received("end") or attacker.control_channel.readyState == "closed"

        await attacker.until(ended)
        for end in attacker.received("end"):
            assert end["reason"] == "video_too_large"
            assert "2,073,600" in end["message"]
        assert max(most) - before < 100 * MEGABYTES


async def test_a_session_sends_two_videos_at_most(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    status, body, _ = await post(http, f"{server.url}/whip", describe([video(transport())] * 3))
    assert (status, "2" in body) == (422, True)


async def test_each_video_of_a_session_takes_a_place(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    """There are 3, one of which is the bystander's."""
    offer = describe([video(transport())] * 2)
    status, _, headers = await post(http, f"{server.url}/whip", offer)
    assert status == 201
    status, body, _ = await post(http, f"{server.url}/whip", offer)
    assert (status, "server_full" in body) == (503, True)
    async with http.delete(f"{server.url}{headers['Location']}") as deleted:
        assert deleted.status == 200
    await server.until_sessions(1)


async def test_a_small_picture_of_many_pixels_takes_bounded_memory(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    [worker] = server.snapshot_workers()
    before = peak(worker.pid)
    assert len(PNG) < 100_000
    url, headers = f"{server.url}/api/snapshot", {"Content-Type": "image/png"}
    async with bystander.unharmed(), http.post(url, data=PNG, headers=headers) as response:
        assert response.status == 200, await response.text()
    assert peak(worker.pid) - before < 450 * MEGABYTES
