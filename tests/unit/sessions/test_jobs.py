"""Which jobs are admitted, and how long they and their files stay."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.file_tracking import Report
from holistic_rtc.ipc.messages import Tracked, TrackFile
from holistic_rtc.ipc.pool import Pool
from holistic_rtc.ipc.process import Process
from holistic_rtc.model.job import JobState
from holistic_rtc.sessions.job_folder import JobFolder, remove_folder
from holistic_rtc.sessions.job_tracking import OwnWorkers
from holistic_rtc.sessions.jobs import JobOptions, Jobs
from holistic_rtc.sessions.quotas import Client
from holistic_rtc.settings import load_settings

ALICE, BOB = Client("192.0.2.1", "192.0.2.1"), Client("192.0.2.2", "192.0.2.2")


class NothingReadable(Pool):
    """Whose workers can read no file."""

    def __init__(self) -> None:
        super().__init__(self._never, 1)

    async def _never(self) -> Process:
        return await asyncio.Future()

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[Process]:
        raise Refusal(Code.BAD_FILE, "the file can't be read")
        yield


@asynccontextmanager
async def opened(folder: Path, **settings: Any) -> AsyncIterator[Jobs]:
    jobs = Jobs(OwnWorkers(NothingReadable(), 10), load_settings(job_folder=folder, **settings))
    jobs.open()
    try:
        yield jobs
    finally:
        await jobs.close()
    assert not any(folder.iterdir())  # noqa: ASYNC240


def refused(jobs: Jobs, client: Client, size: int | None) -> Code:
    with pytest.raises(Refusal) as caught:
        jobs.reserve(client, size, JobOptions())
    return caught.value.code


async def test_one_address_gets_half_of_the_places(tmp_path: Path) -> None:
    async with opened(tmp_path, job_places=4) as jobs:
        first = jobs.reserve(ALICE, 10, JobOptions())
        jobs.reserve(ALICE, 10, JobOptions())
        assert refused(jobs, ALICE, 10) is Code.ADDRESS_FULL
        jobs.reserve(BOB, 10, JobOptions())
        jobs.reserve(BOB, 10, JobOptions())
        assert refused(jobs, Client("192.0.2.3", "192.0.2.3"), 10) is Code.JOBS_FULL
        jobs.remove(first)
        jobs.reserve(ALICE, 10, JobOptions())


async def test_room_on_the_disk_is_limited_and_one_address_gets_half_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path, job_disk_bytes=1000, job_max_bytes=600) as jobs:
        jobs.reserve(ALICE, 400, JobOptions())
        assert refused(jobs, ALICE, 200) is Code.ADDRESS_FULL
        jobs.reserve(ALICE, 100, JobOptions())
        assert refused(jobs, BOB, None) is Code.JOBS_FULL
        jobs.reserve(BOB, 500, JobOptions())
        assert jobs.bytes == 1000


class Chunks:
    """Has written a chunk of a long video, and goes on."""

    connected: bool | None = None

    def open(self) -> None: ...

    async def track(self, order: TrackFile, report: Report) -> Tracked:
        folder = Path(os.fsdecode(order.source)).with_name(".1.chunks")
        folder.mkdir()
        (folder / "0.mp4").write_bytes(bytes(200_000))
        report(1, 2)
        return await asyncio.Future()

    async def close(self) -> None: ...


async def test_a_job_whose_chunks_leave_no_room_is_ended(tmp_path: Path) -> None:
    jobs = Jobs(Chunks(), load_settings(job_folder=tmp_path, job_disk_bytes=100_000))
    jobs.open()
    job = jobs.reserve(ALICE, 5, JobOptions())
    jobs.start(job, 5)
    async with asyncio.timeout(5):
        while not job.state.ended:
            await job.changed.wait()
    assert job.error is not None
    assert job.error.code is Code.JOBS_FULL
    assert not job.folder.exists()
    await jobs.close()


async def test_a_job_expires_some_time_after_it_has_ended(tmp_path: Path) -> None:
    async with opened(tmp_path, job_keep_seconds=0.01) as jobs:
        job = jobs.reserve(ALICE, None, JobOptions())
        with pytest.raises(Refusal):
            jobs.get(job.id)
        job.source.write_bytes(b"hello")
        jobs.start(job, 5)
        assert jobs.get(job.id) is job
        async with asyncio.timeout(10):
            while job.state is not JobState.FAILED:
                await job.changed.wait()
            assert job.error is not None
            assert job.error.code is Code.BAD_FILE
            assert not job.folder.exists()
            while job in jobs:
                await job.changed.wait()
        with pytest.raises(Refusal) as caught:
            jobs.get(job.id)
        assert caught.value.code is Code.UNKNOWN_JOB


async def test_without_workers_or_a_folder_no_file_is_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    workers = OwnWorkers(NothingReadable(), 10)
    for jobs in (Jobs(workers, load_settings(job_folder=tmp_path / "absent")), Jobs(None, load_settings())):
        jobs.open()
        assert refused(jobs, ALICE, 1) is Code.JOBS_OFF
        await jobs.close()
    assert "set HOLISTIC_JOB_FOLDER" in caplog.text


def test_a_folder_that_is_written_to_is_removed_for_good(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "source").touch()

    def write() -> int:
        for number in count():
            try:
                (folder / f"{number}").touch()
            except OSError:
                return number
        raise AssertionError

    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(write)
        while not (folder / "10").exists():
            time.sleep(0.001)
        remove_folder(folder)
        assert writing.result() > 10
    assert not any(tmp_path.iterdir())
    remove_folder(folder)


def test_what_killed_servers_have_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    running = JobFolder(tmp_path)
    (running.create("a") / "source").write_bytes(b"hello")
    left = tmp_path / "holistic-rtc-jobs-left"
    (left / "b").mkdir(parents=True)
    (left / "lock").touch()
    half = tmp_path / "holistic-rtc-jobs-half.removed"
    (half / "b").mkdir(parents=True)
    (tmp_path / "holistic-rtc-jobs-link").symlink_to(running.create("c"))
    other = JobFolder(tmp_path)
    assert not left.exists()
    assert not half.exists()
    assert len([path for path in tmp_path.iterdir() if not path.is_symlink()]) == 2
    assert len(list(tmp_path.glob("*/a/source"))) == 1
    other.close()
    running.close()
