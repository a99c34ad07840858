"""The only queue of the media path: one item deep, the newest wins."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class SlotClosed(Exception):  # noqa: N818 - an end, not an error
    """Nothing more will come out of the slot."""


class LatestSlot(Generic[T]):
    """Hands the newest item from a producer to a consumer on the same event loop; an older one is dropped."""

    def __init__(self) -> None:
        self._item: T | None = None
        self._changed = asyncio.Event()
        self._closed = False

    def put(self, item: T) -> bool:
        """
        :return: whether an item that nobody had taken was dropped for this one.
        """
        dropped = self._item is not None
        if not self._closed:
            self._item = item
            self._changed.set()
        return dropped

    async def get(self) -> T:
        """
        Wait for an item and take it.

        :raises SlotClosed: the slot was closed.
        """
        while True:
            if self._closed:
                raise SlotClosed
            if self._item is not None:
                item, self._item = self._item, None
                self._changed.clear()
                return item
            await self._changed.wait()

    def close(self) -> None:
        self._closed = True
        self._item = None
        self._changed.set()
