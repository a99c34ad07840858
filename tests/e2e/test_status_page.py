"""The page for those who operate the server."""

import re
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, expect

from tests.e2e.test_accessibility import assert_accessible, go_live, until_state
from tests.kit.browsers import assert_fits_every_width, opened
from tests.kit.serving import Server, serving


async def test_it_shows_load_sessions_and_refusals_and_a_picture_if_asked_to(
    browser: Browser, page: Page, server: Server
) -> None:
    await go_live(page)
    await page.request.post(f"{server.url}/whip", data="no offer", headers={"Content-Type": "application/sdp"})
    async with opened(browser, f"{server.url}/status") as status:
        await until_state(status, "idle")
        await expect(status.get_by_test_id("server")).to_have_text(re.compile(r"^holistic-rtc [\d.]+, engine holistic"))
        await expect(status.get_by_test_id("server-places")).to_have_text(re.compile("^1 of"))
        await expect(status.get_by_test_id("server-tracked")).not_to_have_text("0")
        await expect(status.locator("#refusal-table")).to_contain_text("bad_offer")
        await expect(status.locator("#process-table")).to_contain_text("Session")
        row = status.locator("#session-table tbody tr")
        await expect(row).to_contain_text("640 × 480")
        await row.get_by_role("button").click()
        await expect(row.get_by_role("img", name="The newest picture of")).to_be_visible()
        await assert_accessible(status, "status")
        await assert_fits_every_width(status)
        await page.get_by_test_id("stop").click()
        await expect(status.get_by_text("Nobody is live.")).to_be_visible()
        await expect(status.locator("#end-table")).to_contain_text("deleted")


async def test_without_the_right_to_operate_it_shows_nothing(browser: Browser, guarded_server: Server) -> None:
    async with opened(browser, f"{guarded_server.url}/status", may_complain=True) as page:
        await expect(page.get_by_test_id("error")).to_contain_text("The server requires a token")
        await expect(page.get_by_test_id("operation-figures")).to_be_hidden()
    async with opened(browser, f"{guarded_server.url}/status#token=s+cret/1") as page:
        await until_state(page, "idle")
        await expect(page.get_by_test_id("server-places")).to_have_text(re.compile("^0 of"))


async def test_it_waits_for_a_server_that_is_restarted_and_does_without_the_right_to_list(browser: Browser) -> None:
    operator = '[{"name": "operator", "token": "o", "rights": ["operate"]}]'
    async with serving(environment={"HOLISTIC_TOKENS": operator}) as server:
        page_url = f"{server.url}/status#token=o"
        async with opened(browser, page_url, may_complain=True) as page:
            await expect(page.get_by_text("This token may not list sessions.")).to_be_visible()
            await server.stop()
            await expect(page.get_by_test_id("error")).to_contain_text("The server isn't responding")
            async with serving("--port", str(urlsplit(server.url).port), environment={"HOLISTIC_TOKENS": operator}):
                await until_state(page, "idle")
