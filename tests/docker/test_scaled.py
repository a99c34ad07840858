"""Several servers on one machine, which browsers reach through the TURN server alone."""

from collections.abc import Iterator

import pytest
from playwright.async_api import async_playwright

from e2e.browsers import launched, opened

from .compose import SETTINGS, docker

NETWORK = "172.30.88"
SCALED = {
    **SETTINGS,
    "COMPOSE_PROJECT_NAME": "holistic-rtc-scaled",
    "COMPOSE_FILE": "docker-compose.yml:deploy/compose.scale.yml",
    "NETWORK": NETWORK,
    # This machine, seen from the containers as well as from the browser.
    "PUBLIC_HOST": f"{NETWORK}.1",
    "TURN_PORT": "13479",
}

ONLY_RELAYS = """
    const Plain = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Plain {
        constructor(configuration) {
            super({ ...configuration, iceTransportPolicy: "relay" });
        }
    };
"""


@pytest.fixture
def servers() -> Iterator[list[str]]:
    """The addresses of two, whom nothing but the containers' network leads to."""
    docker("compose", "build", settings=SCALED)
    try:
        docker("compose", "up", "--detach", "--wait", "--wait-timeout", "120", "--scale", "app=2", settings=SCALED)
        address = '{{(index .NetworkSettings.Networks "holistic-rtc-scaled_holistic-rtc").IPAddress}}'
        containers = docker("compose", "ps", "--quiet", "app", settings=SCALED).split()
        yield [f"http://{docker('inspect', '--format', address, container)}:8080" for container in containers]
    finally:
        print(docker("compose", "logs", "--tail", "50", check=False, settings=SCALED))
        docker("compose", "down", "--volumes", settings=SCALED)


async def test_each_of_two_servers_is_reached_through_the_turn_server(servers: list[str]) -> None:
    assert len(servers) == 2
    async with async_playwright() as playwright, launched(playwright) as browser:
        for url in servers:
            async with opened(browser, "about:blank") as page:
                await page.add_init_script(ONLY_RELAYS)
                await page.goto(url)
                await page.get_by_test_id("sample").click()
                await page.wait_for_function("() => window.holistic.lastFrame?.faceLandmarks.length === 1")
                await page.wait_for_function(
                    "() => document.getElementById('annotated-video').getVideoPlaybackQuality().totalVideoFrames > 5"
                )
