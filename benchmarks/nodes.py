"""
Four nodes behind HAProxy compared with one: each is a container with 0.4 CPUs, and has one publisher.

Needs Docker, the image ``holistic-rtc``, ``redis-server`` and ``haproxy``.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figure import Figure
from tests.kit.coturn import free_port
from tests.kit.haproxy import balancing
from tests.kit.redis import redis_server

NODES = 4
CPUS = 0.4
SECONDS = 20.0
TURNS = 3


def measure() -> list[Figure]:
    alone, together = [], []
    for _ in range(TURNS):
        alone += asyncio.run(_serve(1))
        together.append(asyncio.run(_serve(NODES)))
    one = sum(alone) / len(alone)
    all_nodes = sum(map(sum, together)) / len(together)
    return [
        Figure(f"one node with {CPUS:g} CPUs: frames tracked", one, "fps"),
        Figure(f"{NODES} of them behind HAProxy", all_nodes, "fps"),
        Figure("compared with as many times one", all_nodes / one / NODES, "times", at_least=0.95),
    ]


async def _serve(nodes: int) -> list[float]:
    """
    :return: frames a second of each publisher.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with redis_server(Path(folder)) as redis:
            urls = [f"http://127.0.0.1:{free_port()}" for _ in range(nodes)]
            with _containers(urls, redis.url):
                async with balancing(Path(folder), urls) as url:
                    publishers = await asyncio.create_subprocess_exec(
                        *(sys.executable, "-m", "benchmarks.publishers", url, str(nodes), str(SECONDS)),
                        stdout=subprocess.PIPE,
                    )
                    output, _ = await publishers.communicate()
    frames = list(map(float, output.split()))
    if len(frames) != nodes:
        raise RuntimeError("the publishers failed")
    return frames


@contextmanager
def _containers(urls: Sequence[str], redis: str) -> Iterator[None]:
    started: list[str] = []
    try:
        for url in urls:
            environment = {
                "HOLISTIC_PORT": url.rpartition(":")[2],
                "HOLISTIC_NODE_URL": url,
                "HOLISTIC_REDIS_URL": redis,
                "HOLISTIC_MAX_SESSIONS": "1",
                "HOLISTIC_JOB_WORKERS": "0",
                # So that all do the same for a frame.
                "HOLISTIC_QUALITY": "fast",
            }
            options = [f"--env={name}={value}" for name, value in environment.items()]
            started.append(
                subprocess.check_output(
                    ["docker", "run", "--detach", "--rm", "--network=host", f"--cpus={CPUS}", *options, "holistic-rtc"],
                    text=True,
                ).strip()
            )
        for url in urls:
            _until_ready(url)
        yield
    finally:
        subprocess.run(["docker", "kill", *started], stdout=subprocess.DEVNULL, check=bool(started))


def _until_ready(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/readyz"):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"{url} isn't ready")
