"""The fork server and its workers, with the real networks."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
import uvloop

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import ModelError
from holistic_rtc.ipc.fork_server import ForkServer
from holistic_rtc.ipc.process import Exit, Process
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.settings import worker_environment


def make(model: Path) -> ForkServer:
    return ForkServer(
        [
            *("--engine", "holistic", "--quality", "balanced", "--model", str(model), "--description", "{}"),
            *("--threads", "2", "--parts", "pose", "--max-persons", "1", "--max-frame-pixels", "2073600"),
            *("--log-level", "INFO"),
        ],
        worker_environment(),
    )


@pytest_asyncio.fixture(scope="module")
async def fork_server() -> AsyncIterator[ForkServer]:
    fork_server = make(find(PoseModel.LITE).path)
    yield fork_server
    await fork_server.close()


def parent(process: Process) -> psutil.Process:
    found = psutil.Process(process.pid).parent()
    assert found is not None
    return found


async def end(process: Process) -> Exit:
    exits: list[Exit] = []
    process.on_exit = exits.append
    await process.close(EndReason.DELETED, "")
    return exits[0]


async def test_workers_of_both_kinds_get_ready_in_processes_of_one_parent_which_has_one_thread(
    fork_server: ForkServer,
) -> None:
    live, snapshot = await asyncio.gather(fork_server.start("live"), fork_server.start("snapshot"))
    assert await live.wait_ready()
    assert await snapshot.wait_ready()
    assert (live.frame_cpu_ms or 0) > 0
    assert parent(live) == parent(snapshot)
    assert parent(live).num_threads() == 1
    assert [psutil.Process(pid).name() for pid in (live.pid, snapshot.pid)] == ["rtc-live", "rtc-snapshot"]
    assert [await end(process) for process in (live, snapshot)] == [Exit.FINISHED, Exit.FINISHED]


async def test_a_worker_that_is_killed_leaves_no_zombie_and_the_others_alone(
    fork_server: ForkServer, caplog: pytest.LogCaptureFixture
) -> None:
    killed, other = await fork_server.start("live"), await fork_server.start("live")
    exits: list[Exit] = []
    killed.on_exit = exits.append
    psutil.Process(killed.pid).kill()
    await killed.wait_closed()
    assert exits == [Exit.FAILED]
    assert f"worker {killed.pid} ended with status -9" in caplog.text
    assert not psutil.pid_exists(killed.pid)
    assert await other.wait_ready()
    assert await end(other) is Exit.FINISHED


async def test_workers_outlive_the_fork_server_and_the_next_one_starts_it_again(fork_server: ForkServer) -> None:
    orphan = await fork_server.start("live")
    first = parent(orphan)
    first.kill()
    first.wait()
    assert await orphan.wait_ready()
    worker = await replacement(fork_server)
    assert parent(worker) != first
    assert await worker.wait_ready()
    assert [await end(process) for process in (orphan, worker)] == [Exit.FINISHED, Exit.FINISHED]


def test_under_uvloop_too_a_fork_server_that_dies_is_replaced_while_its_workers_run() -> None:
    async def run() -> None:
        fork_server = make(find(PoseModel.LITE).path)
        orphan = await fork_server.start("snapshot")
        parent(orphan).kill()
        async with asyncio.timeout(20):
            worker = await replacement(fork_server)
            assert await worker.wait_ready()
            assert await orphan.wait_ready()
            assert [await end(process) for process in (orphan, worker)] == [Exit.FINISHED, Exit.FINISHED]
            await fork_server.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


async def replacement(fork_server: ForkServer) -> Process:
    """The death of the one before may not be known yet."""
    try:
        return await fork_server.start("live")
    except OSError:
        return await fork_server.start("live")


async def test_a_fork_server_that_is_stuck_holds_up_neither_the_end_of_its_workers_nor_its_own(
    fork_server: ForkServer,
) -> None:
    worker = await fork_server.start("live")
    assert await worker.wait_ready()
    process = parent(worker)
    process.suspend()
    async with asyncio.timeout(15):
        assert await end(worker) is Exit.FINISHED
        await fork_server.close()
    assert not process.is_running()


async def test_a_worker_that_can_not_be_forked_is_an_error_and_the_next_one_is_started(fork_server: ForkServer) -> None:
    worker = await fork_server.start("live")
    process = parent(worker)
    limits = process.rlimit(psutil.RLIMIT_NOFILE)
    process.rlimit(psutil.RLIMIT_NOFILE, (3, limits[1]))
    with pytest.raises(OSError, match="can't be forked"):
        await fork_server.start("live")
    process.rlimit(psutil.RLIMIT_NOFILE, limits)
    other = await fork_server.start("live")
    assert parent(other) == process
    for started in (worker, other):
        started.kill()
        await started.wait_closed()


async def test_the_fork_server_ends_when_it_is_closed(fork_server: ForkServer) -> None:
    worker = await fork_server.start("snapshot")
    process = parent(worker)
    await fork_server.close()
    assert not process.is_running()
    worker.kill()
    await worker.wait_closed()


async def test_a_bundle_that_is_none_is_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "holistic_landmarker.task"
    path.write_bytes(b"no zip file")
    with caplog.at_level(logging.ERROR), pytest.raises(ModelError):
        await make(path).start("live")
    assert "can't be read as a model bundle" in caplog.text
