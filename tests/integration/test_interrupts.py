"""Commands that are told more than once to end."""

import asyncio
import signal

import pytest

from tests.kit.commands import running, told
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_ctrl_c_twice_ends_a_command_that_is_ending(server: Server) -> None:
    async with publishing(server.url, [PictureTrack(grace_hopper(320, 240))]) as publisher:
        await publisher.until_landmarks(1)
        async with running("record", "--url", server.url, "-o", "-") as process:
            await told(process, "Ctrl-C to stop")
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(30):
                await process.communicate()
