"""All running sessions: admission, look-up, end."""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import SignallingError
from .pool import WarmPool
from .process import SessionProcess

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """
    :param id: unguessable, since who knows it may end the session.
    :param etag: names the session's one ICE session (RFC 9725, section 4.3.1).
    """

    id: str
    etag: str
    answer: str
    process: SessionProcess


class Registry:
    """
    :param pool: where the session processes come from; belongs to the registry.
    :param max_sessions: how many sessions may run at the same time.
    :param ice_servers: what the session processes use.
    """

    def __init__(self, pool: WarmPool, max_sessions: int, ice_servers: list[dict[str, Any]]) -> None:
        self.max_sessions = max_sessions
        self._pool = pool
        self._ice_servers = ice_servers
        self._sessions: dict[str, Session] = {}
        self._starting = 0
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        self._pool.open()

    @property
    def sessions(self) -> Mapping[str, Session]:
        return self._sessions

    @property
    def ready(self) -> bool:
        """Whether the next peer can start at once."""
        return not self._closing and self._pool.warm > 0 and not self._full

    @property
    def _full(self) -> bool:
        return len(self._sessions) + self._starting >= self.max_sessions

    async def create(self, offer: str) -> Session:
        """
        :param offer: SDP.
        :raises SignallingError: 400 or 422 for the offer's sake, 503 when the server is full or shuts down.
        """
        if self._closing:
            raise SignallingError(503, "the server shuts down", retry_after=5)
        if self._full:
            raise SignallingError(503, f"the server is full: {self.max_sessions} sessions are running", retry_after=5)
        self._starting += 1
        try:
            return await self._start(offer)
        finally:
            self._starting -= 1

    def get(self, id: str) -> Session:
        """
        :raises SignallingError: 404.
        """
        try:
            return self._sessions[id]
        except KeyError:
            raise SignallingError(404, "no such session; it may have ended") from None

    def end(self, session: Session, reason: str, message: str) -> None:
        """Frees the session's place at once; its process ends in the background."""
        if self._sessions.pop(session.id, None):
            self._spawn(session.process.close(reason, message), f"end-{session.id}")

    async def close(self) -> None:
        self._closing = True
        for session in list(self._sessions.values()):
            self.end(session, "server_shutdown", "the server shuts down")
        await self._pool.close()
        await asyncio.gather(*self._tasks)

    async def _start(self, offer: str) -> Session:
        process = await self._pool.acquire()
        id = secrets.token_urlsafe(16)
        try:
            reply = await process.request("offer", session=id, sdp=offer, ice_servers=self._ice_servers)
        except SignallingError:
            if process.alive and process.reusable:
                await self._pool.release(process)
            raise
        except asyncio.CancelledError:
            process.kill()
            raise
        session = Session(id=id, etag=secrets.token_hex(8), answer=reply["sdp"], process=process)
        self._sessions[id] = session
        self._spawn(self._watch(session), f"watch-{id}")
        logger.info("session %s started in process %d", id, process.pid)
        return session

    async def _watch(self, session: Session) -> None:
        await session.process.wait_closed()
        self._sessions.pop(session.id, None)
        end = session.process.end
        logger.info("session %s ended: %s", session.id, end["message"] if end else "its process is gone")

    def _spawn(self, coroutine: Any, name: str) -> None:
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
