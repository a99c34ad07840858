"""Who may have a picture tracked, and when."""

import contextlib
from collections.abc import Iterator

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.messages import Snapshot, TakeSnapshot
from holistic_rtc.ipc.pool import Pool

RETRY_AFTER = 2
"""Seconds after which a place is likely to be free."""


class Snapshots:
    """
    :param pool: of the workers; belongs to this from now on.
    :param places: pictures on their way in, waiting or being tracked at the same time; more are refused.
    :param deadline: seconds a picture may take a worker, which is killed and replaced after that.
    """

    def __init__(self, pool: Pool, places: int, deadline: float) -> None:
        self._pool = pool
        self._places = places
        self._deadline = deadline
        self._taken = 0

    def open(self) -> None:
        self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    @property
    def ready(self) -> bool:
        """Whether a picture could be tracked at once, or after those that are."""
        return self._pool.ready

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """
        A picture's place, from before it comes in until it has been tracked.

        :raises Refusal: all are taken.
        """
        if self._taken >= self._places:
            raise Refusal(
                Code.SNAPSHOTS_FULL,
                f"{self._places} pictures are being taken, which is the most",
                retry_after=RETRY_AFTER,
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def take(self, request: TakeSnapshot) -> Snapshot:
        """
        :raises Refusal: the picture can't be read, or its worker crashed or got stuck.
        """
        async with self._pool.borrow() as process:
            try:
                return await process.request(request, Snapshot, deadline=self._deadline)
            except Refusal as refusal:
                match refusal.code:
                    case Code.BUSY:
                        process.kill()
                        raise Refusal(
                            Code.SNAPSHOT_TIMEOUT, f"the picture was not done within {self._deadline:g} s"
                        ) from None
                    case Code.PROCESS_ENDED:
                        raise Refusal(
                            Code.SNAPSHOT_FAILED, "the process that took the picture crashed; the server goes on"
                        ) from None
                raise
