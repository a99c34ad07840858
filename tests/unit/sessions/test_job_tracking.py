"""Where a server's jobs are tracked, and what it needs for that."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from holistic_rtc.app import make_app
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.errors import ConfigError
from holistic_rtc.http.keys import JOBS
from holistic_rtc.sessions.jobs import Jobs
from holistic_rtc.settings import load_settings

REDIS = "redis://:hunter2@127.0.0.1:1/0"


def jobs(**settings: Any) -> Jobs:
    return make_app(load_settings(**settings), ModelBundle(Path("none.task"), "custom", None, ""))[JOBS]


async def test_only_a_server_with_a_queue_is_connected_to_one(tmp_path: Path) -> None:
    assert jobs().connected is None
    assert jobs(job_workers=0).connected is None
    assert jobs(job_workers=0, job_redis_url=REDIS, job_folder=tmp_path).connected is False
    assert jobs(job_redis_url=REDIS.replace("redis:", "rediss:"), job_folder=tmp_path).connected is False


async def test_a_queue_that_has_never_answered_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    queued = jobs(job_redis_url=REDIS, job_folder=tmp_path)
    queued.open()
    async with asyncio.timeout(10):
        while not caplog.messages:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await queued.close()
    assert caplog.messages == ["the job queue can't be reached"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "HOLISTIC_JOB_FOLDER is missing"),
        ({"job_folder": "/tmp", "job_seconds": 4000}, "HOLISTIC_JOB_SECONDS can be 3,600 at most"),
        ({"job_folder": "/tmp", "job_redis_url": "unix:///hunter2"}, "write redis://HOST:PORT"),
    ],
)
async def test_what_a_queue_needs_is_said(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        jobs(**{"job_redis_url": REDIS, **settings})
    assert "hunter2" not in str(caught.value)


async def test_without_the_extra_for_jobs_the_way_to_install_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("holistic_rtc.tasks")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "celery", None)
    with pytest.raises(ConfigError, match=r"pip install 'holistic-rtc\[jobs\]'"):
        jobs(job_redis_url=REDIS, job_folder=tmp_path)
