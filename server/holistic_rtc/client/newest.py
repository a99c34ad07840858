"""A queue between a connection, which never waits, and a consumer that may be slow."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Newest(AsyncIterator[T], Generic[T]):
    """
    An async iterator for one consumer, on the same event loop as the producer. When the buffer is full, the oldest item
    is dropped.

    The iteration ends when the session ends, and raises an error if the connection fails.

    :param buffer: how many items of each kind to keep for the consumer.
    :raises ValueError: ``buffer`` is less than 1.
    """

    def __init__(self, buffer: int = 1) -> None:
        if buffer < 1:
            raise ValueError(f"a buffer holds at least 1 item, not {buffer}")
        self.dropped = 0
        """How many items were dropped because the consumer was too slow."""
        self._buffer = buffer
        self._items: deque[tuple[Hashable, T]] = deque()
        self._changed = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None

    def put(self, item: T, kind: Hashable = None) -> None:
        """
        Add an item, dropping the oldest one of its kind if their buffer is full.

        :param kind: what the item is of, such as a track. Items of different kinds don't replace each other.
        """
        of_kind = [waiting for waiting in self._items if waiting[0] == kind]
        if len(of_kind) >= self._buffer:
            self._items.remove(of_kind[0])
            self.dropped += 1
        self._items.append((kind, item))
        self._changed.set()

    def end(self, error: Exception | None = None) -> None:
        """
        End the iteration once the buffered items have been consumed.

        :param error: raised at the end of the iteration.
        """
        self._ended = True
        self._error = error
        self._changed.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._ended:
                raise self._error or StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._items.popleft()[1]
