"""The Python examples, each as its reader starts it."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.kit.clips import make_person_clip
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"


@asynccontextmanager
async def script(name: str, *arguments: str | Path) -> AsyncIterator[asyncio.StreamReader]:
    """What it prints; it has to end by itself after the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, EXAMPLES / name, *arguments), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process.stdout
        async with asyncio.timeout(30):
            await process.stdout.read()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_gestures_are_printed_until_the_session_ends(server: Server) -> None:
    async with publishing(server.url, [PictureTrack(grace_hopper())], direction="sendonly") as publisher:
        await publisher.until(lambda: publisher.landmarks and publisher.landmarks[-1].result.face_transform is not None)
        async with script("gestures.py", server.url, publisher.session) as output:
            line = (await asyncio.wait_for(output.readline(), 30)).decode()
            yaw = re.fullmatch(r" +\d+\.\d\d s   pinch not seen   yaw (-?\d+\.\d) °\n", line)
            assert yaw, line
            assert abs(float(yaw[1])) < 40
            await publisher.delete()
            publisher.location = ""


async def test_landmarks_of_a_file_are_saved(server: Server, tmp_path: Path) -> None:
    video, output = make_person_clip(tmp_path / "clip.mp4"), tmp_path / "clip.npz"
    async with script("save_landmarks.py", server.url, video, output):
        pass
    with np.load(output) as saved:
        times = saved["timestamp_ms"]
        assert len(times) >= 3
        assert (np.diff(times) > 0).all()
        assert saved["pose_world_landmarks"].shape == (len(times), 33, 3)
        assert np.isfinite(saved["face_transform"]).all(axis=(1, 2)).mean() > 0.8
