"""Browsers whose pages use WebRTC themselves, without the project's client library."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest
from playwright.async_api import async_playwright

from tests.interop.firefox import firefox
from tests.interop.peers import CONNECTS
from tests.kit.browsers import Evaluates, launched, opened
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONNECT = """async ({ path, publishes }) => {
    const pc = new RTCPeerConnection();
    const options = { ordered: false, maxRetransmits: 0, protocol: "holistic.v1.fb" };
    const landmarks = pc.createDataChannel("landmarks", options);
    const video = document.createElement("video");
    video.muted = true;
    pc.ontrack = ({ track }) => (video.srcObject = new MediaStream([track]));
    const plays = new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));
    const told = new Promise((resolve) => landmarks.addEventListener("message", resolve, { once: true }));
    let drawing;
    if (publishes) {
        const canvas = document.createElement("canvas");
        const context = canvas.getContext("2d");
        drawing = setInterval(() => context.fillRect(Math.random() * 300, Math.random() * 150, 9, 9), 50);
        pc.addTransceiver(canvas.captureStream().getVideoTracks()[0], { direction: "sendrecv" });
    } else {
        pc.addTransceiver("video", { direction: "recvonly" });
    }
    const gathered = new Promise((resolve) => {
        pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && resolve();
    });
    await pc.setLocalDescription();
    await gathered;
    const headers = { "Content-Type": "application/sdp" };
    const response = await fetch(path, { method: "POST", headers, body: pc.localDescription.sdp });
    if (response.status !== 201) {
        throw new Error(await response.text());
    }
    await pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
    video.play();
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error(pc.connectionState)), 30_000));
    await Promise.race([Promise.all([told, plays]), late]);
    clearInterval(drawing);
    const size = [video.videoWidth, video.videoHeight];
    await fetch(response.headers.get("Location"), { method: "DELETE" });
    pc.close();
    return size;
}"""
"""Until landmarks and annotated video come; returns the size of the video."""


class Browser(Protocol):
    def __call__(self, url: str) -> AbstractAsyncContextManager[Evaluates]: ...


@asynccontextmanager
async def chromium(url: str) -> AsyncIterator[Evaluates]:
    async with async_playwright() as playwright, launched(playwright) as browser, opened(browser, url) as page:
        yield page


each_browser = pytest.mark.parametrize("browser", [chromium, firefox])


@each_browser
async def test_browser_publishes(server: Server, browser: Browser) -> None:
    async with browser(server.url) as page:
        for _ in range(CONNECTS):
            assert await page.evaluate(CONNECT, {"path": "/whip", "publishes": True}) == [300, 150]
    await server.until_sessions(0)


@each_browser
async def test_browser_subscribes(server: Server, browser: Browser) -> None:
    async with (
        publishing(server.url, [PictureTrack(grace_hopper())]) as publisher,
        browser(server.url) as page,
    ):
        for _ in range(CONNECTS):
            path = f"/whep/{publisher.session}"
            assert await page.evaluate(CONNECT, {"path": path, "publishes": False}) == [640, 480]
    await server.until_sessions(0)
