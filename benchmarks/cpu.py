"""The server's CPU a frame, compared with that of the landmarker alone."""

from benchmarks.alone import cpu_ms_per_frame
from benchmarks.client import Chromium, chromium
from benchmarks.figure import Figure
from benchmarks.processes import Server, holistic_rtc

SECONDS = 6.0
WARM_UP = 4.0


def measure() -> list[Figure]:
    """The landmarker's turns lie before, between and after those of the server, as a machine's speed drifts."""
    with holistic_rtc() as server, chromium() as browser:
        before = cpu_ms_per_frame(SECONDS)
        with_video = _cpu_ms_per_frame(server, browser, video_back=True)
        between = cpu_ms_per_frame(SECONDS)
        landmarks_only = _cpu_ms_per_frame(server, browser, video_back=False)
        after = cpu_ms_per_frame(SECONDS)
    return [
        Figure("CPU of the landmarker alone, a frame", (before + between + after) / 3, "ms"),
        Figure("CPU of the server, a delivered frame", with_video, "ms"),
        Figure("compared with the landmarker alone", with_video / ((before + between) / 2), "times", at_most=1.25),
        Figure("CPU of the server, landmarks only", landmarks_only, "ms"),
        Figure("compared with the landmarker alone", landmarks_only / ((between + after) / 2), "times", at_most=1.25),
    ]


def _cpu_ms_per_frame(server: Server, browser: Chromium, *, video_back: bool) -> float:
    client = browser.connect(server.url, video_back=video_back)
    client.wait(WARM_UP)
    server.until_ready()
    before, cpu = client.report(), server.cpu_seconds()
    client.wait(SECONDS)
    after, cpu = client.report(), server.cpu_seconds() - cpu
    client.close()
    server.until_ready()
    frames = after.decoded - before.decoded if video_back else after.messages - before.messages
    return cpu * 1000 / frames
