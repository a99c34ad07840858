"""The page does what it is for: a webcam comes back annotated, with its landmarks."""

import re
from typing import Any, cast

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.model.result import HolisticResult
from holistic_rtc.tracking.mediapipe.engine import MediaPipeTracker
from tests.kit.browsers import opened, pixels
from tests.kit.persons import first_of
from tests.kit.publisher import Picture
from tests.kit.serving import Server

pytestmark = pytest.mark.alone

CONNECTED = '() => document.body.dataset.state === "connected"'
FACE_SEEN = "() => window.holistic.lastFrame?.faceLandmarks.length === 1"
FRAME_WITH_FACE = "() => window.holistic.lastFrame.faceLandmarks.length === 1 && window.holistic.lastFrame"


async def start(page: Page, button: str = "start") -> None:
    await page.get_by_test_id(button).click()
    await page.wait_for_function(CONNECTED)
    await page.wait_for_function(FACE_SEEN)


def track_offline(clip: list[Picture]) -> list[HolisticResult]:
    tracker = MediaPipeTracker(find(PoseModel.LITE).path)
    # The fake camera plays the clip in a loop, too.
    before = clip[-10:]
    results = [first_of(tracker.track(picture, 33 * number)) for number, picture in enumerate([*before, *clip])]
    tracker.close()
    return results[len(before) :]


async def frame_with_face(page: Page) -> dict[str, Any]:
    """The next one; a tracker that has just begun may miss the face for a moment."""
    return cast("dict[str, Any]", await (await page.wait_for_function(FRAME_WITH_FACE)).json_value())


def to_pixels(points: list[dict[str, float]], width: int = 640, height: int = 480) -> np.ndarray:
    """The browser sends smaller pictures when it is short of CPU; this is in those that the camera gave."""
    return np.array([(point["x"] * width, point["y"] * height) for point in points])


async def test_landmarks_in_the_page_agree_with_the_offline_tracker(page: Page, clip: list[Picture]) -> None:
    expected = track_offline(clip)
    faces = [result.face_landmarks[:, :2] * (640, 480) for result in expected if result.face_landmarks is not None]
    poses = [result.pose_landmarks[:, :2] * (640, 480) for result in expected if result.pose_landmarks is not None]
    head = slice(0, 11)  # The shoulders are at the edge of the picture, where the pose is a guess.
    await start(page)
    for _ in range(3):
        frame = await frame_with_face(page)
        face, pose = to_pixels(frame["faceLandmarks"][0]), to_pixels(frame["poseLandmarks"][0])
        assert min(np.abs(face - other).mean() for other in faces) < 3
        assert min(np.abs(pose[head] - other[head]).mean() for other in poses) < 12
        assert len(frame["faceBlendshapes"][0]["categories"]) == 52
        await page.wait_for_function("seq => window.holistic.lastFrame.seq > seq + 5", arg=frame["seq"])


async def test_annotated_frames_come_back_and_differ_from_the_raw_ones_where_the_face_is(page: Page) -> None:
    await start(page)
    await page.wait_for_function(
        "() => document.getElementById('annotated-video').getVideoPlaybackQuality().totalVideoFrames > 10"
    )
    annotated = await pixels(page, "annotated-video")
    height, width = annotated.shape[:2]
    assert width * 3 == height * 4
    face = to_pixels((await frame_with_face(page))["faceLandmarks"][0], width, height)
    left, top = np.clip(face.min(axis=0).astype(int), 0, None)
    right, bottom = face.max(axis=0).astype(int)
    drawn = annotated[top:bottom, left:right]
    await page.get_by_test_id("draw").uncheck(force=True)
    seq = (await frame_with_face(page))["seq"]
    await page.wait_for_function("seq => window.holistic.lastFrame.seq > seq + 15", arg=seq)
    plain = (await pixels(page, "annotated-video"))[top:bottom, left:right]
    assert sharpness(drawn) > 1.5 * sharpness(plain)


def sharpness(picture: Picture) -> float:
    """Mean difference between neighbouring pixels, which lines raise."""
    return float(np.abs(np.diff(picture.astype(int), axis=1)).mean())


async def test_the_page_shows_figures_counts_blendshapes_and_the_newest_frame(page: Page) -> None:
    await start(page)
    await expect(page.get_by_test_id("points")).to_contain_text("478")
    await expect(page.get_by_test_id("points")).to_contain_text("33")
    await expect(page.get_by_test_id("blendshapes")).to_contain_text("jawOpen")
    await expect(page.get_by_test_id("frame-json")).to_contain_text('"seq"')
    for figure in ("fps-sent", "fps-received", "tracker-ms", "dropped", "rtt", "delay", "bitrate"):
        await expect(page.get_by_test_id(figure)).to_contain_text(re.compile("[0-9]"))


async def test_the_picture_size_changes_in_mid_session_without_a_new_connection(page: Page) -> None:
    await start(page)
    session = await page.evaluate("() => window.holistic.client.sessionId")
    await page.get_by_test_id("size").select_option("320x240")
    await page.wait_for_function("() => window.holistic.lastFrame.width === 320")
    assert await page.evaluate("() => window.holistic.client.sessionId") == session


async def test_stop_frees_the_place_and_the_page_can_start_again(page: Page, server: Server) -> None:
    await server.until_sessions(0)
    await start(page)
    assert await server.sessions() == 1
    await page.get_by_test_id("stop").click()
    await page.wait_for_function('() => document.body.dataset.state === "idle"')
    await server.until_sessions(0, timeout=5)
    await start(page)


async def test_a_closed_tab_frees_its_place(browser: Browser, server: Server) -> None:
    await server.until_sessions(0)
    async with opened(browser, server.url) as other:
        await start(other)
        assert await server.sessions() == 1
        await other.close(run_before_unload=False)
        await server.until_sessions(0, timeout=5)


async def test_a_page_of_another_site_uses_the_client_that_the_server_serves(browser: Browser, server: Server) -> None:
    async def rig(request: web.Request) -> web.Response:
        return web.Response(text='<link rel="icon" href="data:,">', content_type="text/html")

    site = web.Application()
    site.router.add_get("/", rig)
    async with TestServer(site) as rig_server, opened(browser, str(rig_server.make_url("/"))) as page:
        seen = await page.evaluate(
            """async (url) => {
                const { HolisticClient } = await import(`${url}/sdk/holistic-rtc.js`);
                const client = new HolisticClient({ url, parts: ["face"] });
                const face = new Promise((resolve) =>
                    client.on("landmarks", (frame) => frame.faceLandmarks[0] && resolve(frame)));
                await client.connect(await navigator.mediaDevices.getUserMedia({ video: true }), { video: false });
                const { faceLandmarks, poseLandmarks } = await face;
                await client.close();
                return [faceLandmarks[0].length, poseLandmarks.length];
            }""",
            server.url,
        )
    assert seen == [478, 0]
