"""Chromium publishes a simulcast, of which one layer is tracked."""

from playwright.async_api import Page

PUBLISH = """async (rids) => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
    stream.getTracks()[0].contentHint = "detail"; // Otherwise, it starts at a smaller size.
    const pc = (window.pc = new RTCPeerConnection());
    pc.addTransceiver(stream.getTracks()[0], {
        direction: "sendonly",
        sendEncodings: rids.map(([rid, scaleResolutionDownBy]) => ({ rid, scaleResolutionDownBy })),
    });
    const landmarks = pc.createDataChannel("landmarks", { protocol: "holistic.v1.json" });
    landmarks.onmessage = ({ data }) => (window.newest = JSON.parse(data));
    await pc.setLocalDescription();
    const headers = { "Content-Type": "application/sdp" };
    const response = await fetch("/whip", { method: "POST", headers, body: pc.localDescription.sdp });
    const sdp = await response.text();
    await pc.setRemoteDescription({ type: "answer", sdp });
    window.location_ = response.headers.get("Location");
    return sdp;
}"""
SENDING = """async () => [...(await window.pc.getStats()).values()]
    .filter(({ type, bytesSent }) => type === "outbound-rtp" && bytesSent > 0)
    .map(({ rid }) => rid)"""


async def test_the_largest_layer_is_accepted_and_the_others_are_not_sent(page: Page) -> None:
    answer = await page.evaluate(PUBLISH, [["q", 4], ["h", 2], ["f", 1]])
    assert "a=rid:f recv" in answer
    assert "a=simulcast:recv f" in answer
    await page.wait_for_function("() => window.newest?.seq > 5 && window.newest.width === 640")
    assert await page.evaluate("() => [window.newest.width, window.newest.height]") == [640, 480]
    assert await page.evaluate(SENDING) == ["f"]
    await page.evaluate("() => fetch(window.location_, { method: 'DELETE' })")
