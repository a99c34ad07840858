"""The camera goes on while other pages are shown."""

from playwright.async_api import Browser, Frame, Page, expect

from tests.e2e.test_accessibility import assert_accessible, go_live, until_state
from tests.kit.browsers import assert_fits_every_width, opened
from tests.kit.serving import Server

NOBODY_WATCHES = """async () => {
    const { sessions } = await (await fetch("api/sessions")).json();
    return sessions.length === 1 && sessions[0].subscribers === 0;
}"""
SESSION = "() => window.holistic.client.sessionId"


async def companion(page: Page, path: str) -> Frame:
    """:return: the page in the frame, once it is connected."""
    element = await page.locator(f'[data-testid="companion"][src*="{path}"]').element_handle()
    frame = await element.content_frame()
    assert frame is not None
    await frame.wait_for_url(lambda url: path in url)
    await frame.wait_for_function("() => document.body.dataset.state === 'connected' && window.holistic.lastFrame")
    await expect(frame.locator(".page-header")).to_be_hidden()
    return frame


async def test_the_avatar_and_the_viewer_show_the_session_that_runs_on_the_live_page(
    page: Page, server: Server
) -> None:
    await go_live(page)
    session = await page.evaluate(SESSION)
    await page.locator("#menu-avatar").click()
    avatar = await companion(page, f"avatar?session={session}")
    await avatar.wait_for_function("() => document.body.hasAttribute('data-moved')")
    await expect(page.get_by_test_id("annotated-video")).to_be_hidden()
    await expect(page.locator("#menu-avatar")).to_have_attribute("aria-current", "page")
    await assert_accessible(page, "avatar beside the live page")
    await assert_fits_every_width(page)
    await page.get_by_test_id("language").click()
    await avatar.wait_for_function("() => document.documentElement.lang === 'zh-Hans'")
    await page.locator("#menu-view").click()
    await companion(page, f"view/{session}")
    await page.evaluate("() => history.back()")
    await companion(page, "avatar")
    await page.locator("#menu-index").click()
    await expect(page.get_by_test_id("annotated-video")).to_be_visible()
    await until_state(page, "connected")
    assert await page.evaluate(SESSION) == session
    await page.wait_for_function(NOBODY_WATCHES)


async def test_the_viewer_shows_the_session_that_moves_the_avatar(browser: Browser, server: Server) -> None:
    async with opened(browser, f"{server.url}/avatar") as page:
        await page.get_by_test_id("start").click()
        await until_state(page, "connected")
        session = await page.evaluate(SESSION)
        await page.locator("#menu-index").click()
        viewer = await companion(page, f"view/{session}")
        await viewer.wait_for_function("() => document.getElementById('annotated-video').videoWidth > 0")
        await page.locator("#menu-avatar").click()
        await expect(page.get_by_test_id("avatar")).to_be_visible()
        assert await page.evaluate(SESSION) == session
        await page.get_by_test_id("stop").click()
        await until_state(page, "idle")
        await page.evaluate("() => history.back()")
        await page.wait_for_function("() => history.state?.companion === 'index'")
        await expect(page.get_by_test_id("start")).to_be_visible()
        await page.locator("#menu-view").click()
        await expect(page).to_have_url(f"{server.url}/view")
