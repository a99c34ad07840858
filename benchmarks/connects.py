"""How soon a browser is connected through a network that loses packets."""

import asyncio
import math
from typing import cast

import numpy as np
from playwright.async_api import Page, async_playwright

from benchmarks.figure import Figure
from tests.kit.browsers import launched, opened
from tests.kit.link import Path, linked
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import serving

CONNECTS = 50
PATH = Path(delay=0.025, loss=0.1)
TARGET = 500.0
"""Milliseconds"""

_CONNECT = """async (address) => {
    const pc = new RTCPeerConnection();
    const channel = pc.createDataChannel("control", { protocol: "holistic.control.v1" });
    pc.addTransceiver("video", { direction: "recvonly" });
    await pc.setLocalDescription();
    const headers = { "Content-Type": "application/sdp" };
    const response = await fetch(address, { method: "POST", headers, body: pc.localDescription.sdp });
    const answer = await response.text();
    if (response.status !== 201) throw new Error(answer);
    const now = (resolve) => () => resolve(performance.now());
    const connected = new Promise((resolve) => {
        pc.onconnectionstatechange = () => pc.connectionState === "connected" && now(resolve)();
    });
    const usable = new Promise((resolve) => { channel.onopen = now(resolve); });
    const late = new Promise((resolve) => setTimeout(resolve, 15000, Infinity));
    const began = performance.now();
    await pc.setRemoteDescription({ type: "answer", sdp: answer });
    const times = [await Promise.race([connected, late]) - began, await Promise.race([usable, late]) - began];
    await fetch(response.headers.get("Location"), { method: "DELETE" });
    pc.close();
    return times.map((time) => Number.isFinite(time) ? time : null);
}"""
"""From the answer on, since its exchange by HTTP doesn't lose packets"""


def measure() -> list[Figure]:
    connected, usable = np.transpose(asyncio.run(_connect()))
    network = f"{PATH.loss:.0%} loss, {2000 * PATH.delay:.0f} ms round trip"
    return [
        Figure(f"{network}: connected, p50", _percentile(connected, 50), "ms"),
        Figure(f"{network}: connected, p95", _percentile(connected, 95), "ms", at_most=TARGET),
        Figure(f"{network}: data channel open, p50", _percentile(usable, 50), "ms"),
        Figure(f"{network}: data channel open, p95", _percentile(usable, 95), "ms"),
    ]


async def _connect() -> list[list[float]]:
    """
    :return: milliseconds until a viewer was connected, and until its data channel was open; infinite if neither was.
    """
    async with (
        serving("--max-sessions", "1", environment={"HOLISTIC_CORS_ORIGINS": '["*"]'}) as server,
        publishing(server.url, [PictureTrack(grace_hopper(), fps=5)]) as publisher,
        linked(server.url, up=PATH, down=PATH) as link,
        async_playwright() as playwright,
        launched(playwright) as browser,
        opened(browser, f"{link.url}/healthz", may_complain=True) as page,
    ):
        await publisher.until_landmarks(1)
        address = f"/whep/{publisher.session}?key={publisher.viewing_key}"
        return [await _connect_once(page, address) for _ in range(CONNECTS)]


async def _connect_once(page: Page, address: str) -> list[float]:
    times = cast(list[float | None], await page.evaluate(_CONNECT, address))
    return [math.inf if time is None else time for time in times]


def _percentile(values: np.ndarray[tuple[int], np.dtype[np.float64]], percent: float) -> float:
    """One of the values, so that there may be infinite ones."""
    return float(np.percentile(values, percent, method="higher"))
