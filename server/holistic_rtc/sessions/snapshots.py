"""Admits snapshots, and passes them to workers."""

import contextlib
import time
from collections.abc import Iterator

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.messages import Snapshot, TakeSnapshot
from holistic_rtc.ipc.pool import Pool
from holistic_rtc.model.step import Step
from holistic_rtc.sessions.events import Listener, SnapshotTaken, ignore
from holistic_rtc.sessions.quotas import Client, check_share, picture_share
from holistic_rtc.sessions.trace import Trace

RETRY_AFTER = 2
"""Seconds after which a place is likely to have become free."""


class Snapshots:
    """
    :param pool: the pool of snapshot workers; owned by this object.
    :param places: maximum number of pictures being uploaded, waiting or being tracked at the same time. One client
        address may use half of them.
    :param deadline: seconds that a worker may take for a picture. After that, it is killed and replaced.
    """

    def __init__(self, pool: Pool, places: int, deadline: float) -> None:
        self.on_event: Listener = ignore
        self.places = places
        self.pool = pool
        self._deadline = deadline
        self._clients: list[Client] = []
        """Those that have a place."""

    def open(self) -> None:
        self.pool.open()

    async def close(self) -> None:
        await self.pool.close()

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return len(self._clients)

    @property
    def ready(self) -> bool:
        """Whether a picture can be tracked immediately, or after those being tracked now."""
        return self.pool.ready

    @contextlib.contextmanager
    def place(self, client: Client) -> Iterator[None]:
        """
        Reserve a place for a picture, from before its upload until it has been tracked.

        :param client: where the picture comes from.
        :raises Refusal: no place is free, or the address uses its share.
        """
        check_share(client, self._clients, picture_share(self.places), "pictures in progress")
        if self.taken >= self.places:
            raise Refusal(
                Code.SNAPSHOTS_FULL,
                f"the server is busy with {self.places} pictures, its maximum",
                retry_after=RETRY_AFTER,
            )
        self._clients.append(client)
        try:
            yield
        finally:
            self._clients.remove(client)

    async def take(self, request: TakeSnapshot, trace: Trace) -> Snapshot:
        """
        Track a picture.

        :param trace: of the request.
        :raises Refusal: the picture can't be read, or the worker crashed or timed out.
        """
        started = time.monotonic()
        async with self.pool.borrow() as process:
            trace.take(Step.WAIT)
            try:
                snapshot = await process.request(request, Snapshot, deadline=self._deadline)
            except Refusal as refusal:
                match refusal.code:
                    case Code.BUSY:
                        process.kill()
                        raise Refusal(
                            Code.SNAPSHOT_TIMEOUT, f"the picture wasn't tracked within {self._deadline:g} s"
                        ) from None
                    case Code.PROCESS_ENDED:
                        raise Refusal(
                            Code.SNAPSHOT_FAILED, "the process that tracked the picture crashed; the server is still up"
                        ) from None
                raise
        trace.take(Step.TRACK_PICTURE)
        self.on_event(SnapshotTaken(time.monotonic() - started))
        return snapshot
