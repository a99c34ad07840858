"""Makes the pictures of docs/gallery.md: the pages, as Chromium shows them, with the sample clip for a camera."""

import asyncio
import io
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from holistic_rtc.sample import portrait
from tests.kit.browsers import launched, opened
from tests.kit.serving import Server, serving

TARGET = Path(__file__).parents[1] / "docs" / "images"
WINDOW = (1280, 800)
PHONE = (390, 780)
MOVING = "() => window.holistic.lastFrame?.timestampMs > 3000"
"""Once the hands are up"""


async def save(page: Page, name: str, size: tuple[int, int] = WINDOW) -> None:
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    Image.open(io.BytesIO(await page.screenshot())).convert("RGB").save(TARGET / f"{name}.webp", quality=70, method=6)


async def play_sample(page: Page) -> None:
    await page.get_by_test_id("sample").click()
    await page.wait_for_function(MOVING)


async def take_pictures(browser: Browser, server: Server) -> None:
    async with opened(browser, server.url) as live:
        await play_sample(live)
        await save(live, "gallery-live")
        await save(live, "gallery-phone", PHONE)
        async with opened(browser, f"{server.url}/status") as status:
            await status.wait_for_function("() => document.querySelectorAll('#session-table tr').length > 1")
            await status.wait_for_timeout(10_000)  # So that the lines have a past.
            await save(status, "gallery-status")
    async with opened(browser, f"{server.url}/avatar") as avatar:
        await avatar.emulate_media(color_scheme="dark")
        await play_sample(avatar)
        await save(avatar, "gallery-avatar")
    async with opened(browser, f"{server.url}#snapshot") as snapshot:
        await snapshot.get_by_test_id("picture-file").set_input_files(portrait())
        await snapshot.locator('[data-snapshot="shown"]').wait_for()
        await save(snapshot, "gallery-snapshot")


async def main() -> None:
    async with async_playwright() as playwright, serving() as server, launched(playwright) as browser:
        await take_pictures(browser, server)


if __name__ == "__main__":
    asyncio.run(main())
