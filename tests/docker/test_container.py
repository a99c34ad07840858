import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import numpy as np

from tests.kit.clips import person_clip
from tests.kit.publisher import PictureTrack, Publisher

from .compose import ADDRESS, CPUS, Composition, docker

ENOUGH = "/tmp/enough"
"""In the server's container; ends what uses up its memory."""


class OutsidePublisher(Publisher):
    """Knows of the server what somebody outside of its network does, and the server nothing of it: their only way is
    through the published ports."""

    async def offer(self) -> str:
        return _only(await super().offer(), None)

    async def accept(self, answer: str) -> None:
        await super().accept(_only(answer, ADDRESS))


def _only(sdp: str, address: str | None) -> str:
    """The SDP with the candidates at `address` alone."""
    lines = [
        line
        for line in sdp.splitlines()
        if line != "a=end-of-candidates" and (not line.startswith("a=candidate:") or line.split()[4] == address)
    ]
    return "\r\n".join(lines) + "\r\n"


@asynccontextmanager
async def publishing_from_outside(url: str) -> AsyncIterator[Publisher]:
    async with aiohttp.ClientSession() as http:
        publisher = OutsidePublisher(url, http)
        try:
            publisher.pc.addTransceiver(PictureTrack(person_clip()[0]), direction="sendrecv")
            publisher.open_landmarks()
            yield await publisher.connect()
        finally:
            if publisher.location:
                await publisher.delete()
            await publisher.close()


async def until_ready(url: str, timeout: float = 120) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(timeout):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"{url}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.1)


def test_a_start_takes_no_more_than_five_seconds_of_two_cpus(composition: Composition) -> None:
    """Compose gives it two; here it has one, and the rest of the machine is busy. Goes first."""
    assert _cpu_seconds(composition) < 10


async def test_annotated_video_and_landmarks_come_through_the_published_ports(composition: Composition) -> None:
    await until_ready(composition.url)
    async with publishing_from_outside(composition.url) as publisher:
        await publisher.until(lambda: any(message.result.pose_landmarks is not None for message in publisher.landmarks))
        await publisher.until(lambda: len(publisher.frames.get(0, [])) > 5, timeout=60)
        drawn = publisher.frames[0][-1].to_ndarray(format="rgb24").astype(int)
        assert np.abs(drawn - person_clip()[0]).mean() > 1


def test_the_pages_are_in_the_image(composition: Composition) -> None:
    fetch = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8080/').read().decode())"
    assert "<title>" in composition.in_app("python", "-c", fetch)


def test_the_server_has_no_rights_to_speak_of(composition: Composition) -> None:
    assert composition.in_app("id", "-u") == "10001"
    status = composition.in_app("cat", "/proc/1/status")
    assert "CapEff:\t0000000000000000" in status
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    for path in ("/file", "/opt/holistic-rtc/file", "/models/file"):
        assert "Read-only file system" in composition.in_app("touch", path, check=False)


def test_the_image_has_what_the_server_needs_and_no_tools(composition: Composition) -> None:
    tools = "for tool in gcc make node npm /opt/holistic-rtc/bin/pip; do command -v $tool || true; done"
    assert composition.in_app("sh", "-c", tools) == ""
    for model in ("lite", "full"):
        composition.in_app("holistic-rtc", "models", "verify", "--pose-model", model)


def test_the_secret_that_the_turn_server_made_is_in_no_log_and_no_environment(composition: Composition) -> None:
    secret = composition.in_app("cat", "/turn/secret")
    assert len(secret) >= 32
    assert secret not in docker("compose", "logs")
    assert secret not in docker("inspect", *docker("compose", "ps", "--quiet").split())


def test_the_image_alone_stops_when_told_to_while_it_starts(image: str) -> None:
    container = docker("run", "--detach", "--rm", image)
    try:
        docker("kill", "--signal", "TERM", container)
        docker("wait", container, check=False, timeout=20)
    finally:
        docker("rm", "--force", container, check=False)


async def test_two_sessions_share_the_cpu_cap_with_fewer_frames_and_a_bounded_delay(composition: Composition) -> None:
    assert f"{CPUS:g} CPUs (CPU limit of the control group)" in docker("compose", "logs", "app")
    await until_ready(composition.url)
    async with publishing_from_outside(composition.url) as one:
        await until_ready(composition.url)
        async with publishing_from_outside(composition.url) as other:
            for publisher in (one, other):
                await publisher.until_landmarks(6, timeout=60)
            used, began = _cpu_seconds(composition), time.monotonic()
            seen = [len(publisher.landmarks) for publisher in (one, other)]
            reports = len(one.received("stats"))
            await one.until(lambda: len(one.received("stats")) >= reports + 5, timeout=60)
            # A period of 0.1 s may be charged late.
            assert _cpu_seconds(composition) - used < CPUS * (time.monotonic() - began) * 1.05 + 0.1
            few, many = sorted(len(p.landmarks) - count for p, count in zip((one, other), seen, strict=True))
            assert few > many / 3
            for publisher in (one, other):
                tracks = [stats["tracks"][0] for stats in publisher.received("stats")[-5:]]
                assert tracks[-1]["dropped"] > tracks[0]["dropped"]
                assert sum(track["fps_out"] for track in tracks) < sum(track["fps_in"] for track in tracks)
                # Frames on their way, however slow it all is; a queue would be longer each second.
                assert max(track["delay_ms"] / 1000 * track["fps_out"] for track in tracks) < 5


async def test_the_server_is_back_after_the_memory_was_used_up(composition: Composition) -> None:
    await until_ready(composition.url)
    deaths = _deaths(composition)
    # Each holds less than a session's process does, which is therefore what the kernel kills.
    hog = f'import os, time; hog = bytes(1) * 100_000_000\nwhile not os.path.exists("{ENOUGH}"): time.sleep(0.1)'
    async with publishing_from_outside(composition.url) as publisher:
        await publisher.until(lambda: publisher.landmarks)
        hogs = asyncio.create_task(
            asyncio.to_thread(
                composition.in_app,
                *("sh", "-c", f"for i in 1 2 3 4 5 6 7 8 9; do python -c '{hog}' & done; wait"),
                check=False,
            )
        )
        async with asyncio.timeout(60):
            while _deaths(composition) == deaths:  # noqa: ASYNC110 - the kernel isn't asked by events
                await asyncio.sleep(0.2)
        composition.in_app("touch", ENOUGH, check=False)
        await hogs
    await until_ready(composition.url)
    async with publishing_from_outside(composition.url) as publisher:
        await publisher.until(lambda: publisher.landmarks)


async def test_the_server_is_back_after_it_was_killed(composition: Composition) -> None:
    restarts = _restarts()
    composition.in_app("sh", "-c", "kill -9 $(cat /proc/1/task/1/children)", check=False)
    async with asyncio.timeout(60):
        while _restarts() == restarts:  # noqa: ASYNC110 - Docker isn't asked by events
            await asyncio.sleep(0.2)
    await until_ready(composition.url)


def _deaths(composition: Composition) -> tuple[int, int]:
    """Processes that the kernel killed for their memory since the container's last start, and how often that was."""
    return _counter(composition, "oom_kill", "memory"), _restarts()


def _restarts() -> int:
    return int(docker("inspect", "--format", "{{.RestartCount}}", docker("compose", "ps", "--quiet", "app")))


def _cpu_seconds(composition: Composition) -> float:
    if usage := composition.in_app("sh", "-c", "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null", check=False):
        return int(usage) / 1e9
    return _counter(composition, "usage_usec", "cpu") / 1e6


def _counter(composition: Composition, name: str, controller: str) -> int:
    """Of the container's control group, of version 1 or 2; 0 while the container is down."""
    files = {
        "cpu": "/sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat",
        "memory": "/sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events",
    }[controller]
    text = composition.in_app("sh", "-c", f"cat {files} 2>/dev/null", check=False)
    return next((int(line.split()[1]) for line in text.splitlines() if line.split()[0] == name), 0)
