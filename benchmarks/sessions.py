"""How many sessions a core serves with each engine, and how many frames one client gets from all cores."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.client import chromium
from benchmarks.delay import watch
from benchmarks.figure import Figure
from benchmarks.processes import holistic_rtc
from holistic_rtc.sessions.capacity import FLOOR_FPS

SESSIONS = 4
"""More than a core can serve, so that it is busy all the time"""
SECONDS = 20.0
TURNS = 2
ENGINES = ("holistic", "mediapipe")


def measure() -> list[Figure]:
    served = dict.fromkeys(ENGINES, 0.0)
    fps = {}
    for _ in range(TURNS):
        for engine in ENGINES:
            served[engine] += _serve(engine) / FLOOR_FPS / TURNS
    for engine in ENGINES:
        with holistic_rtc("--engine", engine) as server, chromium() as browser:
            fps[engine] = watch(server, browser, SECONDS).fps
    ours, reference = (served[engine] for engine in ENGINES)
    return [
        *(
            Figure(f"{engine}: sessions at {FLOOR_FPS:.0f} fps on a core, the clients on another", served[engine], "")
            for engine in ENGINES
        ),
        Figure("compared with MediaPipe's", ours / reference, "times", at_least=1.7),
        *(
            Figure(f"{engine}: frames that one client gets from all cores", fps[engine], "fps", at_least=target)
            for engine, target in zip(ENGINES, (29.0, None), strict=True)
        ),
    ]


def _serve(engine: str) -> float:
    """
    :return: frames a second that a server on one core tracks.
    """
    first, *_, last = sorted(os.sched_getaffinity(0))
    command = [sys.executable, "-m", "benchmarks.publishers"]
    with ExitStack() as stack:
        with _on(first):
            server = stack.enter_context(holistic_rtc("--engine", engine, "--max-sessions", str(SESSIONS)))
        with _on(last):
            clients = subprocess.run(
                [*command, server.url, str(SESSIONS), str(SECONDS)], stdout=subprocess.PIPE, check=True, text=True
            )
    return sum(map(float, clients.stdout.split()))


@contextmanager
def _on(core: int) -> Iterator[None]:
    """What is started in the block runs on one core."""
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_cores)
