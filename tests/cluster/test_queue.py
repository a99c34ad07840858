"""``holistic-rtc worker`` and ``holistic-rtc track --redis``, with a real Redis between them."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import AsyncIterator, Collection
from itertools import repeat
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from tests.kit.clips import make_clip, make_long
from tests.kit.commands import ran, refused, running, told
from tests.kit.pictures import grace_hopper
from tests.kit.redis import RedisServer, redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RedisServer]:
    async with redis_server(tmp_path_factory.mktemp("broker"), persistent=True) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def worker(broker: RedisServer) -> AsyncIterator[asyncio.subprocess.Process]:
    """Two processes on this machine."""
    async with running("worker", "--redis", broker.url, "--workers", "2") as worker:
        await told(worker, "ready")
        reading = asyncio.create_task(drain(worker))
        yield worker
        # Celery's worker ends by itself once the last test that uses it has restarted Redis.
        with contextlib.suppress(ProcessLookupError):
            worker.send_signal(signal.SIGTERM)
        await worker.wait()
        await reading


async def drain(worker: asyncio.subprocess.Process) -> None:
    assert worker.stderr is not None
    while await worker.stderr.read(65_536):
        pass


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def parts_in(folder: Path) -> list[str]:
    return [name for name in files_in(folder) if ".part" in name]


async def until_tracking(
    process: asyncio.subprocess.Process, out: Path, besides: Collection[str] = ()
) -> Collection[str]:
    """:return: the files that are being written, once there are others than those of earlier processes"""
    while not set(parts := parts_in(out)).difference(besides):
        assert process.returncode is None, (await process.communicate())[1]
        await asyncio.sleep(0.02)
    return parts


async def until_untouched(out: Path) -> None:
    """Until no worker writes there any more."""
    async with asyncio.timeout(20):
        while parts_in(out):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_batch_is_tracked_by_workers_as_it_is_without_them(
    broker: RedisServer,
    worker: asyncio.subprocess.Process,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "takes"
    make_clip(folder / "one.mp4", 8)
    make_clip(folder / "day 2" / "two.mov", 6)
    (folder / "words.mp4").write_text("not a video")
    results = {"here": tmp_path / "here", "queue": tmp_path / "queue"}
    for out, options in ((results["here"], ["--workers", "1"]), (results["queue"], ["--redis", broker.url])):
        status, output, errors = await ran(capsys, "track", folder, "-o", out, "--landmarks", out, *options)
        assert status == 1
        assert "2 files tracked, 14 frames\n" in errors
        assert f"{folder / 'words.mp4'} can't be read as a picture or a video" in errors
        assert output.splitlines() == [str(out / name) for name in files_in(out)]
    assert files_in(results["here"]) == files_in(results["queue"])
    for name in files_in(results["here"]):
        assert (results["here"] / name).read_bytes() == (results["queue"] / name).read_bytes()


async def test_a_file_whose_process_is_killed_is_tracked_by_another_one(
    broker: RedisServer, worker: asyncio.subprocess.Process, tmp_path: Path
) -> None:
    clip, out = make_clip(tmp_path / "in" / "long.mp4", 200), tmp_path / "out"
    async with running("track", clip.parent, "-o", out, "--redis", broker.url) as process:
        earlier = await until_tracking(process, out)
        for child in psutil.Process(worker.pid).children():
            child.kill()
        await until_tracking(process, out, earlier)
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert files_in(out) == ["long.mp4"]
    assert output.decode() == f"{out / 'long.mp4'}\n"
    assert "1 file tracked, 200 frames" in errors.decode()


async def test_the_files_of_a_worker_that_is_killed_with_all_its_processes_are_tracked_by_another_one(
    tmp_path: Path,
) -> None:
    clip, out = make_clip(tmp_path / "in" / "long.mp4", 200), tmp_path / "out"
    async with redis_server(tmp_path) as broker, running("worker", "--redis", broker.url, "--workers", "1") as worker:
        await told(worker, "ready")
        async with running("track", clip.parent, "-o", out, "--redis", broker.url) as process:
            await until_tracking(process, out)
            dead = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
            for one in dead:
                one.kill()
            async with running("worker", "--redis", broker.url, "--workers", "1") as other:
                await told(other, "ready")
                reading = asyncio.create_task(drain(other))
                _, errors = await process.communicate()
                other.terminate()
                await reading
            assert process.returncode == 0, errors.decode()
    assert files_in(out) == ["long.mp4"]
    assert "1 file tracked, 200 frames" in errors.decode()


def make_long_clip(path: Path) -> Path:
    """Three minutes, which are three chunks, in 180 frames."""
    return make_clip(path, 180, rate=1)


async def until_chunks_are_tracked(process: asyncio.subprocess.Process, out: Path, count: int = 2) -> None:
    """Several at the same time."""
    while len({Path(name).name.split(".")[1] for name in parts_in(out) if ".chunks/" in name}) < count:
        assert process.returncode is None, (await process.communicate())[1]
        await asyncio.sleep(0.02)


def same_files(one: Path, other: Path) -> bool:
    return files_in(one) == files_in(other) and all(
        (one / name).read_bytes() == (other / name).read_bytes() for name in files_in(one)
    )


async def test_a_long_video_is_tracked_by_several_processes_as_by_one_even_if_they_are_killed(
    broker: RedisServer, worker: asyncio.subprocess.Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_long_clip(tmp_path / "in" / "long.mp4")
    here, out, elsewhere = (tmp_path / name for name in ("here", "queue", "elsewhere"))
    async with running("track", clip.parent, "-o", out, "--landmarks", out, "--redis", broker.url) as process:
        await until_chunks_are_tracked(process, out)
        for child in psutil.Process(worker.pid).children():
            child.kill()
        _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert "1 file tracked, 180 frames" in errors.decode()
    status, _, told_here = await ran(capsys, "track", clip.parent, "-o", here, "--landmarks", here, "--workers", "1")
    assert status == 0, told_here
    assert files_in(here) == ["long.jsonl", "long.mp4"]
    assert same_files(here, out)
    urls = [f"file://{tmp_path / name}" for name in ("in", "elsewhere")]
    status, _, told_elsewhere = await ran(
        capsys, "track", urls[0], "-o", urls[1], "--landmarks", urls[1], "--redis", broker.url
    )
    assert status == 0, told_elsewhere
    assert same_files(here, elsewhere)
    assert not [*out.glob(".*"), *elsewhere.glob(".*")]


async def test_ctrl_c_revokes_what_is_in_the_queue(
    broker: RedisServer, worker: asyncio.subprocess.Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, out = make_clip(tmp_path / "in" / "1.mp4", 1000), tmp_path / "out"
    for number in range(2, 5):
        shutil.copy(clip, tmp_path / "in" / f"{number}.mp4")
    async with running("track", clip.parent, "-o", out, "--redis", broker.url) as process:
        await until_tracking(process, out)
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (130, "interrupted\n")
    await until_untouched(out)
    # The workers are free for others.
    make_clip(tmp_path / "next" / "short.mp4", 2)
    status, _, errors_of_next = await ran(capsys, "track", tmp_path / "next", "-o", out, "--redis", broker.url)
    assert status == 0, errors_of_next
    assert files_in(out) == ["short.mp4"]


async def test_a_long_video_that_can_only_be_read_from_its_beginning_is_tracked_as_a_whole(
    broker: RedisServer, worker: asyncio.subprocess.Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_long(tmp_path / "in" / "long.mp4", repeat(grace_hopper()), range(0, 125_000, 1000))
    # Without the times at which frames are shown, which differ from those at which they are decoded.
    clip.write_bytes(clip.read_bytes().replace(b"ctts", b"free"))
    here, out = tmp_path / "here", tmp_path / "queue"
    for folder, options in ((here, ["--workers", "1"]), (out, ["--redis", broker.url])):
        status, _, errors = await ran(capsys, "track", clip.parent, "--landmarks", folder, *options)
        assert status == 0, errors
    assert same_files(here, out)
    assert not list(out.glob(".*"))


async def test_ctrl_c_and_failures_leave_no_chunk(
    broker: RedisServer, worker: asyncio.subprocess.Process, tmp_path: Path
) -> None:
    clip, out = make_long_clip(tmp_path / "in" / "long.mp4"), tmp_path / "out"
    async with running("track", clip.parent, "-o", out, "--redis", broker.url) as process:
        await until_chunks_are_tracked(process, out)
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (130, "interrupted\n")
    assert list(out.iterdir()) == []
    async with running("track", clip.parent, "-o", out, "--redis", broker.url) as process:
        await until_chunks_are_tracked(process, out)
        # Before the third one is begun.
        clip.unlink()
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert f"there is no file {clip}" in errors.decode()
    assert list(out.iterdir()) == []


async def test_a_queue_that_can_not_be_reached_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(tmp_path / "in" / "clip.mp4", 2)
    for url, words in (
        ("redis://127.0.0.1:1/0", "the queue can't be reached"),
        ("http://x", "isn't the URL of a Redis"),
        ("redis://localhost:99999", "isn't the URL of a Redis"),
    ):
        words_of = await refused(capsys, "track", tmp_path / "in", "-o", tmp_path / "out", "--redis", url)
        assert words in words_of


async def test_a_worker_without_the_password_says_so_and_ends(
    broker: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "the queue is missing" in await refused(capsys, "worker")
    url = broker.url.replace("redis://", "redis://somebody:wrong@")
    assert "the queue can't be read: invalid username-password pair" in await refused(capsys, "worker", "--redis", url)


async def test_an_output_folder_that_is_a_file_is_told(
    broker: RedisServer, worker: asyncio.subprocess.Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, out = make_clip(tmp_path / "in" / "day" / "clip.mp4", 2), tmp_path / "out"
    out.mkdir()
    (out / "day").write_text("not a folder")
    status, _, errors = await ran(capsys, "track", clip.parents[1], "-o", out, "--redis", broker.url)
    assert status == 1
    assert f"{out / 'day'} can't be created: " in errors


async def test_a_file_is_tracked_though_redis_does_not_say_how_often_it_was(
    broker: RedisServer, worker: asyncio.subprocess.Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = make_clip(tmp_path / "in" / "clip.mp4", 2)
    async with broker.client() as redis:
        await redis.execute_command("ACL", "SETUSER", "default", "-incrby")
        try:
            status, _, errors = await ran(capsys, "track", clip.parent, "-o", tmp_path / "out", "--redis", broker.url)
        finally:
            await redis.execute_command("ACL", "SETUSER", "default", "+incrby")
    assert status == 0, errors


async def test_a_file_is_finished_while_redis_is_restarted(
    broker: RedisServer, worker: asyncio.subprocess.Process, tmp_path: Path
) -> None:
    clip, out = make_clip(tmp_path / "in" / "long.mp4", 200), tmp_path / "out"
    async with running("track", clip.parent, "-o", out, "--redis", broker.url) as process:
        await until_tracking(process, out)
        await broker.stop()
        await broker.start()
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    # Another process may have been given it as well, and stops now.
    await until_untouched(out)
    assert files_in(out) == ["long.mp4"]
    assert output.decode() == f"{out / 'long.mp4'}\n"
    assert "1 file tracked, 200 frames" in errors.decode()


async def supervise(broker: RedisServer) -> None:
    """A worker that is started again whenever it ends, which it may after a restart of Redis."""
    while True:
        async with running("worker", "--redis", broker.url, "--workers", "2") as worker:
            await drain(worker)
            await worker.wait()


async def test_chunks_survive_a_restart_of_redis(
    broker: RedisServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, here, out = make_long_clip(tmp_path / "in" / "long.mp4"), tmp_path / "here", tmp_path / "out"
    supervising = asyncio.create_task(supervise(broker))
    async with running("track", clip.parent, "--landmarks", out, "--redis", broker.url) as process:
        await until_chunks_are_tracked(process, out)
        await broker.stop()
        await broker.start()
        _, errors = await process.communicate()
    supervising.cancel()
    await asyncio.wait({supervising})
    assert process.returncode == 0, errors.decode()
    assert "1 file tracked, 180 frames" in errors.decode()
    status, _, told_here = await ran(capsys, "track", clip.parent, "--landmarks", here, "--workers", "1")
    assert status == 0, told_here
    assert same_files(here, out)
