"""The hook of ``holistic-rtc/react``, in React's development build, which mounts each component twice."""

import json
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.kit.browsers import PROJECT, opened
from tests.kit.serving import Server, serving
from tests.kit.snippets import snippets

WEB = PROJECT / "web"
HTML = """<!doctype html><title>React</title><link rel="icon" href="data:," /><main></main>
<script type="module" src="/react.js"></script>"""


class Opens(Protocol):
    def __call__(self, component: str, /, *, may_complain: bool = False) -> AbstractAsyncContextManager[Page]: ...


@pytest_asyncio.fixture(scope="module")
async def lonely_server() -> AsyncIterator[Server]:
    """No test leaves a session on it, and a second one would be refused."""
    async with serving("--max-sessions", "1") as server:
        yield server


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("react")
    [mirror] = snippets("tsx")
    (folder / "mirror.tsx").write_text(mirror.code)
    (folder / "main.tsx").write_text(Path(__file__).with_name("react.tsx").read_text())
    (folder / "node_modules").symlink_to(WEB / "node_modules")
    aliases = {"holistic-rtc/react": str(WEB / "sdk/src/react.ts")}
    configuration = {
        "input": "main.tsx",
        "platform": "browser",
        "output": {"file": "react.js", "format": "esm"},
        "resolve": {"alias": aliases},
        "transform": {"define": {"process.env.NODE_ENV": '"development"'}},
    }
    (folder / "rolldown.config.mjs").write_text(f"export default {json.dumps(configuration)}")
    command: list[str | Path] = [WEB / "node_modules/.bin/rolldown", "--config", "rolldown.config.mjs"]
    subprocess.run(command, cwd=folder, check=True)
    return (folder / "react.js").read_text()


@pytest.fixture
def open_page(browser: Browser, lonely_server: Server, bundle: str) -> Opens:
    @asynccontextmanager
    async def open_page(component: str, *, may_complain: bool = False) -> AsyncIterator[Page]:
        async with opened(browser, "about:blank", may_complain=may_complain) as page:

            async def answer(route: Route) -> None:
                await route.fulfill(body=bundle, content_type="text/javascript")

            async def answer_page(route: Route) -> None:
                await route.fulfill(body=HTML, content_type="text/html")

            await page.route(f"{lonely_server.url}/react.js", answer)
            await page.route(f"{lonely_server.url}/react.html", answer_page)
            await lonely_server.until_sessions(0)
            await lonely_server.until_ready()
            await page.goto(f"{lonely_server.url}/react.html#{component}")
            yield page
            await page.get_by_text("Unmount").click()
            await lonely_server.until_sessions(0)

    return open_page


async def told(page: Page, pattern: str) -> re.Match[str]:
    """The page's state, error, session, number of points and viewing key, once they match."""
    output = page.locator("output")
    await expect(output).to_have_text(re.compile(f"^{pattern}$"), timeout=30_000)
    found = re.fullmatch(pattern, await output.inner_text())
    assert found
    return found


async def test_the_documented_component_shows_the_video_and_the_jaw_until_it_is_unmounted(open_page: Opens) -> None:
    async with open_page("mirror") as page:
        await page.get_by_text("Start").click()
        await page.wait_for_function("() => document.querySelector('video').videoWidth === 640")
        await page.wait_for_function("() => document.querySelector('meter').value > 0")
        await expect(page.locator("p")).to_have_text("connected")


async def test_a_component_that_is_mounted_twice_asks_for_one_session(open_page: Opens) -> None:
    async with open_page("probe") as page:
        await told(page, "connected - \\w+ 33 \\S+")
        requests = "() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)"
        assert (await page.evaluate(requests)).count("/whip/react") == 1


async def test_other_parts_keep_the_session(open_page: Opens) -> None:
    async with open_page("probe") as page:
        session = (await told(page, "connected - (\\w+) 33 \\S+"))[1]
        await page.get_by_text("Without pose").click()
        await told(page, f"connected - {session} 0 \\S+")


async def test_another_stream_is_a_new_session_with_the_same_name_and_viewing_key(open_page: Opens) -> None:
    async with open_page("probe") as page:
        session, key = (await told(page, "connected - (\\w+) 33 (\\S+)")).groups()
        await page.get_by_text("Another stream").click()
        await told(page, f"connected - (?!{session})\\w+ 33 {key}")


async def test_an_error_is_given_with_the_state_that_it_led_to(open_page: Opens) -> None:
    async with open_page("probe", may_complain=True) as page:
        await told(page, "connected - \\w+ 33 \\S+")
        await page.get_by_text("Nothing to watch").click()
        await told(page, "waiting not-live - 33 -")
