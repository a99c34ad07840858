"""The same client with a plain aiortc server and with a mere echo, and how this server compares with them."""

from benchmarks import delay
from benchmarks.client import chromium
from benchmarks.figure import Figure
from benchmarks.processes import running

SECONDS = 10.0
ECHO_SECONDS = 8.0


def measure() -> list[Figure]:
    with running("-m", "benchmarks.plain_server") as server, chromium() as browser:
        plain = delay.watch(server, browser, SECONDS, plain=True)
    with running("-m", "benchmarks.plain_server", "--echo") as server, chromium() as browser:
        echo = delay.watch(server, browser, ECHO_SECONDS, plain=True)
    ours = delay.ours()
    return [
        Figure("plain aiortc server: delay p50", plain.p50, "ms"),
        Figure("plain aiortc server: delay p95", plain.p95, "ms"),
        Figure(f"plain aiortc server: growth of the delay in {SECONDS:g} s", plain.growth, "ms"),
        Figure("plain aiortc server: frames shown", plain.fps, "fps"),
        Figure("plain aiortc server: CPU, a delivered frame", plain.cpu_ms, "ms"),
        Figure("this server compared with it: delay p50", ours.p50 / plain.p50, "times", at_most=1),
        Figure("this server compared with it: delay p95", ours.p95 / plain.p95, "times", at_most=1),
        Figure("this server compared with it: CPU, a delivered frame", ours.cpu_ms / plain.cpu_ms, "times", at_most=1),
        Figure("frames sent back untouched: delay p50", echo.p50, "ms"),
        Figure("frames sent back untouched: delay p95", echo.p95, "ms"),
        Figure("what this server adds to that: delay p50", ours.p50 - echo.p50, "ms"),
        Figure("what this server adds to that: delay p95", ours.p95 - echo.p95, "ms"),
    ]
