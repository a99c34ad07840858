"""FFmpeg's WHIP muxer follows a redirect, and ends its session on the node that it was redirected to."""

import asyncio
import threading
from pathlib import Path

import pytest

from holistic_rtc.client import HolisticClient
from tests.interop.test_ffmpeg_whip import publish
from tests.kit.certificates import self_signed
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Pictures
from tests.kit.serving import Server

from .conftest import TOKEN

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.alone]


async def test_ffmpeg_follows_a_redirect(nodes: list[Server], tmp_path: Path) -> None:
    full, _, emptiest = nodes
    certificate, key = self_signed(tmp_path, "ffmpeg")
    options = {"cert_file": str(certificate), "key_file": str(key), "authorization": TOKEN}
    stopped = threading.Event()
    async with HolisticClient(full.url, token=TOKEN) as client, client.publish(Pictures(grace_hopper(), fps=5)):
        published = asyncio.create_task(
            asyncio.to_thread(publish, f"{full.url}/whip/stage", "baseline", options, stopped)
        )
        try:
            info = await client.session("stage", wait=20)
            async with client.subscribe(info.id) as subscribed:
                await anext(subscribed.landmarks())
            assert await emptiest.sessions() == 1
        finally:
            stopped.set()
            await published
        await emptiest.until_sessions(0, timeout=3)
