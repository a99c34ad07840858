"""The only queue of the media path. It holds one item, the newest."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class SlotClosed(Exception):  # noqa: N818 - an end, not an error
    """The slot is closed and has no more items."""


class LatestSlot(Generic[T]):
    """Passes the newest item from a producer to a consumer on the same event loop. Older items are dropped."""

    def __init__(self) -> None:
        self._item: T | None = None
        self._changed = asyncio.Event()
        self._closed = False

    def put(self, item: T) -> bool:
        """
        Replace the item.

        :return: whether this dropped an item that hadn't been taken yet.
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
