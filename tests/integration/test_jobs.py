"""Files that are sent to a server: tracked by its workers, followed, downloaded."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import av
import psutil
import pytest
import pytest_asyncio

from holistic_rtc.client import HolisticClient
from holistic_rtc.errors import JobFailedError, JobUnknownError, MediaError, RefusedError
from holistic_rtc.model.job import JobState
from holistic_rtc.wire import as_json
from tests.kit.clips import make_clip
from tests.kit.jobs import Json, delete, files_in, follow, get, parts_in, submit
from tests.kit.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def jobs(folder: Path) -> AsyncIterator[Server]:
    """A server for two files at a time, of 300 kB at most, which are kept for some seconds."""
    environment = {
        "HOLISTIC_JOB_FOLDER": str(folder),
        "HOLISTIC_JOB_PLACES": "2",
        "HOLISTIC_JOB_MAX_BYTES": "300000",
        "HOLISTIC_TOKENS": '[{"name": "publisher", "token": "p", "rights": ["publish"]},'
        ' {"name": "watcher", "token": "w", "rights": ["watch"]}]',
    }
    async with serving("--max-sessions", "1", environment=environment) as server:
        yield server
        await server.stop()
    assert files_in(folder) == []


@pytest_asyncio.fixture(loop_scope="session")
async def api(jobs: Server) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(jobs.url, headers={"Authorization": "Bearer p"}) as session:
        yield session


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", 8).read_bytes()


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_clip(tmp_path_factory.mktemp("clips") / "long.mp4", 3000).read_bytes()


def job_workers(server: Server) -> list[psutil.Process]:
    children = psutil.Process(server.process.pid).children(recursive=True)
    return [child for child in children if child.name() == "rtc-job"]


async def test_a_video_is_tracked_and_both_results_can_be_downloaded(
    api: aiohttp.ClientSession, clip: bytes, folder: Path, tmp_path: Path
) -> None:
    job = await submit(api, clip)
    *_, done = await follow(api, job)
    assert (done["state"], done["frames"], done["total"], done["error"]) == ("done", 8, 8, None)
    assert 3590 < done["expires_in"] <= 3600
    assert await get(api, f"/api/jobs/{job['id']}") == (200, done | {"expires_in": done["expires_in"]})
    assert [(result["name"], result["type"]) for result in done["results"]] == [
        ("annotated.mp4", "video/mp4"),
        ("landmarks.jsonl", "application/x-ndjson"),
    ]
    contents = []
    for result in done["results"]:
        # The address is secret, and enough.
        async with aiohttp.ClientSession(api._base_url) as stranger, stranger.get(result["url"]) as response:
            assert response.headers["Content-Disposition"] == "attachment"
            contents.append(await response.read())
    (tmp_path / "annotated.mp4").write_bytes(contents[0])
    with av.open(tmp_path / "annotated.mp4") as annotated:
        assert sum(1 for _ in annotated.decode(video=0)) == 8
    messages = [as_json.decode(line) for line in contents[1].splitlines()]
    assert [message.seq for message in messages] == list(range(8))
    assert messages[-1].result.face_landmarks is not None
    assert await delete(api, job) == 204
    assert (await get(api, f"/api/jobs/{job['id']}"))[1]["code"] == "unknown_job"
    assert files_in(folder) == ["lock"]


async def test_only_what_is_asked_for_is_made(api: aiohttp.ClientSession, clip: bytes) -> None:
    job = await submit(api, clip, results="landmarks", quality="fast", max_persons="all")
    *_, done = await follow(api, job)
    assert [result["name"] for result in done["results"]] == ["landmarks.jsonl"]
    assert (await get(api, f"/api/jobs/{job['id']}/annotated.mp4"))[1]["code"] == "not_found"
    await delete(api, job)


@pytest.mark.parametrize(
    "data",
    [b"hello", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", b"ffconcat version 1.0\nfile clip.mp4\n"],
    ids=["no video", "a playlist", "a list of files"],
)
async def test_a_file_that_is_no_video_fails_with_the_reason(api: aiohttp.ClientSession, data: bytes) -> None:
    job = await submit(api, data)
    *_, failed = await follow(api, job)
    assert failed["state"] == "failed"
    assert failed["error"]["code"] == "bad_file"
    assert failed["error"]["detail"].startswith("the file can't be read as a picture or a video")
    assert failed["results"] == []
    async with api.get(f"/api/jobs/{job['id']}/landmarks.jsonl") as response:
        assert response.status == 422
    await delete(api, job)


async def test_jobs_wait_for_their_turn_and_can_be_stopped_and_no_more_are_taken_than_there_are_places(
    api: aiohttp.ClientSession, jobs: Server, long_clip: bytes, clip: bytes, folder: Path
) -> None:
    first = await submit(api, long_clip)
    second = await submit(api, clip)
    third = await api.post("/api/jobs", data=clip)
    assert (third.status, (await third.json())["code"]) == (503, "jobs_full")
    assert int(third.headers["Retry-After"]) > 0
    status, state = await get(api, f"/api/jobs/{second['id']}")
    assert (status, state["state"], state["ahead"]) == (200, "waiting", 0)
    assert (await get(api, f"/api/jobs/{second['id']}/landmarks.jsonl"))[1]["code"] == "job_unfinished"
    states: list[Json] = []
    following = asyncio.create_task(follow(api, first, states))
    await jobs.until(lambda: parts_in(folder) and states and states[-1]["state"] == "tracking")
    (worker,) = job_workers(jobs)
    assert worker.nice() == 10
    assert await delete(api, first) == 204
    await following
    assert states[-1]["state"] == "tracking"
    *_, done = await follow(api, second)
    assert done["state"] == "done"
    assert await delete(api, second) == 204
    await jobs.until(lambda: files_in(folder) == ["lock"])


async def test_a_job_whose_worker_is_killed_is_tried_again(
    api: aiohttp.ClientSession, jobs: Server, long_clip: bytes, folder: Path
) -> None:
    job = await submit(api, long_clip)
    earlier: set[str] = set()
    for _ in range(2):
        await jobs.until(lambda: parts_in(folder) - earlier)  # noqa: B023 - called at once
        (worker,) = job_workers(jobs)
        worker.kill()
        worker.wait()
        earlier |= parts_in(folder)  # Now that it adds none.
    *_, failed = await follow(api, job)
    assert failed["error"]["code"] == "job_failed"
    await delete(api, job)


async def test_what_is_too_large_or_not_allowed_or_wrong_is_refused(
    api: aiohttp.ClientSession, jobs: Server, clip: bytes
) -> None:
    async def refused(data: Any, headers: dict[str, str] | None = None, **options: str) -> str:
        async with api.post("/api/jobs", data=data, params=options, headers=headers) as response:
            return str((await response.json())["code"])

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield bytes(100_000)

    assert await refused(bytes(300_001)) == "too_large"
    assert await refused(endless()) == "too_large"
    assert await refused(b"") == "bad_request"
    assert await refused(clip, parts="face") == "bad_request"
    assert await refused(clip, results="") == "bad_request"
    assert await refused(clip, quality="best") == "bad_request"
    assert await refused(clip, {"Content-Encoding": "gzip"}) == "unsupported_type"
    assert await refused({"file": io.BytesIO(clip)}) == "unsupported_type"
    assert await refused(clip, {"Authorization": "Bearer w"}) == "forbidden"
    assert await refused(clip, {"Authorization": "Bearer x"}) == "unauthorized"
    async with api.get("/api/jobs/unknown") as response:
        assert (response.status, (await response.json())["code"]) == (404, "unknown_job")


async def test_the_python_client_submits_follows_downloads_and_deletes(
    jobs: Server, clip: bytes, tmp_path: Path
) -> None:
    (tmp_path / "clip.mp4").write_bytes(clip)
    (tmp_path / "words.mp4").write_bytes(b"hello")
    async with HolisticClient(jobs.url, token="p") as client:
        job = await client.submit(tmp_path / "clip.mp4", results=["landmarks"], quality="fast", max_persons=None)
        statuses = [status async for status in job.follow()]
        done = await client.job(job.id).wait()
        assert (done.state, done.frames, done.total, done.results) == (JobState.DONE, 8, 8, ("landmarks.jsonl",))
        assert statuses[-1] == replace(done, expires_in=statuses[-1].expires_in)
        await job.download("landmarks.jsonl", tmp_path / "landmarks.jsonl")
        lines = (tmp_path / "landmarks.jsonl").read_bytes().splitlines()
        assert [as_json.decode(line).seq for line in lines] == list(range(8))
        with pytest.raises(RefusedError, match="has only landmarks.jsonl"):
            await job.download("annotated.mp4", tmp_path / "annotated.mp4")
        assert not (tmp_path / "annotated.mp4").exists()
        await job.delete()
        with pytest.raises(JobUnknownError):
            await job.status()
        bad = await client.submit(tmp_path / "words.mp4")
        with pytest.raises(JobFailedError, match="can't be read as a picture or a video") as caught:
            await bad.wait()
        assert caught.value.code == "bad_file"
        await bad.delete()
        with pytest.raises(MediaError, match="can't be read: No such file"):
            await client.submit(tmp_path / "absent.mp4")
