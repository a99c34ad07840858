"""``holistic-rtc vmc`` as its user runs it, and what a program at the other end receives."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterable
from datetime import timedelta

import numpy as np
import pytest

from holistic_rtc.client import HolisticClient, LandmarkMessage, Part, VideoFile
from holistic_rtc.model.result import FloatArray
from holistic_rtc.model.skeleton import BONES
from holistic_rtc.outputs.vmc import sending
from holistic_rtc.sessions.session import make_id
from tests.kit.commands import refused, running, told
from tests.kit.pictures import grace_hopper, shared_media
from tests.kit.publisher import Pictures
from tests.kit.serving import Server
from tests.kit.takes import posed
from tests.kit.vmc import Message, receiving

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_person_s_bones_until_the_session_ends(server: Server) -> None:
    async with (
        receiving() as program,
        HolisticClient(server.url) as client,
        client.publish(VideoFile(shared_media("wave.mp4"), loop=True), parts=[Part.RIG]) as published,
        running(
            *("vmc", "--url", server.url, "--session", published.session, "--to", f"127.0.0.1:{program.port}")
        ) as process,
    ):
        seen: list[LandmarkMessage] = []
        collecting = asyncio.create_task(collect(published.landmarks(buffer=100), seen))
        frames = await program.frames(8)
        await published.close()
        await collecting
        _, errors = await process.communicate()
    assert (process.returncode, errors.decode().splitlines()[-1]) == (0, "the session has ended")
    rigs = np.array([message.rig.rotations * (1, -1, -1, 1) for message in seen if message.rig])
    for frame in frames:
        status, _, root, *_ = frame
        assert status.values == (1, 3, 0, 1)
        assert root.values == ("root", 0, 0, 0, 0, 0, 0, 1)
        bones = bones_of(frame)
        assert bones.shape == (len(BONES), 4)
        # It is one of the frames that came to the publisher, too.
        assert np.abs(rigs - bones).max(axis=(1, 2)).min() < 1e-6
    times = [time for (time,) in program.values("/VMC/Ext/T")]
    assert times == sorted(times)


def bones_of(frame: list[Message]) -> FloatArray:
    """:return: a quaternion per bone"""
    return np.array([message.values[4:] for message in frame if message.address.endswith("Bone/Pos")])


async def collect(messages: AsyncIterable[LandmarkMessage], seen: list[LandmarkMessage]) -> None:
    async for message in messages:
        seen.append(message)


async def test_it_tells_when_no_frame_comes_and_when_that_is_over(server: Server) -> None:
    source = Pictures(grace_hopper())
    async with (
        receiving() as program,
        HolisticClient(server.url) as client,
        client.publish(source) as published,
        running(
            *("vmc", "--url", server.url, "--session", published.session),
            *("--to", f"127.0.0.1:{program.port}", "--arkit"),
        ) as process,
    ):
        [frame] = await program.frames(1)
        assert {"JawOpen", "TongueOut"} < {message.values[0] for message in frame if "Blend/Val" in message.address}
        source.picture = None
        await told(process, "no frames for 5 s")
        assert program.values("/VMC/Ext/OK")[-1] == (1, 3, 0, 0)
        source.picture = grace_hopper()
        await told(process, "frames are coming again")
        await program.frames(1)
        assert program.values("/VMC/Ext/OK")[-1] == (1, 3, 0, 1)


async def test_the_only_session_is_followed_to_the_next_one_but_not_to_somebody_else_s(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        receiving() as program,
        HolisticClient(server.url) as client,
        client.publish(Pictures(grace_hopper())) as mine,
        running("vmc", "--url", server.url, "--to", f"127.0.0.1:{program.port}") as process,
    ):
        await program.frames(1)
        async with client.publish(Pictures(grace_hopper(320, 240))) as theirs:
            lines = await refused(capsys, "vmc", "--url", server.url)
            assert "name one of them" in lines
            assert mine.session in lines
            assert theirs.session in lines
            # By ages in whole seconds, who began beside it can't be told before.
            async with asyncio.timeout(30):
                while min(session.age for session in await client.sessions()) < timedelta(seconds=4):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await mine.close()
            await told(process, "the session has ended")
            await told(process, "waiting for the next one")
            async with client.publish(Pictures(grace_hopper())) as mine_again:
                assert mine_again.session in await told(process, "following session")
                assert theirs.session != mine_again.session
                await program.frames(3)
        await told(process, "waiting for the next one")
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130


async def test_it_knows_when_no_program_listens() -> None:
    async with receiving() as program:
        port = program.port
    async with sending(f"127.0.0.1:{port}", arkit=False) as sender, asyncio.timeout(10):
        assert "no program is listening" not in sender.state()
        while "no program is listening there" not in sender.state():
            sender.send(posed())
            await asyncio.sleep(0.01)


async def test_of_a_name_it_takes_the_ipv4_address_where_avatar_programs_listen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(host: str, port: int, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> list[object]:
        found = [(socket.AF_INET6, ("::1", port, 0, 0)), (socket.AF_INET, ("127.0.0.1", port))]
        return [(known, type, proto, "", address) for known, address in found if family in (0, known)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    async with receiving() as program, sending(f"localhost:{program.port}", arkit=False) as sender:
        sending_on = asyncio.create_task(program.frames(1, timeout=10))
        while not sending_on.done():
            sender.send(posed())
            await asyncio.sleep(0.01)
        assert await sending_on


@pytest.mark.parametrize("to", ["39539", "127.0.0.1", "127.0.0.1:vmc", "127.0.0.1:0", "127.0.0.1:65536", ":39539"])
async def test_where_to_send_has_to_be_an_address(capsys: pytest.CaptureFixture[str], to: str) -> None:
    line = await refused(capsys, "vmc", "--url", "http://127.0.0.1:1", "--to", to)
    assert line == f"--to must be HOST:PORT, such as 127.0.0.1:39539, not {to}"


async def test_what_can_not_be_followed(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    await server.until_sessions(0)
    assert "can't be reached" in await refused(capsys, "vmc", "--url", "http://127.0.0.1:1")
    assert "there is no session at" in await refused(capsys, "vmc", "--url", server.url)
    assert "no such session" in await refused(capsys, "vmc", "--url", server.url, "--session", make_id())
