"""Waiting for other processes, which aren't to blame when it is this one that stood still."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")

STEPS = 8
"""How many times to look. A standstill counts for one step, however long it was."""


async def within(seconds: float, work: Awaitable[T]) -> T:
    """
    Wait as :func:`asyncio.timeout` has it, but for the time in which this process was stopped, or its loop held up:
    what others have sent meanwhile is still to be read.

    :param work: is cancelled when it takes too long.
    :raises TimeoutError: it takes too long.
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
