"""A server whose jobs are tracked by ``holistic-rtc worker``, with a real Redis between them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
import pytest_asyncio
from PIL import Image

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.messages import TrackFile
from holistic_rtc.model.quality import Quality
from holistic_rtc.tasks.jobs import JobQueue
from tests.kit.clips import make_clip
from tests.kit.commands import running, told
from tests.kit.jobs import delete, files_in, follow, get, parts_in, submit
from tests.kit.redis import RedisServer, redis_server
from tests.kit.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURE_PIXELS = 640 * 480


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RedisServer]:
    async with redis_server(tmp_path_factory.mktemp("broker"), persistent=True) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Which the server and the workers share."""
    return tmp_path_factory.mktemp("shared")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(broker: RedisServer, folder: Path) -> AsyncIterator[Server]:
    environment = {
        "HOLISTIC_JOB_REDIS_URL": broker.url,
        "HOLISTIC_JOB_FOLDER": str(folder),
        "HOLISTIC_JOB_WORKERS": "0",
        "HOLISTIC_SNAPSHOT_MAX_PIXELS": str(PICTURE_PIXELS),
    }
    async with serving("--max-sessions", "1", environment=environment) as server:
        yield server
        await server.stop()
    assert left_in(folder) == []


@pytest_asyncio.fixture(loop_scope="session")
async def api(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as session:
        yield session


@asynccontextmanager
async def working(broker: RedisServer) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker with one process."""
    async with running("worker", "--redis", broker.url, "--workers", "1") as worker, AsyncExitStack() as stack:
        await told(worker, "ready")
        assert worker.stderr is not None
        reading = asyncio.create_task(worker.stderr.read())
        stack.callback(reading.cancel)
        yield worker
        worker.send_signal(signal.SIGTERM)
        await worker.wait()
        await reading


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def worker(broker: RedisServer) -> AsyncIterator[asyncio.subprocess.Process]:
    async with working(broker) as worker:
        yield worker


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", 8).read_bytes()


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clips") / "long.mp4", 1000).read_bytes()


def left_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def results_of(api: aiohttp.ClientSession, job: Any) -> dict[str, bytes]:
    found = {}
    for result in job["results"]:
        async with api.get(result["url"]) as response:
            assert response.status == 200
            found[result["name"]] = await response.read()
    return found


async def until_tracking(server: Server, folder: Path, besides: set[str] = frozenset()) -> set[str]:  # type: ignore[assignment]
    """:return: the files that are being written, once there are others"""
    await server.until(lambda: parts_in(folder) - besides)
    return parts_in(folder)


async def test_jobs_wait_for_a_worker_even_if_redis_loses_its_data_and_results_are_those_of_the_server_itself(
    server: Server, api: aiohttp.ClientSession, broker: RedisServer, clip: bytes
) -> None:
    first, second = await submit(api, clip), await submit(api, clip, results="landmarks", quality="fast")
    assert (await get(api, f"/api/jobs/{first['id']}"))[1]["state"] == "waiting"
    assert (await get(api, f"/api/jobs/{second['id']}"))[1]["ahead"] == 1
    async with broker.client() as redis:
        await redis.flushall()
    async with working(broker):
        *_, done = await follow(api, first)
        *_, fast = await follow(api, second)
    assert (done["state"], done["frames"], done["total"], done["error"]) == ("done", 8, 8, None)
    assert [result["name"] for result in fast["results"]] == ["landmarks.jsonl"]
    found = await results_of(api, done)
    async with serving("--max-sessions", "1", warm=False) as alone, aiohttp.ClientSession(alone.url) as other:
        *_, expected = await follow(other, await submit(other, clip))
        assert found == await results_of(other, expected)
    for job in (first, second):
        assert await delete(api, job) == 204


async def test_a_job_in_the_queue_survives_a_restart_of_redis(
    server: Server, api: aiohttp.ClientSession, broker: RedisServer, clip: bytes
) -> None:
    first = await submit(api, clip, results="landmarks")
    await broker.stop()
    await until_health(api, "unreachable")
    second = await submit(api, clip, results="landmarks")
    await broker.start()
    await until_health(api, "connected")
    async with working(broker):
        for job in (first, second):
            *_, done = await follow(api, job)
            assert done["state"] == "done"
            await delete(api, job)


async def until_health(api: aiohttp.ClientSession, state: str) -> None:
    async with asyncio.timeout(20):
        while (await get(api, "/readyz"))[1]["job_queue"] != state:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_job_is_followed_and_deleted_while_it_is_tracked(
    server: Server,
    api: aiohttp.ClientSession,
    worker: asyncio.subprocess.Process,
    long_clip: bytes,
    clip: bytes,
    folder: Path,
) -> None:
    job = await submit(api, long_clip)
    states: list[Any] = []
    following = asyncio.create_task(follow(api, job, states))
    await server.until(lambda: states and 0 < states[-1]["frames"] < 1000)
    await until_tracking(server, folder)
    assert (states[-1]["state"], states[-1]["total"]) == ("tracking", 1000)
    assert await delete(api, job) == 204
    await following
    await server.until(lambda: files_in(folder) == ["lock"])
    # The worker is free for others, and leaves nothing behind.
    *_, done = await follow(api, await submit(api, clip))
    assert done["state"] == "done"
    assert await delete(api, done) == 204
    assert [path.name for path in left_in(folder)[1:]] == ["lock"]


async def test_files_of_strangers_have_limits_in_the_queue_too(
    api: aiohttp.ClientSession, broker: RedisServer, worker: asyncio.subprocess.Process, tmp_path: Path
) -> None:
    Image.new("RGB", (641, 480)).save(tmp_path / "large.png")
    for data, words in (((tmp_path / "large.png").read_bytes(), "pixels"), (b"hello", "can't be read as a picture or")):
        *_, failed = await follow(api, await submit(api, data))
        assert (failed["state"], failed["error"]["code"]) == ("failed", "bad_file")
        assert words in failed["error"]["detail"]
        await delete(api, failed)

    async def refusal(clip: Path) -> Refusal:
        queue = JobQueue(broker.url, seconds=0.5)
        landmarks = os.fsencode(tmp_path / "landmarks.jsonl")
        order = TrackFile(
            source=os.fsencode(clip),
            name="the file",
            annotated=None,
            landmarks=landmarks,
            quality=Quality.EXACT,
            max_persons=1,
        )
        with pytest.raises(Refusal) as caught:
            await queue.track(order, lambda done, total: None)
        await queue.close()
        return caught.value

    long = await refusal(make_clip(tmp_path / "long.mp4", 1000))
    assert (long.code, long.detail) == (Code.JOB_TIMEOUT, "it wasn't tracked within 0.5 s")
    # A worker that doesn't share the folder is to blame, not the file.
    assert (await refusal(tmp_path / "elsewhere.mp4")).code is Code.JOB_FAILED
    assert files_in(tmp_path) == ["large.png", "long.mp4"]


async def test_a_job_whose_worker_is_killed_is_finished_by_another(
    server: Server,
    api: aiohttp.ClientSession,
    worker: asyncio.subprocess.Process,
    folder: Path,
    tmp_path: Path,
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 60).read_bytes()
    job = await submit(api, clip, results="landmarks", quality="fast")
    earlier = await until_tracking(server, folder)
    for child in psutil.Process(worker.pid).children():
        child.kill()
    await until_tracking(server, folder, earlier)
    *_, done = await follow(api, job)
    assert (done["state"], done["frames"]) == ("done", 60)
    assert sorted(files_in(folder)) == ["landmarks.jsonl", "lock"]
    assert await delete(api, job) == 204


async def test_a_redis_that_hangs_or_has_gone_keeps_the_server_from_nothing(
    clip: bytes, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with redis_server(tmp_path_factory.mktemp("hanging")) as hanging:
        environment = {"HOLISTIC_JOB_REDIS_URL": hanging.url, "HOLISTIC_JOB_FOLDER": str(tmp_path)}
        async with serving("--max-sessions", "1", environment=environment) as server:
            async with aiohttp.ClientSession(server.url) as api:
                sent = await submit(api, clip)
                hanging.signal(signal.SIGSTOP)
                loop = asyncio.get_running_loop()
                for _ in range(4):
                    began = loop.time()
                    await submit(api, clip)
                    assert loop.time() - began < 1
                assert await delete(api, sent) == 204
                began = loop.time()
                await server.stop()
                assert loop.time() - began < 10
            hanging.signal(signal.SIGCONT)
        assert left_in(tmp_path) == []


async def test_a_server_without_a_shared_folder_is_refused_at_its_start(broker: RedisServer) -> None:
    async with running("serve", "--port", "0", HOLISTIC_JOB_REDIS_URL=broker.url) as process:
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert "HOLISTIC_JOB_FOLDER is missing: with HOLISTIC_JOB_REDIS_URL, it must be a folder" in errors.decode()
