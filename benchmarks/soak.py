"""
What an hour of connects, disconnects and attacks leaves behind, with a session beside them that must not notice.

``SOAK_MINUTES=60 python -m benchmarks.soak``; the exit status is 1 if something was left, or the session suffered.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aiohttp
import psutil

from benchmarks.figure import Figure, table
from holistic_rtc.sample import portrait
from tests.kit.abuse import client_at, jpeg_with_scans, offer_without_candidates, post_offers, upload_slowly
from tests.kit.bystander import Bystander
from tests.kit.offers import make_offer
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, Publisher
from tests.kit.serving import Server, serving
from tests.kit.subscriber import subscribing

WARM_UP = 45.0
"""Seconds of the same before the first measurement. The first ones load what stays loaded."""
PAUSE = 1.0
"""Seconds between two things, so that a small machine keeps up with starting processes."""
DEADLINE = 60.0
JPEG = {"Content-Type": "image/jpeg"}
FORM = {"Content-Type": "multipart/form-data; boundary=x"}

Attack = Callable[[Server, Bystander], Awaitable[None]]


def _address() -> str:
    return f"198.51.100.{random.randrange(1, 255)}"


async def connect_and_leave(server: Server, beside: Bystander) -> None:
    async with client_at(_address()) as http, Publisher(server.url, http) as publisher:
        publisher.pc.addTransceiver(PictureTrack(grace_hopper(), fps=5), direction="sendrecv")
        publisher.open_landmarks()
        await publisher.connect()
        await publisher.until_landmarks(1)


async def vanish(server: Server, beside: Bystander) -> None:
    async with client_at(_address()) as http, Publisher(server.url, http) as publisher:
        publisher.pc.addTransceiver(PictureTrack(grace_hopper(), fps=5), direction="sendonly")
        await publisher.connect()
        publisher.location = ""


async def watch(server: Server, beside: Bystander) -> None:
    async with subscribing(server.url, beside.publisher.session) as subscriber:
        await subscriber.until_landmarks(3)


async def never_complete(server: Server, beside: Bystander) -> None:
    async with client_at(_address()) as http:
        await post_offers(f"{server.url}/whip", http, await offer_without_candidates(), 3)
        watching = await make_offer(("video", "recvonly"), channel=True)
        url = f"{server.url}/whep/{beside.publisher.session}?key={beside.publisher.viewing_key}"
        await post_offers(url, http, watching, 16)


async def send_nonsense(server: Server, beside: Bystander) -> None:
    offer = await make_offer(("video", "sendonly"), channel=True)
    async with client_at(_address()) as http:
        for _ in range(50):
            cut = random.randrange(len(offer))
            await post_offers(f"{server.url}/whip", http, offer[:cut] + os.urandom(8).hex(), 1)


async def upload(server: Server, beside: Bystander) -> None:
    async with client_at(_address()) as http:
        for picture in (portrait().read_bytes(), jpeg_with_scans(4000, 3000, 100), portrait().read_bytes()[:5000]):
            async with http.post(f"{server.url}/api/snapshot", data=picture, headers=JPEG) as response:
                await response.read()
        form = b"--x\r\n\r\n\r\n" * 500_000
        async with http.post(f"{server.url}/api/snapshot", data=form, headers=FORM) as response:
            await response.read()


async def drip(server: Server, beside: Bystander) -> None:
    address = _address()
    await asyncio.gather(*(upload_slowly(server, address, 5) for _ in range(8)))


async def idle(server: Server, beside: Bystander) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    opened = [await asyncio.open_connection(host, int(port)) for _ in range(300)]
    await asyncio.sleep(1)
    for _, writer in opened:
        writer.close()


async def flood(server: Server, beside: Bystander) -> None:
    async with client_at(_address()) as http:
        for _ in range(1500):
            async with http.get(f"{server.url}/healthz") as response:
                await response.read()


ATTACKS: Sequence[Attack] = (
    *(connect_and_leave, connect_and_leave, vanish, watch, watch),
    *(never_complete, send_nonsense, upload, drip, idle, flood),
)


@dataclass(frozen=True)
class State:
    """
    :param ports: UDP sockets of all processes.
    :param front: resident memory of the front process in bytes.
    :param worker: that of the session's process.
    """

    processes: int
    descriptors: int
    threads: int
    worker_descriptors: int
    worker_threads: int
    ports: int
    front: int
    worker: int


async def _settled(server: Server, worker: psutil.Process) -> State:
    """The state once all other sessions have ended, pools are full, and connections are closed."""
    await server.until_sessions(1, DEADLINE)
    await server.until(lambda: server.busy_workers() == [worker], DEADLINE)
    await server.until_ready(DEADLINE)
    # The connections of the last requests time out after 15 s.
    await asyncio.sleep(17)
    return State(
        processes=len(server.tree()),
        descriptors=server.front.num_fds(),
        threads=server.front.num_threads(),
        worker_descriptors=worker.num_fds(),
        worker_threads=worker.num_threads(),
        ports=sum(len(process.net_connections("udp")) for process in server.tree()),
        front=server.front.memory_info().rss,
        worker=worker.memory_info().rss,
    )


async def _attack(server: Server, beside: Bystander, seconds: float, failed: Counter[str]) -> int:
    """:return: how many attacks there were"""
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        attack = random.choice(ATTACKS)
        try:
            async with asyncio.timeout(DEADLINE):
                await attack(server, beside)
        # What a server at its limits does to those who attack it.
        except (AssertionError, aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            failed[f"{attack.__name__}: {type(error).__name__}"] += 1
        count += 1
        await asyncio.sleep(PAUSE)
    return count


async def soak(minutes: float) -> list[Figure]:
    failed: Counter[str] = Counter()
    async with serving("--max-sessions", "4") as server, Bystander.joining(server) as beside:
        await _attack(server, beside, WARM_UP, failed)
        before = await _settled(server, beside.worker)
        async with beside.counting() as frames:
            attacks = await _attack(server, beside, 60 * minutes, failed)
        after = await _settled(server, beside.worker)
        ended = len(beside.publisher.received("end"))
    for name, times in sorted(failed.items()):
        print(f"{times} x {name}", file=sys.stderr)
    return [
        Figure("attacks, connects and disconnects", attacks, ""),
        Figure("the session beside them: times ended", ended, "", at_most=0),
        Figure("the session beside them: frames kept", 100 * frames.share, "%", at_least=90),
        Figure("processes left", after.processes - before.processes, "", at_most=0),
        Figure("UDP ports left", after.ports - before.ports, "", at_most=0),
        Figure("front: descriptors left", after.descriptors - before.descriptors, "", at_most=0),
        Figure("front: threads left", after.threads - before.threads, "", at_most=0),
        Figure("session: descriptors left", after.worker_descriptors - before.worker_descriptors, "", at_most=0),
        Figure("session: threads left", after.worker_threads - before.worker_threads, "", at_most=0),
        Figure("front: memory, before", before.front / 1e6, "MB"),
        Figure("front: growth of memory", (after.front - before.front) / 1e6, "MB", at_most=30),
        Figure("session: memory, before", before.worker / 1e6, "MB"),
        Figure("session: growth of memory", (after.worker - before.worker) / 1e6, "MB", at_most=30),
    ]


def main() -> int:
    """
    :return: the exit status, 1 if a target was missed.
    """
    figures = asyncio.run(soak(float(os.environ.get("SOAK_MINUTES", "60"))))
    print(table(figures))
    return int(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
