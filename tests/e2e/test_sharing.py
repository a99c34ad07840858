"""The publisher lets others watch: a link and its QR code, a name that lasts, a token for the server."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.test_accessibility import assert_accessible, go_live, until_state
from tests.kit.browsers import assert_fits_every_width, opened
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server, serving

META = 'name="local-network"'


async def link_in(page: Page) -> str:
    return await page.get_by_test_id("share-link").input_value()


async def test_other_devices_get_the_address_in_the_local_network_and_a_code_for_it(browser: Browser) -> None:
    async with serving("--host", "0.0.0.0") as server:
        own = f"http://127.0.0.1:{urlsplit(server.url).port}"
        async with opened(browser, own) as page:
            await go_live(page)
            await page.get_by_test_id("share").click()
            link = await link_in(page)
            others = urlsplit(link)
            if others.hostname == "127.0.0.1":
                pytest.skip("this machine is in no network")
            assert others.port == urlsplit(server.url).port
            await expect(page.get_by_test_id("share-code")).to_be_visible()
            await expect(page.get_by_test_id("share-local")).to_be_hidden()
            assert (await page.get_by_test_id("share-open").get_attribute("href") or "").startswith(f"{own}/view/")
            await assert_accessible(page, "share, with a code")
            async with opened(browser, link) as viewer:
                await until_state(viewer, "connected")
            # Nobody else is told the server's addresses.
            assert META in await (await page.request.get(own)).text()
            assert META not in await (await page.request.get(f"http://{others.netloc}")).text()
            proxied = await page.request.get(own, headers={"X-Forwarded-For": "203.0.113.5"})
            assert META not in await proxied.text()


async def test_a_name_makes_a_link_that_outlives_the_session_and_the_page(browser: Browser, server: Server) -> None:
    async with opened(browser, server.url) as page:
        await go_live(page)
        await page.get_by_test_id("share").click()
        await expect(page.get_by_test_id("share-local")).to_contain_text("--host 0.0.0.0")
        await expect(page.get_by_test_id("share-code")).to_be_hidden()
        session = await page.evaluate("() => window.holistic.client.sessionId")
        await page.get_by_test_id("share-name").fill("anna")
        await page.keyboard.press("Enter")
        await page.wait_for_function("() => document.getElementById('share-link').value.includes('/view/anna#')")
        await expect(page.get_by_test_id("share-link")).to_be_visible()
        assert await page.evaluate("() => window.holistic.client.sessionId") != session
        assert page.url == f"{server.url}/?name=anna"
        link = await link_in(page)
        await assert_accessible(page, "share, with a name")
        await page.reload()
        await go_live(page)
        await page.get_by_test_id("share").click()
        assert await link_in(page) == link
        await expect(page.get_by_test_id("share-name")).to_have_value("anna")
        async with opened(browser, link) as viewer:
            await until_state(viewer, "connected")


async def test_a_name_that_somebody_else_has_is_given_up(browser: Browser, server: Server) -> None:
    async with (
        publishing(server.url, [PictureTrack(grace_hopper())], path="/whip/taken?key=0123456789abcdefghijklmn"),
        opened(browser, server.url, may_complain=True) as page,
    ):
        await go_live(page)
        await page.get_by_test_id("share").click()
        await page.get_by_test_id("share-name").fill("taken")
        await page.keyboard.press("Enter")
        await until_state(page, "failed")
        await expect(page.get_by_test_id("error")).to_contain_text("taken")
        assert page.url == f"{server.url}/"
        await go_live(page)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
async def test_a_page_that_needs_a_token_asks_for_it(browser: Browser, guarded_server: Server, locale: str) -> None:
    async with opened(browser, guarded_server.url, locale=locale, may_complain=True) as page:
        card = page.get_by_test_id("error")
        await page.get_by_test_id("start").click()
        await until_state(page, "failed")
        await assert_accessible(page, "asks for a token")
        await assert_fits_every_width(page)
        await page.set_viewport_size({"width": 1280, "height": 900})
        for token in ("wrong", "s+cret/1"):
            async with page.expect_navigation():
                await card.locator(".token-form input").fill(token)
                await card.locator(".token-form button").click()
            await until_state(page, "idle")
            assert page.url == f"{guarded_server.url}/", "the token is in no history"
            await page.get_by_test_id("start").click()
            await until_state(page, "failed" if token == "wrong" else "connected")
            await expect(card).to_be_visible(visible=token == "wrong")
        await page.reload()
        await page.get_by_test_id("start").click()
        await until_state(page, "connected")
