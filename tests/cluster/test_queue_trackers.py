"""The queue, with a real Redis and real workers, whose trackers fail or don't agree."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from holistic_rtc.model.quality import Quality
from holistic_rtc.workers.job.track import track_file
from tests.kit.clips import make_clip
from tests.kit.commands import ran, running
from tests.kit.persons import Made, Twice
from tests.kit.queue_worker import TURNED
from tests.kit.redis import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def failures(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    yield tmp_path_factory.mktemp("failures")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(failures: Path) -> AsyncIterator[str]:
    """Of a Redis with a worker."""
    async with redis_server(failures) as redis:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.kit.queue_worker", redis.url, str(failures)),
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield redis.url
        finally:
            worker.terminate()
            await worker.wait()


async def test_a_file_whose_tracker_fails_is_tried_twice_more(url: str, failures: Path, tmp_path: Path) -> None:
    make_clip(tmp_path / "in" / "clip.mp4", 3)

    async def track(quality: Quality, failing: int) -> str:
        (failures / quality).write_text("x" * failing)
        out = tmp_path / f"{failing} times"
        async with running("track", tmp_path / "in", "-o", out, "--redis", url, "--quality", quality) as process:
            _, errors = await process.communicate()
        assert (failures / quality).read_text() == ""
        assert [path.name for path in out.iterdir()] == (["clip.mp4"] if process.returncode == 0 else [])
        return errors.decode()

    twice, thrice = await asyncio.gather(track(Quality.FAST, 2), track(Quality.EXACT, 3))
    assert twice == "1 file tracked, 3 frames\n"
    assert "clip.mp4: the runtime has failed\n" in thrice


@pytest.mark.parametrize("quality", TURNED)
async def test_where_trackers_do_not_agree_a_worker_goes_on_into_the_next_chunk(
    quality: Quality, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, out = make_clip(tmp_path / "in" / "long.mp4", 181, rate=1), tmp_path / "out"
    status, _, errors = await ran(
        capsys, "track", clip.parent, "-o", out, "--landmarks", out, "--redis", url, "--quality", quality,
        "--max-persons", "2",
    )  # fmt: skip
    assert status == 0, errors
    assert "1 file tracked, 181 frames" in errors
    model, whole = Made(lambda: Twice(TURNED[quality])), tmp_path / "whole"
    whole.mkdir()
    track_file(
        clip, model, quality, whole / "long.mp4", [whole / "long.jsonl"], lambda done, total: None, max_persons=2
    )
    assert sorted(path.name for path in out.iterdir()) == ["long.jsonl", "long.mp4"]
    assert all((out / path.name).read_bytes() == path.read_bytes() for path in whole.iterdir())
