"""A whole video: the tab that sends it to the server, shows how far it is, and offers the results."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from holistic_rtc.wire import as_json
from tests.kit.browsers import assert_fits_every_width, opened
from tests.kit.clips import make_clip
from tests.kit.serving import Server


@pytest_asyncio.fixture
async def tab(browser: Browser, server: Server) -> AsyncIterator[Page]:
    async with opened(browser, f"{server.url}#video") as page:
        yield page


async def drop(page: Page, data: bytes | None, name: str = "clip.mp4") -> None:
    """A file, or where there is none, text."""
    await page.evaluate(
        """([bytes, name]) => {
            const dataTransfer = new DataTransfer();
            if (bytes) {
                dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
            } else {
                dataTransfer.setData("text/plain", "hello");
            }
            document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
        }""",
        [None if data is None else list(data), name],
    )


async def download(page: Page, test_id: str) -> tuple[str, Path]:
    async with page.expect_download() as started:
        await page.get_by_test_id(test_id).click()
    saved = await started.value
    return saved.suggested_filename, Path(await saved.path())


async def choose(page: Page, path: Path) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.get_by_test_id("job-choose").click()
    await (await chooser.value).set_files(path)


async def test_a_dropped_video_is_tracked_and_both_results_can_be_saved(tab: Page, tmp_path: Path) -> None:
    await drop(tab, await asyncio.to_thread(make_clip(tmp_path / "clip.mp4", 30).read_bytes))
    await tab.locator('[data-job="done"]').wait_for()
    await expect(tab.get_by_test_id("job-facts")).to_have_text("clip.mp4 · 30 frames")
    name, path = await download(tab, "job-annotated.mp4")
    assert name == "clip-annotated.mp4"
    with av.open(path) as video:
        assert sum(1 for _ in video.decode(video=0)) == 30
    name, path = await download(tab, "job-landmarks.jsonl")
    assert name == "clip-landmarks.jsonl"
    lines = (await asyncio.to_thread(path.read_bytes)).splitlines()
    assert as_json.decode(lines[-1]).result.face_landmarks is not None
    await assert_fits_every_width(tab)


async def test_the_bar_shows_how_far_the_video_is_and_it_can_be_cancelled(tab: Page, tmp_path: Path) -> None:
    await choose(tab, make_clip(tmp_path / "long.mp4", 3000))
    await expect(tab.get_by_test_id("job-progress-text")).to_contain_text("of 3000 frames tracked")
    assert float(await tab.get_by_test_id("job-progress").get_attribute("max") or 0) == 3000
    await tab.get_by_test_id("language").click()
    await expect(tab.get_by_test_id("job-progress-text")).to_contain_text("/ 3000 帧")
    async with tab.expect_request(lambda request: request.method == "DELETE") as deleting:
        await tab.get_by_test_id("job-cancel").click()
    response = await (await deleting.value).response()
    assert response is not None
    assert response.status == 204
    await tab.locator('[data-job="empty"]').wait_for()


async def test_what_can_not_be_tracked_is_said_with_a_remedy(tab: Page) -> None:
    error = tab.get_by_test_id("job-error")
    await drop(tab, b"hello", "words.mp4")
    await expect(error).to_contain_text("The file can't be tracked")
    await expect(error).to_contain_text("can't be read as a picture or a video")
    await drop(tab, None)
    await expect(error).to_contain_text("There is no file")
    async with tab.expect_file_chooser():
        await tab.get_by_test_id("job-choose-other").click()


async def test_an_upload_that_failed_can_be_tried_again(browser: Browser, server: Server, tmp_path: Path) -> None:
    async with opened(browser, f"{server.url}#video", may_complain=True) as tab:
        await tab.context.set_offline(True)
        await drop(tab, await asyncio.to_thread(make_clip(tmp_path / "clip.mp4", 10).read_bytes))
        await expect(tab.get_by_test_id("job-error")).to_contain_text("isn't responding")
        await tab.context.set_offline(False)
        await tab.get_by_test_id("job-retry").click()
        await expect(tab.get_by_test_id("job-facts")).to_have_text("clip.mp4 · 10 frames")
