"""The server's CPU a frame, compared with that of the landmarker alone."""

from benchmarks.alone import Landmarker, landmarker
from benchmarks.client import Chromium, chromium
from benchmarks.figure import Figure
from benchmarks.processes import Server, holistic_rtc

# The speed of a shared machine may double within a second, so many short turns are compared.
TURNS = 5
SECONDS = 1.5
SETTLE = 0.4
WARM_UP = 4.0


def measure() -> list[Figure]:
    with holistic_rtc() as server, chromium() as browser, landmarker() as alone:
        alone_ms, video_ms = _compare(server, browser, alone, video_back=True)
        also_alone_ms, landmarks_ms = _compare(server, browser, alone, video_back=False)
    return [
        Figure("CPU of the landmarker alone, a frame", (alone_ms + also_alone_ms) / 2, "ms"),
        Figure("CPU of the server, a delivered frame", video_ms, "ms"),
        Figure("compared with the landmarker alone", video_ms / alone_ms, "times", at_most=0.8),
        Figure("CPU of the server, landmarks only", landmarks_ms, "ms"),
        Figure("landmarks only, compared with the landmarker alone", landmarks_ms / also_alone_ms, "times", 0.8),
    ]


def _compare(server: Server, browser: Chromium, alone: Landmarker, *, video_back: bool) -> tuple[float, float]:
    """The landmarker and the server, in turns.

    :return: CPU milliseconds a frame of each.
    """
    client = browser.connect(server.url, video_back=video_back)
    client.wait(WARM_UP)
    server.until_ready()
    alone_ms = alone_frames = server_ms = server_frames = 0.0
    for _ in range(TURNS):
        client.pause()
        client.wait(SETTLE)
        cpu_ms, frames = alone.track(SECONDS)
        alone_ms += cpu_ms
        alone_frames += frames
        client.resume()
        client.wait(SETTLE)
        before, cpu = client.report(), server.cpu_seconds()
        client.wait(SECONDS)
        after, cpu = client.report(), server.cpu_seconds() - cpu
        server_ms += cpu * 1000
        server_frames += after.decoded - before.decoded if video_back else after.messages - before.messages
    client.close()
    server.until_ready()
    return alone_ms / alone_frames, server_ms / server_frames
