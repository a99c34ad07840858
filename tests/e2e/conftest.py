"""A real headless Chromium, with a camera that plays a clip of a real person."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Playwright, async_playwright

from tests.kit.browsers import launched, opened
from tests.kit.clips import FPS, SIZE, as_i420, person_clip
from tests.kit.publisher import Picture
from tests.kit.serving import Server, serving


@pytest_asyncio.fixture(scope="package")
async def server() -> AsyncIterator[Server]:
    """One server for all tests that leave it as they found it. Pages of other sites may use it."""
    async with serving(
        "--warm", "2", environment={"HOLISTIC_CORS_ORIGINS": '["*"]', "HOLISTIC_HOSTS": '["holistic.test"]'}
    ) as server:
        yield server


@pytest_asyncio.fixture(scope="package")
async def server_with_one_place() -> AsyncIterator[Server]:
    async with serving("--max-sessions", "1") as server:
        yield server


@pytest_asyncio.fixture
async def small_server(server_with_one_place: Server) -> Server:
    """It, when the place is free."""
    await server_with_one_place.until_ready()
    return server_with_one_place


@pytest_asyncio.fixture(scope="package")
async def guarded_server() -> AsyncIterator[Server]:
    """One that asks for the token "s+cret/1"."""
    async with serving(environment={"HOLISTIC_TOKEN": "s+cret/1"}) as server:
        yield server


@pytest.fixture(scope="session")
def clip() -> list[Picture]:
    return person_clip()


@pytest.fixture(scope="session")
def camera_file(clip: list[Picture], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip for Chromium's fake camera, at a third of its rate, so that two pages need less than a machine."""
    path = tmp_path_factory.mktemp("camera") / "camera.y4m"
    width, height = SIZE
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420mpeg2\n" % (width, height, FPS // 3))
        for picture in clip[::3]:
            file.write(b"FRAME\n" + as_i420([picture]))
    return path


@pytest_asyncio.fixture(scope="package")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="package")
async def browser(playwright: Playwright, camera_file: Path) -> AsyncIterator[Browser]:
    """With a camera that everybody may use, and with ``holistic.test`` for a name of this machine."""
    async with launched(
        playwright,
        "--host-resolver-rules=MAP holistic.test 127.0.0.1",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={camera_file}",
    ) as browser:
        yield browser


@pytest_asyncio.fixture(scope="package")
async def browser_without_camera(playwright: Playwright) -> AsyncIterator[Browser]:
    async with launched(playwright, "--use-fake-ui-for-media-stream") as browser:
        yield browser


@pytest_asyncio.fixture
async def page(browser: Browser, server: Server) -> AsyncIterator[Page]:
    """The server's page in English, closed at the end; an error in its console fails the test."""
    async with opened(browser, server.url) as page:
        yield page
