"""Pictures a second over HTTP, against a server that makes a new landmarker for each, and memory over many pictures."""

import asyncio
import io
import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle
from unittest.mock import patch

import aiohttp
import numpy as np
from mediapipe.tasks.python.vision import HolisticLandmarker
from PIL import Image as Pillow
from PIL import ImageOps

from benchmarks import plain_snapshots
from benchmarks.figure import Figure
from benchmarks.processes import Server, holistic_rtc, running
from holistic_rtc.model.result import Image
from tests.kit.clips import person_clip

SIZE = (1280, 720)
TURN = 8
"""Pictures that one server takes before it is the next one's turn."""
MANY = 500
SIZES = ((1280, 720), (640, 480), (320, 240), (720, 1280), (160, 120), (1920, 1080), (480, 640))


def encode(picture: Pillow.Image, size: tuple[int, int]) -> bytes:
    data = io.BytesIO()
    ImageOps.pad(picture, size).save(data, "JPEG", quality=90)
    return data.getvalue()


async def upload(server: Server, pictures: list[bytes], clients: int) -> list[float]:
    """
    All pictures, by so many clients at the same time.

    :return: how long each took, in milliseconds.
    """
    times: list[float] = []
    left = iter(pictures)

    async def client(http: aiohttp.ClientSession) -> None:
        for picture in left:
            started = time.perf_counter()
            async with http.post(
                f"{server.url}/api/snapshot", data=picture, headers={"Accept": "image/jpeg"}
            ) as response:
                await response.read()
                response.raise_for_status()
            times.append((time.perf_counter() - started) * 1000)

    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        for _ in range(clients):
            tasks.create_task(client(http))
    return times


def rate(server: Server, pictures: list[bytes], clients: int) -> tuple[float, list[float]]:
    """
    :return: pictures a second, and how long each took in milliseconds.
    """
    started = time.perf_counter()
    times = asyncio.run(upload(server, pictures, clients))
    return len(pictures) / (time.perf_counter() - started), times


def find(landmarker: HolisticLandmarker, pictures: list[Image]) -> tuple[float, float]:
    """
    What no server can do without: a landmarker that is there, and remembers nobody, finds the person.

    :return: seconds that all pictures took, and those of CPU.
    """
    black = np.zeros_like(pictures[0])
    took = []
    for picture in pictures:
        plain_snapshots.find(landmarker, black)
        started, cpu = time.perf_counter(), time.process_time()
        plain_snapshots.find(landmarker, picture)
        took.append((time.perf_counter() - started, time.process_time() - cpu))
    seconds, cpu_seconds = np.sum(took, axis=0)
    return float(seconds), float(cpu_seconds)


def compare(
    servers: Sequence[Server], landmarker: HolisticLandmarker, pictures: list[Image], clients: int
) -> list[float]:
    """
    In turns, since the speed of a virtual machine may double from one second to the next.

    :return: pictures a second of each server; of the landmarker alone; and of as many of these as there are cores.
    """
    seconds = np.zeros(len(servers) + 2)
    for start in range(0, len(pictures), TURN):
        turn = pictures[start : start + TURN]
        uploads = [encode(Pillow.fromarray(picture), SIZE) for picture in turn]
        took = [len(turn) / rate(server, uploads, clients)[0] for server in servers]
        alone, alone_cpu = find(landmarker, turn)
        seconds += [*took, alone, alone_cpu / len(os.sched_getaffinity(0))]
    return [float(len(pictures) / each) for each in seconds]


def measure() -> list[Figure]:
    person = [Pillow.fromarray(frame) for frame in person_clip(strips=True)]
    large = [np.asarray(ImageOps.pad(picture, SIZE)) for picture in person[:24]]
    pictures = [encode(picture, SIZE) for picture in person[:24]]
    with ExitStack() as servers, plain_snapshots.make_landmarker() as landmarker:
        plain = servers.enter_context(running("-m", "benchmarks.plain_snapshots"))
        ours = []
        for workers in ("1", "2"):
            # A place for each of the clients.
            settings = {"HOLISTIC_SNAPSHOT_PLACES": "16", "HOLISTIC_SNAPSHOT_WORKERS": workers}
            with patch.dict(os.environ, settings):
                ours.append(servers.enter_context(holistic_rtc()))
        times = {clients: rate(ours[0], pictures, clients)[1] for clients in (1, 4, 16)}
        compared = {clients: compare((*ours, plain), landmarker, large, clients) for clients in (1, 4)}
        takers = ours[1].snapshot_workers()
        mixed = [encode(picture, size) for picture, size in zip(person[:70], cycle(SIZES), strict=False)]
        memory = []
        for _ in range(2):
            rate(ours[1], [picture for _, picture in zip(range(MANY // 2), cycle(mixed), strict=False)], 4)
            memory.append(sum(process.memory_info().rss for process in takers))
    figures = []
    for clients, factor in ((1, 4), (4, 4)):
        who = "one client" if clients == 1 else f"{clients} clients"
        by_one, by_two, by_new, alone, on_all_cores = compared[clients]
        at_most = alone if clients == 1 else on_all_cores
        figures += [
            Figure(f"snapshots a second, {who}", by_one, ""),
            Figure(f"by two processes: snapshots a second, {who}", by_two, ""),
            Figure(f"a new landmarker for each: snapshots a second, {who}", by_new, ""),
            Figure(f"a landmarker's findings a second, {who}", at_most, ""),
            Figure(f"time with a new landmarker compared with ours, {who}", by_one / by_new, "times", at_least=factor),
            Figure(f"compared with that of two processes, {who}", by_two / by_new, "times"),
            Figure(f"compared with the finding alone, {who}", at_most / by_new, "times"),
        ]
    for clients, each in times.items():
        who = "one client" if clients == 1 else f"{clients} clients"
        figures += [
            Figure(f"a snapshot with {who}, p{percent}", float(np.percentile(each, percent)), "ms")
            for percent in (50, 95)
        ]
    return [
        *figures,
        Figure("first snapshot compared with the median", times[1][0] / float(np.median(times[1])), "times", at_most=2),
        Figure("memory of two snapshot processes", memory[0] / 1e6, "MB"),
        Figure(f"growth from {MANY // 2} to {MANY} of mixed sizes", (memory[1] - memory[0]) / 1e6, "MB"),
    ]
