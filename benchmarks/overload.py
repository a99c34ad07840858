"""Two clients on a machine that is busy with one: delay must not grow, and both must get their share."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.client import Report, chromium
from benchmarks.figure import Figure
from benchmarks.processes import holistic_rtc

SECONDS = 60.0
WARM_UP = 5.0


def measure() -> list[Figure]:
    with holistic_rtc() as server, chromium() as browser:
        clients = []
        for _ in range(2):
            clients.append(browser.connect(server.url))
            server.until_ready()
        clients[0].wait(WARM_UP)
        before = [client.report() for client in clients]
        clients[0].wait(SECONDS)
        after = [client.report() for client in clients]
        memory = [process.memory_full_info() for process in server.tree()[1:]]
        for client in clients:
            client.close()
    frames = [b.decoded - a.decoded for a, b in zip(before, after, strict=True)]
    dropped = sum(b.dropped - a.dropped for a, b in zip(before, after, strict=True))
    sent = sum(b.sent - a.sent for a, b in zip(before, after, strict=True))
    seconds, last = (np.concatenate(quarters) for quarters in zip(*map(_second_and_last_quarter, after), strict=True))
    return [
        Figure("two clients: delay p95, second quarter of a minute", _p95(seconds), "ms"),
        Figure("two clients: delay p95, last quarter", _p95(last), "ms"),
        Figure("two clients: last compared with second quarter", _p95(last) / _p95(seconds), "times", at_most=1.1),
        Figure("two clients: streams that died", sum(map(_died, after)), "", at_most=0),
        Figure("two clients: difference in frames", 100 * (1 - min(frames) / max(frames)), "%", at_most=10),
        Figure("two clients: frames shown by each", sum(frames) / len(frames) / SECONDS, "fps"),
        Figure("two clients: sent frames that the server dropped", 100 * dropped / sent, "%"),
        Figure("two clients: smallest picture", min(report.heights.min() for report in after), "lines"),
        Figure("memory of a session process, its share (PSS)", max(m.pss for m in memory) / 1e6, "MB", at_most=300),
        Figure("memory of a session process with all that is shared (RSS)", max(m.rss for m in memory) / 1e6, "MB"),
    ]


def _second_and_last_quarter(report: Report) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Delays in milliseconds."""
    quarter = (report.times - report.times[0]) // (SECONDS * 250)
    return report.delays[quarter == 1], report.delays[quarter >= 3]


def _died(report: Report) -> bool:
    """Whether nothing was shown any more in the last two seconds."""
    return report.state != "connected" or float(np.ptp(report.times)) < (SECONDS - 2) * 1000


def _p95(delays: NDArray[np.float64]) -> float:
    return float(np.percentile(delays, 95))
