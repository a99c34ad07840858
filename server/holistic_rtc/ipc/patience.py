"""Timeouts for other processes that don't count the time in which this process was stalled itself."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")

STEPS = 8
"""Number of checks. However long this process stalls, the time counts as one step."""


async def within(seconds: float, work: Awaitable[T]) -> T:
    """
    Like :func:`asyncio.timeout`, but doesn't count the time in which this process was stopped, or its event loop was
    blocked: messages that arrived in that time haven't been read yet.

    :param work: cancelled on timeout.
    :raises TimeoutError: ``work`` takes too long.
    """
    task = asyncio.ensure_future(work)
    try:
        for _ in range(STEPS):
            await asyncio.wait({task}, timeout=seconds / STEPS)
            if task.done():
                return task.result()
        raise TimeoutError
    finally:
        task.cancel()
