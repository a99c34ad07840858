"""How old an annotated frame is when the browser shows it, by a bar code in the picture."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.client import Chromium, chromium
from benchmarks.figure import Figure
from benchmarks.processes import Server, holistic_rtc

SECONDS = 15.0
WARM_UP = 5.0


@dataclass(frozen=True)
class Live:
    """
    What one client saw of a server.

    :param p50: of the delay in milliseconds.
    :param growth: of the median delay from the first to the last third, in milliseconds.
    :param cpu_ms: of all of the server's processes, a delivered frame.
    :param sent: by the client, in kbit/s, as is what it received.
    """

    p50: float
    p95: float
    growth: float
    fps: float
    cpu_ms: float
    sent: float
    received: float
    unreadable: int


def watch(server: Server, browser: Chromium, seconds: float, *, plain: bool = False) -> Live:
    client = browser.connect(server.url, plain=plain)
    client.wait(WARM_UP)
    server.until_ready()
    before, cpu = client.report(), server.cpu_seconds()
    client.wait(seconds)
    after, cpu = client.report(), server.cpu_seconds() - cpu
    client.close()
    p50, p95 = np.percentile(after.delays, (50, 95)).tolist()
    first, _, last = (float(np.median(third)) for third in np.array_split(after.delays, 3))
    cpu_ms = cpu * 1000 / (after.decoded - before.decoded)
    sent = (after.bytes_sent - before.bytes_sent) * 8 / 1000 / seconds
    received = (after.bytes_received - before.bytes_received) * 8 / 1000 / seconds
    return Live(p50, p95, last - first, after.fps, cpu_ms, sent, received, after.unreadable)


@cache
def ours() -> Live:
    with holistic_rtc() as server, chromium() as browser:
        return watch(server, browser, SECONDS)


def measure() -> list[Figure]:
    live = ours()
    return [
        Figure("delay with one client, p50", live.p50, "ms", at_most=100),
        Figure("delay with one client, p95", live.p95, "ms", at_most=125),
        Figure("frames shown", live.fps, "fps"),
        Figure("the client sends", live.sent, "kbit/s"),
        Figure("it receives", live.received, "kbit/s"),
        Figure("frames shown without a readable bar code", live.unreadable, ""),
    ]
