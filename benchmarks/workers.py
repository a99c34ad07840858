"""
Frames a second of workers that share a queue: one, as many as there are cores, and one more. Each has one process, and
one core to itself as long as there are enough, as on a machine of its own.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av import VideoFrame

from benchmarks.figure import Figure
from holistic_rtc.sample import clip
from tests.kit.clips import SIZE, forth_and_back
from tests.kit.publisher import Picture
from tests.kit.redis import redis_server

COMMAND = (sys.executable, "-m", "holistic_rtc.cli")
FILES = 8
FRAMES = 150
"""Of each file"""
FRAMES_WARM = 30
"""Of each of the files that are tracked first"""
MINUTES = 4
LONG_RATE = 8
"""Frames a second of the long video, which has a chunk for each minute"""


def measure() -> list[Figure]:
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with av.open(clip()) as container:
            pictures = [np.asarray(frame.to_image()) for frame in container.decode(video=0)]
        for number in range(FILES):
            _write(folder / "files" / f"{number}.mp4", pictures[:FRAMES], 30)
        _write(folder / "long" / "long.mp4", islice(forth_and_back(pictures), 60 * MINUTES * LONG_RATE), LONG_RATE)
        _write(folder / "warm" / "0.mp4", pictures[:FRAMES_WARM], 30)
        for number in range(1, 2 * cores):
            shutil.copy(folder / "warm" / "0.mp4", folder / "warm" / f"{number}.mp4")
        rates = {workers: asyncio.run(_rates(folder, workers, cores)) for workers in (1, cores, cores + 1)}
    return [
        *(
            Figure(f"{workers} workers: {what}", rates[workers][what], "fps")
            for what in ("files", "long")
            for workers in rates
        ),
        *(
            Figure(f"{what}: {cores} workers compared with as many times one", ratio, "times", at_least=0.9)
            for what in ("files", "long")
            for ratio in (rates[cores][what] / rates[1][what] / cores,)
        ),
    ]


def _write(path: Path, pictures: Iterable[Picture], rate: int) -> None:
    path.parent.mkdir(exist_ok=True)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.width, stream.height = SIZE
        for number, picture in enumerate(pictures):
            frame = VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


async def _rates(folder: Path, workers: int, cores: int) -> dict[str, float]:
    """:return: frames a second by input"""
    with tempfile.TemporaryDirectory() as data:
        async with redis_server(Path(data)) as redis:
            started = [await _start("worker", "--redis", redis.url, "--workers", "1") for _ in range(workers)]
            for number, process in enumerate(started):
                os.sched_setaffinity(process.pid, {number % cores})
            try:
                # Until each has loaded the networks
                await _track(folder / "warm", Path(data, "out"), redis.url)
                rates = {}
                for name, frames in (("files", FILES * FRAMES), ("long", 60 * MINUTES * LONG_RATE)):
                    before = time.monotonic()
                    await _track(folder / name, Path(data, "out"), redis.url)
                    rates[name] = frames / (time.monotonic() - before)
                return rates
            finally:
                for process in started:
                    process.terminate()
                    await process.wait()


async def _track(source: Path, out: Path, redis: str) -> None:
    shutil.rmtree(out, ignore_errors=True)
    process = await _start("track", str(source), "-o", str(out), "--landmarks", str(out), "--redis", redis)
    if await process.wait():
        raise RuntimeError("the batch failed")


async def _start(*arguments: str) -> asyncio.subprocess.Process:
    silent = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(*COMMAND, *arguments, stdout=silent, stderr=silent)
