"""A batch that is tracked by ``holistic-rtc worker``, on any number of machines."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, overload

from holistic_rtc.commands.batch import Done, Order, Track, Tracking
from holistic_rtc.files.storage import Place, place
from holistic_rtc.tasks import chunks, queue

AT_ONCE = 64
"""How many files are in the queue at a time, so that another batch needn't wait for all of this one"""


def by_queue(redis_url: str) -> Tracking:
    """
    :raises ConfigError: it isn't the URL of a Redis.
    """
    return Tracking(AT_ONCE, partial(_open_queue, queue.make_client(redis_url)))


@asynccontextmanager
async def _open_queue(app: Any, files: int) -> AsyncIterator[Track]:
    async def track(order: Order, report: Callable[[int, int], None]) -> Done:
        task = queue.Order(
            source=_absolute(order.file.source),
            name=order.name,
            annotated=_absolute(order.outputs.annotated),
            landmarks=_absolute(order.outputs.landmarks),
            quality=order.quality,
            max_persons=order.max_persons,
            parts=order.parts,
        )
        outcome = await chunks.track(app, task, queue.BATCH_PRIORITY, report)
        return Done([place(output) for output in outcome.outputs], outcome.frames, outcome.damaged)

    await queue.connect(app)
    try:
        yield track
    finally:
        app.close()


@overload
def _absolute(target: Place) -> str: ...


@overload
def _absolute(target: None) -> None: ...


def _absolute(target: Place | None) -> str | None:
    if target is None:
        return None
    return os.path.abspath(target) if isinstance(target, Path) else target.url
