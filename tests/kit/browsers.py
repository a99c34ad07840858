"""Chromium and its pages."""

import base64
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image
from playwright.async_api import Browser, Page, Playwright

from tests.kit.publisher import Picture

PROJECT = Path(__file__).parents[2]
WIDTHS = (320, 360, 401, 440, 481, 520, 561, 600, 641, 700, 761, 860, 980, 1100, 1160, 1241, 1300, 1401, 1600)
"""In pixels: where the pages' layouts begin, and between"""


def find_chromium() -> str:
    found = subprocess.run([PROJECT / "scripts" / "find-chromium"], check=True, capture_output=True, text=True)
    return found.stdout.strip()


@asynccontextmanager
async def launched(playwright: Playwright, *arguments: str) -> AsyncIterator[Browser]:
    browser = await playwright.chromium.launch(
        executable_path=find_chromium(),
        args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", *arguments],
    )
    try:
        yield browser
    finally:
        await browser.close()


@asynccontextmanager
async def opened(
    browser: Browser,
    url: str,
    *,
    locale: str = "en-GB",
    may_complain: bool = False,
) -> AsyncIterator[Page]:
    """
    :param may_complain: for tests in which the page's requests are to fail.
    """
    context = await browser.new_context(locale=locale, viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    try:
        await page.goto(url)
        yield page
    finally:
        await context.close()
    assert may_complain or not complaints, complaints


async def assert_fits_every_width(page: Page) -> None:
    """Nothing has to be scrolled to from the side, from 320 pixels on (WCAG 1.4.10)."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("() => document.documentElement.scrollWidth") <= width


class Evaluates(Protocol):
    """A page, by whatever it is driven."""

    async def evaluate(self, expression: str, arg: Any = None, /) -> Any: ...


async def pixels(page: Evaluates, test_id: str) -> Picture:
    """What a video element shows now, in the size of its frames, or what a canvas does."""
    data = await page.evaluate(
        """async (id) => {
            const source = document.querySelector(`[data-testid="${id}"]`);
            const canvas = new OffscreenCanvas(source.videoWidth ?? source.width, source.videoHeight ?? source.height);
            canvas.getContext("2d").drawImage(source, 0, 0);
            const blob = await canvas.convertToBlob({ type: "image/png" });
            const bytes = new Uint8Array(await blob.arrayBuffer());
            return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
        }""",
        test_id,
    )
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))).convert("RGB"))
