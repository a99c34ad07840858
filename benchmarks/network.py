"""What a client sends and receives, and what a viewer costs the server."""

import json
import urllib.request
from dataclasses import dataclass

from benchmarks.client import Client, chromium
from benchmarks.figure import Figure
from benchmarks.processes import Server, holistic_rtc

WARM_UP = 8.0
"""Seconds; a browser raises its bitrate step by step."""
SECONDS = 15.0


@dataclass(frozen=True)
class _Use:
    """
    :param sent: by the client, as are the others, in kbit/s, without the headers of UDP and IP.
    :param cpu_ms: of all of the server's processes, a tracked frame.
    """

    sent: float
    received: float
    fps: float
    cpu_ms: float


def measure() -> list[Figure]:
    with holistic_rtc() as server, chromium() as browser:
        client = browser.connect(server.url, video_back=False)
        landmarks = _watch(server, client)
        client.close()
        client = browser.connect(server.url)
        video = _watch(server, client)
        viewer = browser.view(server.url, _session(server))
        viewed = _watch(server, client)
        viewer.close()
        client.close()
    return [
        Figure("a client sends", video.sent, "kbit/s"),
        Figure("it receives, with the annotated video", video.received, "kbit/s"),
        Figure("it receives, landmarks only", landmarks.received, "kbit/s"),
        Figure("frames tracked meanwhile", video.fps, "fps"),
        Figure("CPU that a viewer adds, a frame", viewed.cpu_ms - video.cpu_ms, "ms"),
    ]


def _watch(server: Server, client: Client) -> _Use:
    client.wait(WARM_UP)
    server.until_ready()
    before, cpu = client.report(), server.cpu_seconds()
    client.wait(SECONDS)
    after, cpu = client.report(), server.cpu_seconds() - cpu
    frames = after.messages - before.messages
    return _Use(
        sent=(after.bytes_sent - before.bytes_sent) * 8 / 1000 / SECONDS,
        received=(after.bytes_received - before.bytes_received) * 8 / 1000 / SECONDS,
        fps=frames / SECONDS,
        cpu_ms=cpu * 1000 / frames,
    )


def _session(server: Server) -> str:
    """Of the only one there is."""
    with urllib.request.urlopen(f"{server.url}/api/sessions") as response:
        (session,) = json.load(response)["sessions"]
    return str(session["id"])
