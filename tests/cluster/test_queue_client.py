"""Those who fill the queue, with a real Redis, but without workers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.model.quality import Quality
from holistic_rtc.tasks import queue
from tests.kit.redis import RedisServer, redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORDER = queue.Order("/clip.mp4", "clip.mp4", None, "/clip.jsonl", Quality.BALANCED, 1)


@pytest_asyncio.fixture(loop_scope="session")
async def broker(tmp_path: Path) -> AsyncIterator[RedisServer]:
    async with redis_server(tmp_path) as server:
        yield server


def track(app: object) -> "asyncio.Task[queue.Outcome]":
    return asyncio.create_task(queue.track(app, ORDER, queue.BATCH_PRIORITY, lambda done, total: None))


async def test_hundreds_of_tasks_wait_and_are_revoked(broker: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    with closing(queue.make_client(broker.url)) as app:
        tasks = [track(app) for _ in range(300)]
        async with broker.client() as redis:
            while await redis.llen("holistic\x06\x166") < len(tasks):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            # So that all ask at the same time.
            await redis.client_pause(700)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert len(await redis.keys("holistic:revoked:*")) == len(tasks)
    assert not caplog.messages


async def test_what_a_worker_of_another_version_answers_fails_only_its_file(broker: RedisServer) -> None:
    with closing(queue.make_client(broker.url)) as app:
        task = track(app)
        async with broker.client() as redis:
            while not (keys := await redis.keys("celery-task-meta-*")):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await redis.set(keys[0], app.backend.encode({"status": "SUCCESS", "result": {"code": "brand_new"}}))
        with pytest.raises(Refusal, match="another version") as caught:
            await task
    assert caught.value.code is Code.JOB_FAILED
