"""WCAG 2.2 AA, as far as axe sees it, in each state of each page, light and dark; and the share of the picture."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.kit.browsers import PROJECT, assert_fits_every_width, opened
from tests.kit.clips import make_clip
from tests.kit.serving import Server

AXE = PROJECT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PORTRAIT = PROJECT / "server" / "holistic_rtc" / "grace_hopper.jpg"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """async (tags) => {
    const { violations } = await axe.run(document, { runOnly: tags });
    return violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ target, failureSummary }) =>
        `${target.join(" ")}: ${failureSummary}`)]);
}"""
# The annotated picture within its element, as a share of the window.
SHARE = """() => {
    const video = document.getElementById("annotated-video");
    const { left, right, top, bottom } = video.getBoundingClientRect();
    const [width, height] = [right - left, bottom - top];
    const scale = Math.min(width / video.videoWidth, height / video.videoHeight);
    const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
    return inside ? (scale * video.videoWidth * scale * video.videoHeight) / (innerWidth * innerHeight) : 0;
}"""


async def until_state(page: Page, state: str) -> None:
    await page.wait_for_function("state => document.body.dataset.state === state", arg=state)


async def go_live(page: Page) -> None:
    await page.get_by_test_id("start").click()
    await until_state(page, "connected")
    await page.wait_for_function("() => window.holistic.lastFrame?.faceLandmarks.length === 1")


async def assert_accessible(page: Page, state: str) -> None:
    """:param state: what the page shows, for the message."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(await asyncio.to_thread(AXE.read_text, "utf-8"))
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        violations: list[Any] = await page.evaluate(RUN_AXE, RULES)
        assert not violations, (state, scheme, violations)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
async def test_the_pages_before_the_start(browser: Browser, server: Server, locale: str) -> None:
    for path, state in (("", "idle"), ("#snapshot", "idle"), ("#video", "idle"), ("view", "idle"), ("avatar", "idle")):
        async with opened(browser, f"{server.url}/{path}", locale=locale) as page:
            await until_state(page, state)
            await assert_accessible(page, path or "live")
            assert await page.locator(":is(button, input, select):disabled:visible").count() == 0, "nothing is grey"
            await expect(page.get_by_test_id("inspector")).to_be_hidden()
            await page.keyboard.press("?")
            await expect(page.locator("#help")).to_be_visible()
            await assert_accessible(page, f"{path}, with help")


async def test_the_live_page_while_it_connects_when_it_is_live_and_with_the_link_to_share(
    page: Page, server: Server
) -> None:
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await page.get_by_test_id("preview").click()
    await until_state(page, "preview")
    await assert_accessible(page, "preview")
    await page.route("**/whip", hold)
    await page.get_by_test_id("start").click()
    await until_state(page, "connecting")
    await assert_accessible(page, "connecting")
    assert await page.evaluate("() => document.getAnimations().length") == 0, "nothing moves by itself"
    held.set()
    await until_state(page, "connected")
    await page.wait_for_function("() => window.holistic.lastFrame?.faceLandmarks.length === 1")
    await expect(page.get_by_test_id("inspector")).to_be_visible()
    await assert_accessible(page, "live")
    await page.get_by_test_id("share").click()
    await assert_accessible(page, "share")
    link = await page.get_by_test_id("share-link").input_value()
    await page.keyboard.press("Escape")
    async with opened(page.context.browser, link) as viewer:  # type: ignore[arg-type]
        await until_state(viewer, "connected")
        await viewer.wait_for_function("() => window.holistic.lastFrame")
        await assert_accessible(viewer, "viewer")
    async with opened(page.context.browser, f"{server.url}/view") as viewer:  # type: ignore[arg-type]
        await viewer.get_by_test_id("sessions").get_by_role("link").wait_for()
        await assert_accessible(viewer, "list of sessions")


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
async def test_the_cards_of_what_went_wrong(browser: Browser, server: Server, locale: str) -> None:
    async with opened(browser, server.url, locale=locale, may_complain=True) as page:
        await page.context.set_offline(True)
        await page.get_by_test_id("start").click()
        await until_state(page, "failed")
        await assert_accessible(page, "failed")
    async with opened(browser, f"{server.url}/view/gone", locale=locale, may_complain=True) as page:
        await expect(page.get_by_test_id("error")).to_be_visible()
        await assert_accessible(page, "viewer without a session")
    async with opened(browser, f"{server.url}/nothing", locale=locale, may_complain=True) as page:
        title = "此地址没有内容" if locale == "zh-CN" else "There is nothing at this address"
        await expect(page.get_by_role("heading", level=1)).to_have_text(title)
        await assert_accessible(page, "nothing there")
        await assert_fits_every_width(page)
        answer = await page.request.get(f"{server.url}/nothing")
        assert (await answer.json())["code"] == "not_found", "a program gets JSON"
        await page.get_by_role("link").click()
        await until_state(page, "idle")


async def test_a_picture_with_its_landmarks(browser: Browser, server: Server) -> None:
    async with opened(browser, f"{server.url}#snapshot") as page:
        await page.get_by_test_id("picture-file").set_input_files(PORTRAIT)
        await page.locator('[data-snapshot="shown"]').wait_for()
        await expect(page.get_by_test_id("inspector")).to_be_visible()
        await assert_accessible(page, "snapshot")


async def test_a_video_while_it_is_tracked_and_when_it_is_done(
    browser: Browser, server: Server, tmp_path: Path
) -> None:
    async with opened(browser, f"{server.url}#video") as page:
        await page.get_by_test_id("job-file").set_input_files(make_clip(tmp_path / "long.mp4", 3000))
        await expect(page.get_by_test_id("job-progress-text")).to_contain_text("of 3000 frames tracked")
        await assert_accessible(page, "video, running")
        await page.get_by_test_id("job-cancel").click()
        await page.locator('[data-job="empty"]').wait_for()
        await page.get_by_test_id("job-file").set_input_files(make_clip(tmp_path / "short.mp4", 6))
        await page.locator('[data-job="done"]').wait_for()
        await assert_accessible(page, "video, done")


async def test_the_avatar_when_it_moves(browser: Browser, server: Server) -> None:
    async with opened(browser, f"{server.url}/avatar") as page:
        await page.get_by_test_id("sample").click()
        await until_state(page, "connected")
        await assert_accessible(page, "avatar, live")


async def test_the_annotated_picture_has_at_least_half_of_a_window_and_details_fold(page: Page) -> None:
    await page.set_viewport_size({"width": 1440, "height": 900})
    await go_live(page)
    await page.wait_for_function("() => document.getElementById('annotated-video').videoWidth > 0")
    details = page.get_by_test_id("inspector")
    await expect(details).to_be_visible()
    assert await page.evaluate(SHARE) >= 0.5
    await page.locator(".figure-delay").hover()
    await expect(page.locator("#tip-delay")).to_be_visible()
    await page.locator("#tip-delay").hover()
    await expect(page.locator("#tip-delay")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#tip-delay")).to_be_hidden()
    await page.get_by_test_id("details").click()
    await expect(details).to_be_hidden()
    await expect(page.get_by_test_id("details")).to_have_attribute("aria-expanded", "false")
    assert await page.evaluate(SHARE) >= 0.5
    assert await page.evaluate("() => document.documentElement.scrollHeight <= innerHeight"), "all is in one window"
    await page.keyboard.press("i")
    await expect(details).to_be_visible()


async def test_on_a_phone_the_annotated_picture_comes_first(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await go_live(page)
    await page.get_by_test_id("view-both").check(force=True)
    annotated, raw = [await page.get_by_test_id(f"{name}-video").bounding_box() for name in ("annotated", "raw")]
    assert annotated is not None
    assert raw is not None
    assert annotated["y"] + annotated["height"] <= raw["y"]
    assert annotated["y"] + annotated["height"] < 500
    assert annotated["width"] > 350


async def test_no_state_of_the_header_makes_the_page_scroll_sideways(page: Page) -> None:
    await page.add_init_script("navigator.mediaDevices.getUserMedia = () => new Promise(() => {})")
    await page.reload()
    await page.get_by_test_id("start").click()
    await expect(page.get_by_test_id("state")).to_have_text("Starting")
    await assert_fits_every_width(page)
