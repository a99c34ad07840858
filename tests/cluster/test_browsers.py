"""A page's requests follow redirects to another origin, where browsers send no token."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from holistic_rtc.client import HolisticClient
from tests.kit.browsers import launched, opened
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Pictures
from tests.kit.redis import RedisServer
from tests.kit.serving import Server

from .conftest import TOKEN, starting_node

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.alone]

TRACKED = "() => window.holistic.lastFrame"


@pytest_asyncio.fixture(loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    arguments = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    async with async_playwright() as playwright, launched(playwright, *arguments) as browser:
        yield browser


async def until_state(page: Page, state: str) -> None:
    await page.wait_for_function("state => document.body.dataset.state === state", arg=state)


async def test_a_page_publishes_to_and_watches_on_another_node_than_its_own(
    nodes: list[Server], browser: Browser
) -> None:
    full, _, emptiest = nodes
    camera = Pictures(grace_hopper(), fps=10)
    async with (
        HolisticClient(full.url, token=TOKEN) as client,
        client.publish(camera),
        opened(browser, f"{full.url}/#token={TOKEN}") as page,
    ):
        await page.get_by_test_id("start").click()
        await until_state(page, "connected")
        await page.wait_for_function(TRACKED)
        assert await emptiest.sessions() == 1
        await page.get_by_test_id("share").click()
        link = await page.get_by_test_id("share-link").input_value()
        await page.keyboard.press("Escape")
        assert link.startswith(f"{full.url}/view/")
        # With the viewing key only
        async with opened(browser, link) as viewer:
            await until_state(viewer, "connected")
            await viewer.wait_for_function(TRACKED)
        await page.get_by_test_id("stop").click()
        await emptiest.until_sessions(0, timeout=3)


@pytest.mark.parametrize("with_its_workers", [False, True])
async def test_a_page_whose_node_is_killed_publishes_to_another_within_3_s(
    nodes: list[Server], redis: RedisServer, browser: Browser, with_its_workers: bool
) -> None:
    full, _, third = nodes
    camera = Pictures(grace_hopper(), fps=10)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(HolisticClient(full.url, token=TOKEN))
        await stack.enter_async_context(client.publish(camera))
        victim = await stack.enter_async_context(starting_node(redis, 9, HOLISTIC_CORS_ORIGINS=json.dumps([full.url])))
        async with asyncio.timeout(5):
            while (await redis.free_places()).get(victim.url) != 9:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        page = await stack.enter_async_context(opened(browser, f"{full.url}/#token={TOKEN}", may_complain=True))
        await page.get_by_test_id("start").click()
        await until_state(page, "connected")
        await page.wait_for_function(TRACKED)
        assert await victim.sessions() == 1
        killed = time.monotonic()
        # Workers tell their peers that the server has gone, unless they go with it.
        for process in reversed(victim.tree() if with_its_workers else [victim.front]):
            process.kill()
        await until_state(page, "reconnecting")
        await page.evaluate("() => { window.holistic.lastFrame = null; }")
        await page.wait_for_function(TRACKED)
        assert time.monotonic() - killed < 3
        assert await third.sessions() == 1
