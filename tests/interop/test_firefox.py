"""Firefox without permission to use a camera, which hides its addresses and says that its candidates are complete."""

from base64 import b64encode
from pathlib import Path

import numpy as np

from tests.interop.firefox import FirefoxPage, firefox
from tests.kit.browsers import pixels
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Picture, PictureTrack, publishing
from tests.kit.serving import Server, serving

PORTRAIT = Path(__file__).parents[2] / "server" / "holistic_rtc" / "grace_hopper.jpg"
CHOOSE = """(base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.codePointAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], "portrait.jpg", { type: "image/jpeg" }));
    const input = document.getElementById("picture-file");
    input.files = files.files;
    input.dispatchEvent(new Event("change"));
}"""
CONNECTED = '() => document.body.dataset.state === "connected"'
FACE_SEEN = "() => window.holistic.lastFrame?.faceLandmarks.length === 1"
# Firefox counts no frames of a stream in getVideoPlaybackQuality().
PLAYS = """() => {
    const video = document.querySelector('[data-testid="annotated-video"]');
    window.firstTime ??= video.videoWidth > 0 ? video.currentTime : undefined;
    return video.currentTime > window.firstTime + 0.5;
}"""


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


async def test_firefox_gets_the_motion_for_an_avatar_and_says_so_if_it_can_not_draw(server: Server) -> None:
    async with (
        publishing(server.url, [PictureTrack(grace_hopper())]) as publisher,
        firefox(f"{server.url}/avatar?session={publisher.session}", may_complain=True) as page,
    ):
        await page.until("() => window.holistic.lastFrame?.rig")
        draws = await page.evaluate("() => document.createElement('canvas').getContext('webgl2') !== null")
        # Without a graphics card, a headless Firefox doesn't.
        assert await page.evaluate("() => document.getElementById('graphics').hidden") is draws
        if not draws:
            title = await page.evaluate("() => document.getElementById('graphics-title').textContent")
            assert title == "This browser can't draw in 3D"


async def test_firefox_takes_a_snapshot_of_a_picture(server: Server) -> None:
    async with firefox(f"{server.url}/#snapshot") as page:
        await page.evaluate(CHOOSE, b64encode(PORTRAIT.read_bytes()).decode())
        await page.until("() => document.querySelector('[data-snapshot=shown]')")
        await page.until(FACE_SEEN)


async def test_firefox_goes_on_with_snapshots_while_the_server_is_full() -> None:
    async with (
        serving("--max-sessions", "1") as server,
        publishing(server.url, [PictureTrack(grace_hopper())]),
        firefox(server.url, may_complain=True) as page,
    ):
        await page.click("sample")
        await page.until("() => document.body.dataset.state === 'waiting'")
        await page.click("use-snapshots")
        await page.until("() => document.body.dataset.state === 'snapshots' && window.holistic.lastFrame?.seq > 2")
        assert await page.evaluate("() => window.holistic.lastFrame.leftHandLandmarks.length > 0")
