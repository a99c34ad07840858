"""How old an annotated frame is when the browser shows it, by a bar code in the picture."""

import numpy as np

from benchmarks.client import chromium, connect
from benchmarks.figure import Figure
from benchmarks.processes import holistic_rtc

WARM_UP = 5.0
SECONDS = 20.0


def measure() -> list[Figure]:
    with holistic_rtc() as server, chromium() as browser:
        client = connect(browser, server.url)
        server.until_ready()
        client.wait(WARM_UP)
        client.report()
        client.wait(SECONDS)
        report = client.report()
        client.close()
    p50, p95 = np.percentile(report.delays, (50, 95)).tolist()
    return [
        Figure("delay with one client, p50", p50, "ms", at_most=100),
        Figure("delay with one client, p95", p95, "ms", at_most=125),
        Figure("frames shown with one client", report.fps, "fps"),
        Figure("smallest picture that came back", report.heights.min(), "lines"),
        Figure("frames without a readable bar code", report.unreadable, ""),
    ]
