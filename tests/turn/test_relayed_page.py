"""The page of someone whom only the TURN server can connect: a real Chromium that may use nothing but relays."""

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Playwright, Route, async_playwright, expect

from holistic_rtc.sessions.ice_servers import mint
from tests.kit.browsers import launched, opened
from tests.kit.coturn import Coturn
from tests.kit.serving import Server

from .conftest import TOKEN

ONLY_RELAYS = """
    const Plain = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Plain {
        constructor(configuration) {
            const iceServers = configuration.iceServers.map((server) => ({
                ...server,
                urls: server.urls.filter((url) => url.startsWith("SCHEME:") && url.endsWith("transport=TRANSPORT")),
            }));
            super({ ...configuration, iceServers, iceTransportPolicy: "relay" });
            window.connection = this;
            this.addEventListener("icecandidateerror", () => (window.refused = true));
        }
    };
"""
USED_CANDIDATE = """async () => {
    const stats = await window.connection.getStats();
    const transport = [...stats.values()].find(({ type }) => type === "transport");
    const { candidateType, relayProtocol } = stats.get(stats.get(transport.selectedCandidatePairId).localCandidateId);
    return [candidateType, relayProtocol];
}"""


@pytest_asyncio.fixture(scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="module")
async def browser(playwright: Playwright, turn: Coturn) -> AsyncIterator[Browser]:
    """It trusts the certificate of the TURN server."""
    async with launched(playwright, f"--ignore-certificate-errors-spki-list={turn.key_hash}") as browser:
        yield browser


async def load(page: Page, url: str, transport: str) -> None:
    scheme, carrier = ("turns", "tcp") if transport == "tls" else ("turn", transport)
    await page.add_init_script(ONLY_RELAYS.replace("SCHEME", scheme).replace("TRANSPORT", carrier))
    await page.goto(f"{url}/#token={TOKEN}")


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_annotated_video_and_landmarks_come_through_the_relay(
    browser: Browser, server: Server, transport: str
) -> None:
    async with opened(browser, "about:blank") as page:
        await load(page, server.url, transport)
        await page.get_by_test_id("sample").click()
        await page.wait_for_function("() => window.holistic.lastFrame?.faceLandmarks.length === 1")
        await page.wait_for_function(
            "() => document.getElementById('annotated-video').getVideoPlaybackQuality().totalVideoFrames > 3"
        )
        assert await page.evaluate(USED_CANDIDATE) == ["relay", transport]


async def test_a_credential_that_the_turn_server_refuses_is_what_the_page_complains_of(
    browser: Browser, server: Server, turn: Coturn
) -> None:
    async def spoil(route: Route) -> None:
        answer = await route.fetch()
        document = await answer.json()
        (ice_server,) = document["iceServers"]
        ice_server["username"], ice_server["credential"] = mint("another secret", "page", int(time.time()) + 60)
        await route.fulfill(response=answer, json=document)

    async with opened(browser, "about:blank", may_complain=True) as page:
        # The page gives a connection 15 s, which need not be waited for.
        await page.clock.install()
        await page.route("**/api/ice-servers", spoil)
        await load(page, server.url, "udp")
        await page.get_by_test_id("sample").click()
        await page.wait_for_function("() => window.refused && window.connection.remoteDescription")
        while await page.evaluate("() => document.body.dataset.state") == "connecting":
            await page.clock.fast_forward(1000)
        error = page.get_by_test_id("error")
        await expect(error).to_contain_text("Video can't get through")
        await expect(error).to_contain_text(f"the TURN server turn:127.0.0.1:{turn.port}?transport=udp refused: 401")
