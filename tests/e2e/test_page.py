"""What the page says and does when all is not well, and for everybody who uses it."""

import re
import signal

import aiohttp
import pytest
from playwright.async_api import Browser, Page, Playwright, expect

from tests.kit.browsers import assert_fits_every_width, launched, opened
from tests.kit.serving import Server


async def until_state(page: Page, state: str) -> None:
    await page.wait_for_function("state => document.body.dataset.state === state", arg=state)


async def start(page: Page) -> None:
    await page.get_by_test_id("start").click()
    await until_state(page, "connected")


async def until_landmarks(page: Page) -> None:
    await page.evaluate("() => { window.holistic.lastFrame = null; }")
    await page.wait_for_function("() => window.holistic.lastFrame")


async def test_the_camera_can_be_looked_at_before_anything_is_sent(page: Page, server: Server) -> None:
    preview, mirror, draw = (page.get_by_test_id(name) for name in ("preview", "mirror", "draw"))
    sees = "width => document.getElementById('raw-video').videoWidth === width"
    await preview.click()
    await until_state(page, "preview")
    await page.wait_for_function(sees, arg=640)
    await expect(page.get_by_test_id("raw-video")).to_be_visible()
    await expect(page.get_by_test_id("inspector")).to_be_hidden()
    await expect(page.locator("label", has=mirror)).to_be_visible()
    await expect(page.locator("label", has=draw)).to_be_hidden()
    await page.get_by_test_id("size").select_option("320x240")
    await page.wait_for_function(sees, arg=320)
    assert await server.sessions() == 0
    await page.get_by_test_id("start").click()
    await until_state(page, "connected")
    await until_landmarks(page)
    await expect(preview).to_be_hidden()
    await page.keyboard.press("p")
    await until_landmarks(page)
    await until_state(page, "connected")
    await page.get_by_test_id("stop").click()
    await until_state(page, "idle")
    await page.keyboard.press("p")
    await until_state(page, "preview")
    track = await page.evaluate_handle("() => document.getElementById('raw-video').srcObject.getTracks()[0]")
    await page.keyboard.press("p")
    await until_state(page, "idle")
    assert await track.evaluate("track => track.readyState") == "ended"


async def test_a_blocked_camera_is_explained_and_can_be_tried_again(playwright: Playwright, server: Server) -> None:
    arguments = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    async with launched(playwright, *arguments) as browser, opened(browser, server.url) as page:
        await page.get_by_test_id("start").click()
        await until_state(page, "failed")
        await expect(page.get_by_test_id("error")).to_contain_text("camera is blocked")
        await expect(page.get_by_test_id("error")).to_contain_text("allow the camera")
        await page.context.grant_permissions(["camera"])
        await page.get_by_test_id("retry").click()
        await expect(page.get_by_test_id("stop")).to_be_focused()
        await until_state(page, "connected")


async def test_a_preview_that_failed_is_tried_again_as_a_preview(playwright: Playwright, server: Server) -> None:
    arguments = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    async with launched(playwright, *arguments) as browser, opened(browser, server.url) as page:
        await page.get_by_test_id("preview").click()
        await until_state(page, "failed")
        await expect(page.get_by_test_id("use-snapshots")).to_be_hidden()
        await page.context.grant_permissions(["camera"])
        await page.get_by_test_id("retry").click()
        await until_state(page, "preview")
        await expect(page.get_by_test_id("preview")).to_be_focused()


async def test_without_a_camera_the_sample_clip_is_offered_and_goes_the_same_way(
    browser_without_camera: Browser, server: Server
) -> None:
    async with opened(browser_without_camera, server.url) as page:
        await page.get_by_test_id("start").click()
        await until_state(page, "failed")
        await expect(page.get_by_test_id("error")).to_contain_text("No camera was found")
        await expect(page.get_by_test_id("error")).to_contain_text("sample clip")
        await page.get_by_test_id("retry-with-sample").click()
        await until_state(page, "connected")
        await page.wait_for_function("() => window.holistic.lastFrame?.faceLandmarks.length === 1")
        frame = await page.evaluate("() => window.holistic.lastFrame")
        assert (frame["width"], frame["height"]) == (640, 480)
        assert len(frame["poseLandmarks"][0]) == 33


async def test_an_insecure_page_is_explained_and_the_sample_clip_still_works(browser: Browser, server: Server) -> None:
    async with opened(browser, server.url.replace("127.0.0.1", "holistic.test")) as page:
        await page.get_by_test_id("start").click()
        await until_state(page, "failed")
        await expect(page.get_by_test_id("error")).to_contain_text("HTTPS")
        await page.get_by_test_id("sample").click()
        await until_state(page, "connected")
        await until_landmarks(page)


async def test_a_full_server_is_waited_for(browser: Browser, small_server: Server) -> None:
    async with (
        opened(browser, small_server.url) as first,
        opened(browser, small_server.url, may_complain=True) as second,
    ):
        await start(first)
        await second.get_by_test_id("start").click()
        await until_state(second, "waiting")
        await expect(second.get_by_test_id("error")).to_contain_text("server is full")
        await expect(second.get_by_test_id("error")).to_contain_text(re.compile(r"again in \d+ s|again…"))
        await first.get_by_test_id("stop").click()
        await until_state(second, "connected")


async def test_a_server_that_does_not_answer_is_explained_and_can_be_tried_again(
    browser: Browser, server: Server
) -> None:
    async with opened(browser, server.url, may_complain=True) as page:
        await page.context.set_offline(True)
        await page.get_by_test_id("start").click()
        await until_state(page, "failed")
        await expect(page.get_by_test_id("error")).to_contain_text("isn't responding")
        await page.context.set_offline(False)
        await page.get_by_test_id("retry").click()
        await until_state(page, "connected")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stuck"])
async def test_a_session_process_that_dies_or_hangs_is_replaced_by_itself(
    browser: Browser, server: Server, number: signal.Signals
) -> None:
    await server.until(lambda: not server.busy_workers())
    async with opened(browser, server.url, may_complain=True) as page:
        await start(page)
        await until_landmarks(page)
        (worker,) = server.busy_workers()
        worker.send_signal(number)
        await until_state(page, "reconnecting")
        await expect(page.get_by_test_id("error")).to_contain_text("connection was lost")
        await until_state(page, "connected")
        await until_landmarks(page)
        await server.until(lambda: len(server.busy_workers()) == 1)


async def test_a_session_that_is_ended_from_outside_is_not_begun_anew(browser: Browser, server: Server) -> None:
    async with opened(browser, server.url, may_complain=True) as page:
        async with page.expect_response(f"{server.url}/whip") as answer:
            await start(page)
        location = (await (await answer.value).all_headers())["location"]
        async with aiohttp.ClientSession() as http, http.delete(f"{server.url}{location}") as response:
            assert response.status == 200
        await until_state(page, "failed")
        await expect(page.get_by_test_id("error")).to_contain_text("ended the session")
        await page.get_by_test_id("retry").click()
        await until_state(page, "connected")


async def test_stop_works_while_connecting(page: Page, server: Server) -> None:
    await server.until_sessions(0)
    for _ in range(3):
        await page.get_by_test_id("start").click()
        await page.get_by_test_id("stop").click()
        await until_state(page, "idle")
    await server.until_sessions(0)


async def test_everything_can_be_done_with_the_keyboard(page: Page) -> None:
    await page.keyboard.press("Space")
    await until_state(page, "connected")
    for key, name in (("m", "mirror"), ("d", "draw"), ("s", "smoothing")):
        before = await page.get_by_test_id(name).is_checked()
        await page.keyboard.press(key)
        await expect(page.get_by_test_id(name)).to_be_checked(checked=not before)
    views = ("view-raw", "view-annotated", "view-both")
    seen = set()
    for _ in views:
        await page.keyboard.press("v")
        seen |= {view for view in views if await page.get_by_test_id(view).is_checked()}
    assert seen == set(views)
    await page.keyboard.press("Space")
    await until_state(page, "idle")


async def test_mirroring_turns_both_pictures_around_and_no_landmarks(page: Page) -> None:
    await start(page)
    await page.get_by_test_id("view-both").check(force=True)
    mirror = page.get_by_test_id("mirror")
    for wanted in (True, False):
        await mirror.set_checked(wanted, force=True)
        for video in ("raw-video", "annotated-video"):
            matrix = await page.get_by_test_id(video).evaluate("video => getComputedStyle(video).transform")
            scale = await page.get_by_test_id(video).evaluate("video => getComputedStyle(video).scale")
            assert (matrix.startswith("matrix(-1") or scale.startswith("-1")) is wanted


async def test_chinese_is_spoken_to_those_who_read_it_and_remembered(browser: Browser, server: Server) -> None:
    async with opened(browser, server.url, locale="zh-CN") as page:
        assert await page.evaluate("() => document.documentElement.lang") == "zh-Hans"
        await expect(page.get_by_test_id("start")).to_have_text(re.compile(r"[\u4e00-\u9fff]"))
        await page.get_by_test_id("language").click()
        await expect(page.get_by_test_id("start")).to_have_text("Start")
        await page.reload()
        await expect(page.get_by_test_id("start")).to_have_text("Start")


async def test_the_page_fits_every_width(page: Page) -> None:
    await assert_fits_every_width(page)
    await start(page)
    await until_landmarks(page)
    await assert_fits_every_width(page)


@pytest.mark.parametrize(("colour", "hint"), [("black", "too dark"), ("gray", "Nobody is in view")])
async def test_what_keeps_landmarks_from_being_found_is_said_below_the_picture(
    page: Page, colour: str, hint: str
) -> None:
    await page.add_init_script(
        f"""navigator.mediaDevices.getUserMedia = async () => {{
            const canvas = document.createElement("canvas");
            const context = canvas.getContext("2d");
            context.fillStyle = "{colour}";
            setInterval(() => context.fillRect(0, 0, canvas.width, canvas.height), 40);
            return canvas.captureStream(25);
        }}"""
    )
    await page.reload()
    await start(page)
    await expect(page.get_by_test_id("hint")).to_contain_text(hint, timeout=20_000)
    await page.get_by_test_id("stop").click()
    await expect(page.get_by_test_id("hint")).to_be_hidden()
