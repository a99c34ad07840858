"""A publisher's audio, which subscribers get as it is."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import av
import pytest
from aiortc.rtp import RtpPacket

from tests.kit.commands import running
from tests.kit.packets import listen
from tests.kit.peer import Peer
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import OpusTrack, PictureTrack, publishing
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def hearing(
    url: str, session: str, kinds: Sequence[str] = ("audio", "video")
) -> AsyncIterator[tuple[Peer, list[RtpPacket]]]:
    """A subscriber that asks for audio, too, and what it hears."""
    async with aiohttp.ClientSession() as http, Peer(url, http) as subscriber:
        for kind in kinds:
            subscriber.pc.addTransceiver(kind, direction="recvonly")
        heard = listen(subscriber.pc, "audio")
        await subscriber.negotiate(f"/whep/{session}")
        yield subscriber, heard


def section(answer: str, kind: str) -> str:
    return answer.split(f"m={kind} ")[1].split("m=")[0]


async def test_subscribers_hear_each_packet_of_the_publisher_which_does_not_hear_itself(server: Server) -> None:
    spoken = [None if count % 50 in (20, 21, 22) else b"opus %d" % count for count in range(3000)]
    tracks = [OpusTrack(spoken), PictureTrack(grace_hopper(), fps=15)]
    async with publishing(server.url, tracks) as publisher:
        assert "a=recvonly" in section(publisher.answer, "audio")
        async with (
            hearing(server.url, publisher.session) as (subscriber, heard),
            hearing(server.url, publisher.session, ["audio"]) as (listener, heard_alone),
        ):
            assert "a=sendonly" in section(subscriber.answer, "audio")
            await subscriber.until(lambda: len(heard) > 60)
            await listener.until(lambda: len(heard_alone) > 10)
    numbers = [int(packet.payload.split()[1]) for packet in heard]
    assert numbers == [number for number in range(numbers[0], numbers[-1] + 1) if spoken[number]]
    for earlier, later in itertools.pairwise(heard):
        gap = int(later.payload.split()[1]) - int(earlier.payload.split()[1])
        assert (later.timestamp - earlier.timestamp) % 2**32 == gap * OpusTrack.TICKS


async def test_without_audio_of_the_publisher_nothing_is_promised(server: Server) -> None:
    async with (
        publishing(server.url, [PictureTrack(grace_hopper(), fps=15)]) as publisher,
        hearing(server.url, publisher.session) as (subscriber, _),
    ):
        assert "a=inactive" in section(subscriber.answer, "audio")
        assert "a=sendonly" in section(subscriber.answer, "video")


async def test_a_recording_keeps_the_audio_as_it_is(server: Server, tmp_path: Path) -> None:
    take = tmp_path / "take.csv"
    spoken = [b"\xf8 %05d" % count for count in range(3000)]  # 20 ms each
    tracks = [OpusTrack(spoken), PictureTrack(grace_hopper(), fps=15)]
    async with publishing(server.url, tracks) as publisher:
        await publisher.until_landmarks(1)
        command = ("record", "--url", server.url, "-o", take, "--session", publisher.session, "--seconds", "2")
        async with running(*command) as process:
            _, messages = await process.communicate()
    assert process.returncode == 0
    assert f"the audio is in {take}.ogg".encode() in messages
    with av.open(f"{take}.ogg") as container:
        kept = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    first = spoken.index(next(packet for packet in kept if packet in spoken))
    heard = [packet for packet in kept if packet in spoken]
    assert heard == spoken[first : first + len(heard)]
    assert 50 < len(heard) < 150
