"""Waiting for something in what the client gives."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from holistic_rtc.client import Follower, HolisticClient

T = TypeVar("T")


async def first(items: AsyncIterator[T], condition: Callable[[T], object] = lambda _: True, timeout: float = 30) -> T:
    """The next item that meets the condition."""
    async with asyncio.timeout(timeout):
        async for item in items:
            if condition(item):
                return item
    raise AssertionError("the stream ended before it came")


async def take(items: AsyncIterator[T], count: int, timeout: float = 30) -> list[T]:
    """The next `count` items."""
    return [await first(items, timeout=timeout) for _ in range(count)]


async def rest(items: AsyncIterator[T], timeout: float = 30) -> list[T]:
    """All items until the stream's end."""
    async with asyncio.timeout(timeout):
        return [item async for item in items]


@asynccontextmanager
async def watched(client: HolisticClient, name: str) -> AsyncIterator[list[tuple[float, str | None]]]:
    """:return: when messages came, on the monotonic clock, and of which session; grows during the block"""
    viewer = Follower(client, name)
    seen: list[tuple[float, str | None]] = []

    async def watch() -> None:
        async for _ in viewer.messages():
            seen.append((time.monotonic(), viewer.running))

    watching = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        watching.cancel()
        await asyncio.wait({watching})
