"""Pictures a second over HTTP, against a server that makes a new landmarker for each, and memory over many pictures."""

import asyncio
import io
import os
import time
from itertools import cycle

import aiohttp
import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from benchmarks import clip
from benchmarks.figure import Figure
from benchmarks.processes import Server, holistic_rtc, running
from holistic_rtc.tracking import models

SIZE = (1280, 720)
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


def measure() -> list[Figure]:
    models.fetch(models.PoseModel.FULL, report=lambda *_: None)
    person = [Pillow.fromarray(frame) for frame in clip.frames()]
    pictures = [encode(picture, SIZE) for picture in person[:24]]
    with running("-m", "benchmarks.plain_snapshots") as server:
        plain = {clients: rate(server, pictures[:8], clients) for clients in (1, 4)}
    os.environ["HOLISTIC_SNAPSHOT_PLACES"] = "16"  # A place for each of the clients.
    with holistic_rtc("--pose-model", "full") as server:
        ours = {clients: rate(server, pictures, clients) for clients in (1, 4, 16)}
        rss = [process for process in server.tree() if "holistic_rtc.worker.snapshot" in process.cmdline()]
        mixed = [encode(picture, size) for picture, size in zip(person[:70], cycle(SIZES), strict=False)]
        memory = [sum(process.memory_info().rss for process in rss)]
        for _ in range(2):
            rate(server, [picture for _, picture in zip(range(MANY // 2), cycle(mixed), strict=False)], 4)
            memory.append(sum(process.memory_info().rss for process in rss))
    first = ours[1][1][0]
    figures = []
    for clients, factor in ((1, 4), (4, 6)):
        who = "one client" if clients == 1 else f"{clients} clients"
        figures += [
            Figure(f"snapshots a second, {who}", ours[clients][0], ""),
            Figure(f"a new landmarker for each: snapshots a second, {who}", plain[clients][0], ""),
            Figure(
                f"its time for a snapshot compared with ours, {who}",
                ours[clients][0] / plain[clients][0],
                "times",
                at_least=factor,
            ),
        ]
    for clients, (_, times) in ours.items():
        who = "one client" if clients == 1 else f"{clients} clients"
        figures += [
            Figure(f"a snapshot with {who}, p{percent}", float(np.percentile(times, percent)), "ms")
            for percent in (50, 95)
        ]
    return [
        *figures,
        Figure("first snapshot compared with the median", first / float(np.median(ours[1][1])), "times", at_most=2),
        Figure("memory of a snapshot process", memory[1] / 1e6, "MB"),
        Figure(f"its growth from {MANY // 2} to {MANY} snapshots of mixed sizes", (memory[2] - memory[1]) / 1e6, "MB"),
    ]
