"""Several servers on one machine, which browsers reach through the TURN server alone."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.kit.browsers import launched, opened
from tests.kit.coturn import make_certificate

from .compose import SETTINGS, docker

NETWORK = "172.30.88"
SCALED = {
    **SETTINGS,
    "COMPOSE_PROJECT_NAME": "holistic-rtc-scaled",
    "COMPOSE_FILE": "docker-compose.yml:deploy/compose.scale.yml",
    "APP_CPUS": "0.4",
    "NETWORK": NETWORK,
    # This machine, seen from the containers as well as from the browser.
    "PUBLIC_HOST": f"{NETWORK}.1",
    "TURN_PORT": "13479",
    "TURN_TLS_PORT": "15350",
}

ONLY_RELAYS = """
    const Plain = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Plain {
        constructor(configuration) {
            super({ ...configuration, iceTransportPolicy: "relay" });
        }
    };
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    folder.chmod(0o755)
    return make_certificate(folder, SCALED["PUBLIC_HOST"])[0]


@pytest.fixture(scope="module")
def containers(image: str, certificate: Path) -> Iterator[list[str]]:
    """Of two servers, whom nothing but their network leads to."""
    settings = {**SCALED, "TURN_CERTIFICATE": str(certificate.parent)}
    up = ("up", "--detach", "--wait", "--wait-timeout", "120", "--scale", "app=2")
    try:
        docker("compose", *up, settings=settings)
        yield docker("compose", "ps", "--quiet", "app", settings=settings).split()
    finally:
        print(docker("compose", "logs", "--tail", "50", check=False, settings=settings))
        docker("compose", "down", "--volumes", settings=settings)


def test_the_doctor_finds_the_turn_server_over_udp_tcp_and_tls(containers: list[str], certificate: Path) -> None:
    trusting = f"echo '{certificate.read_text()}' > /tmp/ca.pem; SSL_CERT_FILE=/tmp/ca.pem holistic-rtc doctor --port 0"
    found = docker("exec", containers[0], "sh", "-c", trusting)
    for url in ("turn:{}:13479?transport=udp", "turn:{}:13479?transport=tcp", "turns:{}:15350?transport=tcp"):
        assert f"{url.format(SCALED['PUBLIC_HOST'])} relays at" in found
    assert "too few for 2 sessions with 16 viewers each" in found
    assert "widen net.ipv4.ip_local_port_range to 34 ports" in found


async def test_each_of_two_servers_is_reached_through_the_turn_server_and_the_page_tells_of_its_cap(
    containers: list[str],
) -> None:
    address = '{{(index .NetworkSettings.Networks "holistic-rtc-scaled_holistic-rtc").IPAddress}}'
    urls = [f"http://{docker('inspect', '--format', address, container)}:8080" for container in containers]
    assert len(urls) == 2
    async with async_playwright() as playwright, launched(playwright) as browser:
        await asyncio.gather(*(is_reached_and_tells_of_its_cap(browser, url) for url in urls))


async def is_reached_and_tells_of_its_cap(browser: Browser, url: str) -> None:
    async with opened(browser, "about:blank") as page:
        await page.add_init_script(ONLY_RELAYS)
        await page.goto(url)
        await page.get_by_test_id("sample").click()
        await page.wait_for_function("() => window.holistic.lastFrame?.faceLandmarks.length === 1")
        await page.wait_for_function(
            "() => document.getElementById('annotated-video').getVideoPlaybackQuality().totalVideoFrames > 5"
        )
        await expect(page.get_by_test_id("fps-received")).to_have_text(re.compile("[1-9]"))
        await page.wait_for_function("() => window.holistic.client.stats?.tracks[0].dropped > 0")
