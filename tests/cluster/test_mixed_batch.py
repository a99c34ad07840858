"""A batch of all kinds of files, some of them bad: tracked here, and by workers with a real Redis between them."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.kit.commands import ran, running, told
from tests.kit.mixed import BAD, GOOD, make_mixed
from tests.kit.redis import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILES = int(os.environ.get("HOLISTIC_TEST_FILES", "0")) or len(GOOD)
"""How many good ones there are"""


def contents_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def changes_of(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


async def test_good_files_are_tracked_once_and_bad_ones_are_listed_with_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    takes = tmp_path / "takes"
    make_mixed(takes, FILES)
    os.mkfifo(takes / "pipe.mp4")
    total = FILES + len(BAD)

    async def track(out: Path, *options: str) -> None:
        async def once() -> Sequence[str]:
            status, output, errors = await ran(capsys, "track", takes, "-o", out, "--landmarks", out, *options)
            assert status == 1
            summary, *lines, end = errors.splitlines()
            assert end == f"holistic-rtc: {len(BAD)} of {total} files failed; see above"
            for name, (words, _) in BAD.items():
                [line] = [line for line in lines if f"{takes / name}" in line]
                assert words in line
            assert f"skipped what is neither picture nor video: {takes / 'pipe.mp4'}" in lines
            assert len(lines) == len(BAD) + 1
            return summary, *output.splitlines()

        summary, *written = await once()
        assert summary.startswith(f"{FILES} files tracked, ")
        assert sorted(written) == sorted(str(out / name) for name in contents_of(out))
        assert len(written) == 2 * FILES
        before = changes_of(out)
        assert await once() == (f"0 files tracked, 0 frames; {FILES} files had been tracked before",)
        assert changes_of(out) == before

    await track(tmp_path / "here", "--workers", "2")
    async with (
        redis_server(tmp_path) as broker,
        running("worker", "--redis", broker.url, "--workers", "2") as worker,
    ):
        await told(worker, "ready")
        assert worker.stderr is not None
        reading = asyncio.create_task(worker.stderr.read())
        await track(tmp_path / "queue", "--redis", broker.url)
        worker.terminate()
        await worker.wait()
        await reading
    assert contents_of(tmp_path / "here") == contents_of(tmp_path / "queue")
