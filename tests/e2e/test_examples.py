"""The examples that are pages, each as its reader starts it."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from tests.kit.browsers import PROJECT, opened
from tests.kit.serving import Server, serving

EXAMPLES = PROJECT / "examples"
PLAIN_PAGE = EXAMPLES / "plain-page" / "index.html"
SERVER_OF_PLAIN_PAGE = "http://127.0.0.1:8080"


@pytest_asyncio.fixture(scope="module")
async def dev_server(server: Server) -> AsyncIterator[str]:
    """``npm run dev`` in front of the server."""
    process = await asyncio.create_subprocess_exec(
        *(EXAMPLES / "node_modules" / ".bin" / "vite", "--host", "127.0.0.1", "--port", "0"),
        cwd=EXAMPLES,
        env={**os.environ, "HOLISTIC_URL": server.url, "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            async for line in process.stdout:
                if found := re.search(r"http://\S+", line.decode()):
                    break
            else:
                pytest.fail("the dev server did not start; see its output above")
        yield found[0]
    finally:
        process.terminate()
        await process.communicate()


@asynccontextmanager
async def another_site(html: str) -> AsyncIterator[str]:
    """A web server of its own, which has that page and an empty icon."""

    async def get_page(request: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    async def get_icon(request: web.Request) -> web.Response:
        return web.Response(content_type="image/x-icon")

    app = web.Application()
    app.add_routes([web.get("/", get_page), web.get("/favicon.ico", get_icon)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://localhost:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


async def until_frames(page: Page, element: str) -> None:
    await page.wait_for_function(
        "(element) => Number(document.querySelector(element).textContent.match(/^frame (\\d+)/)?.[1]) >= 5",
        arg=element,
    )


async def until_drawn(page: Page, pixels: int) -> None:
    """At the start of a session a picture may have no face, and fewer."""
    await page.wait_for_function(
        """(pixels) => {
            const { width, height } = document.querySelector("canvas");
            const { data } = document.querySelector("canvas").getContext("2d").getImageData(0, 0, width, height);
            return data.filter((value, index) => index % 4 === 3 && value > 0).length > pixels;
        }""",
        arg=pixels,
    )


async def test_the_plain_page_of_another_site_draws_landmarks(browser: Browser, server: Server) -> None:
    html = PLAIN_PAGE.read_text()
    assert len(html.splitlines()) < 40
    assert SERVER_OF_PLAIN_PAGE in html
    async with (
        another_site(html.replace(SERVER_OF_PLAIN_PAGE, server.url)) as url,
        opened(browser, url) as page,
    ):
        await until_frames(page, "p")
        await expect(page.locator("p")).to_have_text(re.compile(r"jaw \d+ % open"))
        await until_drawn(page, 500)
        await page.wait_for_function("document.querySelector('video').videoWidth === 640")


async def test_mediapipes_drawing_utils_draw_the_frames_as_they_come(browser: Browser, dev_server: str) -> None:
    async with opened(browser, f"{dev_server}drawing-utils/") as page:
        await until_frames(page, "#status")
        await until_drawn(page, 5000)


async def test_a_page_of_a_site_that_is_not_allowed_is_told_the_setting(browser: Browser) -> None:
    async with (
        serving() as server,
        another_site("<!doctype html><title>Another site</title>") as site,
        opened(browser, site, may_complain=True) as page,
    ):
        list_sessions = """async (url) => {
            const { listSessions } = await import(`${url}/sdk/holistic-rtc.js`);
            return await listSessions({ url }).then(() => "no error", ({ reason, message }) => `${reason}: ${message}`);
        }"""
        host, origin = server.url.removeprefix("http://"), site.rstrip("/")
        assert await page.evaluate(list_sessions, server.url) == (
            f"server-unreachable: {host} doesn't allow pages of {origin} to use it: "
            "add that to HOLISTIC_CORS_ORIGINS on the server"
        )
        assert await server.stop() == 0
        # The module is still there.
        assert await page.evaluate(list_sessions, server.url) == f"server-unreachable: {host} doesn't answer"
