"""What a client sends and receives."""

from dataclasses import dataclass

from benchmarks.client import Client, chromium
from benchmarks.figure import Figure
from benchmarks.processes import Server, holistic_rtc

WARM_UP = 8.0
"""Seconds; a browser raises its bitrate step by step."""
SECONDS = 8.0


@dataclass(frozen=True)
class _Traffic:
    """
    :param sent: by the client, as is what it received, in kbit/s.
    """

    sent: float
    received: float
    fps: float


def measure() -> list[Figure]:
    with holistic_rtc() as server, chromium() as browser:
        client = browser.connect(server.url, video_back=False)
        landmarks = _watch(server, client)
        client = browser.connect(server.url)
        video = _watch(server, client)
    return [
        Figure("a client sends", video.sent, "kbit/s"),
        Figure("it receives, with the annotated video", video.received, "kbit/s"),
        Figure("frames tracked meanwhile", video.fps, "fps"),
        Figure("it receives, landmarks only", landmarks.received, "kbit/s"),
        Figure("frames tracked meanwhile", landmarks.fps, "fps"),
    ]


def _watch(server: Server, client: Client) -> _Traffic:
    client.wait(WARM_UP)
    server.until_ready()
    before = client.report()
    client.wait(SECONDS)
    after = client.report()
    client.close()
    return _Traffic(
        sent=(after.bytes_sent - before.bytes_sent) * 8 / 1000 / SECONDS,
        received=(after.bytes_received - before.bytes_received) * 8 / 1000 / SECONDS,
        fps=(after.messages - before.messages) / SECONDS,
    )
