"""Firefox without permission to use a camera, which hides its addresses and says that its candidates are complete."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.kit.browsers import PROJECT, pixels
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Picture, PictureTrack, publishing
from tests.kit.serving import Server

DRIVER = Path(__file__).parent / "firefox" / "page.mjs"

CONNECTED = '() => document.body.dataset.state === "connected"'
FACE_SEEN = "() => window.holistic.lastFrame?.faceLandmarks.length === 1"
# Firefox counts no frames of a stream in getVideoPlaybackQuality().
PLAYS = """() => {
    const video = document.querySelector('[data-testid="annotated-video"]');
    window.firstTime ??= video.videoWidth > 0 ? video.currentTime : undefined;
    return video.currentTime > window.firstTime + 0.5;
}"""


class FirefoxPage:
    """A page that ``page.mjs`` drives. Whatever it does wrong fails the test at once."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def evaluate(self, function: str, argument: object = None) -> Any:
        return await self._command(evaluate=function, argument=argument)

    async def until(self, function: str, argument: object = None) -> None:
        """Wait until `function` returns something truthy in the page."""
        await self._command(until=function, argument=argument)

    async def click(self, test_id: str) -> None:
        await self._command(click=f'[data-testid="{test_id}"]')

    async def answer(self, timeout: float = 150) -> Any:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), timeout)
        assert line, "Firefox ended; see the output above"
        answer = json.loads(line)
        assert "result" in answer, answer.get("complaint") or answer["error"]
        return answer["result"]

    async def _command(self, **command: object) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        return await self.answer()


def find_firefox() -> str:
    found = subprocess.run([PROJECT / "scripts" / "find-firefox"], check=True, capture_output=True, text=True)
    return found.stdout.strip()


@asynccontextmanager
async def firefox(url: str) -> AsyncIterator[FirefoxPage]:
    """A page at `url`, in a Firefox of its own."""
    process = await asyncio.create_subprocess_exec(
        *("node", DRIVER, find_firefox(), url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    page = FirefoxPage(process)
    try:
        await page.answer()
        yield page
    finally:
        complaints, _ = await asyncio.wait_for(process.communicate(b""), timeout=60)
    assert not complaints, complaints.decode()
    assert process.returncode == 0


async def assert_hides_its_addresses(page: FirefoxPage) -> None:
    offer = await page.evaluate("() => window.holistic.client.peerConnection.localDescription.sdp")
    candidates = [line for line in offer.splitlines() if line.startswith("a=candidate:")]
    assert candidates
    assert all(".local " in candidate for candidate in candidates)
    assert "a=end-of-candidates" in offer


async def face_box(page: FirefoxPage) -> tuple[slice, slice]:
    """Where the newest frame with a face has it, in rows and columns of 640x480."""
    await page.until(FACE_SEEN)
    face = await page.evaluate("() => window.holistic.lastFrame.faceLandmarks[0].map(({ x, y }) => [y * 480, x * 640])")
    (top, left), (bottom, right) = np.min(face, axis=0).astype(int), np.max(face, axis=0).astype(int)
    return slice(top, bottom), slice(left, right)


def sharpness(picture: Picture) -> float:
    """Mean difference between neighbouring pixels, which lines raise."""
    return float(np.abs(np.diff(picture.astype(int), axis=1)).mean())


async def test_firefox_without_a_camera_watches_a_session(server: Server) -> None:
    portrait = grace_hopper()
    async with (
        publishing(server.url, [PictureTrack(portrait)]) as publisher,
        firefox(f"{server.url}/view/{publisher.session}") as page,
    ):
        await page.until(CONNECTED)
        await assert_hides_its_addresses(page)
        face = await face_box(page)
        await page.until(PLAYS)
        annotated = await pixels(page, "annotated-video")
    assert annotated.shape == portrait.shape
    assert np.abs(annotated.astype(int) - portrait).mean() < 15
    assert sharpness(annotated[face]) > 1.2 * sharpness(portrait[face])


async def test_firefox_without_a_camera_gets_its_sample_clip_back(server: Server) -> None:
    async with firefox(server.url) as page:
        await page.click("sample")
        await page.until(CONNECTED)
        await assert_hides_its_addresses(page)
        await page.until(FACE_SEEN)
        await page.until(PLAYS)
        before = await pixels(page, "annotated-video")
        seq = await page.evaluate("() => window.holistic.lastFrame.seq")
        await page.until("(seq) => window.holistic.lastFrame.seq > seq + 15", seq)
        after = await pixels(page, "annotated-video")
        assert await page.evaluate("() => document.querySelector('[data-testid=state]').textContent") == "Live"
    assert before.shape == after.shape == (480, 640, 3)
    assert np.abs(before.astype(int) - after).mean() > 1
