"""The front process's end of one session process."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from holistic_rtc.errors import SignallingError
from holistic_rtc.ipc.child import Child
from holistic_rtc.ipc.patience import within

logger = logging.getLogger(__name__)

Message = dict[str, Any]


class SessionProcess:
    """Starts, talks to and ends one session process. Make it with :meth:`start`."""

    START_DEADLINE = 60.0
    """Seconds to load and warm up the model; slow machines with two or three starting at once need many."""
    SILENCE = 8.0
    """Seconds without a heartbeat, which comes once a second, after which the process is killed."""
    REQUEST_DEADLINE = 10.0
    CLOSE_DEADLINE = 3.0

    def __init__(self, child: Child) -> None:
        self.pid = child.process.pid
        self.stats: Message | None = None
        """The newest report of its session."""
        self.end: Message | None = None
        """Why its session ended, if it could still tell."""
        self.frame_cpu_ms: float | None = None
        """CPU that a frame takes its tracker, measured when it gets ready."""
        self.reusable = True
        """Whether it can still serve a session, after an offer that it refused."""
        self._child = child
        self._ready = asyncio.Event()
        self.on_unsubscribed: Callable[[str], object] = lambda id: None
        """Called with the id of each subscriber of its session that ends."""
        self._numbers = itertools.count()
        self._replies: dict[int, asyncio.Future[Message]] = {}
        self._closed = asyncio.create_task(self._run(), name=f"session-process-{self.pid}")

    @classmethod
    async def start(cls, arguments: Sequence[str]) -> "SessionProcess":
        """
        :param arguments: of ``python -m holistic_rtc.workers.live.main``, but for the socket.
        """
        return cls(await Child.start("holistic_rtc.workers.live.main", arguments))

    @property
    def alive(self) -> bool:
        return not self._closed.done()

    async def wait_ready(self) -> bool:
        """
        :return: whether the process is warm; False when it ended instead.
        """
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({ready, self._closed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        return self._ready.is_set() and self.alive

    async def wait_closed(self) -> None:
        await asyncio.wait({self._closed})

    async def request(self, type: str, **fields: object) -> str | None:
        """
        :return: what the process answers, if there is something to answer.
        :raises SignallingError: the process refuses the request, or ended meanwhile (503).
        """
        if not self.alive:
            raise _ended()
        number = next(self._numbers)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        self._send(type, request=number, **fields)
        try:
            message = await within(self.REQUEST_DEADLINE, reply)
        except BaseException as error:
            self._send("cancel", request=number)
            if not isinstance(error, TimeoutError):
                raise
            logger.warning("session process %d took too long for a request: %s", self.pid, type)
            self.reusable = False
            raise SignallingError(503, "the session is too busy to answer; try again", retry_after=1) from None
        finally:
            del self._replies[number]
        if message["type"] == "refused":
            self.reusable = message["reusable"]
            raise SignallingError(message["status"], message["detail"])
        answer: str | None = message["answer"]
        return answer

    def tell_draining(self, seconds: float) -> None:
        self._send("drain", seconds=seconds)

    def unsubscribe(self, subscriber: str) -> None:
        self._send("unsubscribe", subscriber=subscriber)

    async def close(self, reason: str, message: str) -> None:
        """Tell the process to end, and make it."""
        self._send("close", reason=reason, message=message)
        await asyncio.wait({self._closed}, timeout=self.CLOSE_DEADLINE)
        self.kill()
        await self.wait_closed()

    def kill(self) -> None:
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._child.process.kill()

    def _send(self, type: str, **fields: object) -> None:
        if not self._child.writer.is_closing():
            self._child.writer.write(orjson.dumps({"type": type, **fields}) + b"\n")

    async def _run(self) -> None:
        """Owns the process from its start to its end."""
        log = asyncio.create_task(self._child.copy_log(), name=f"session-process-{self.pid}-log")
        await self._read()
        self._child.writer.close()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(_ended())
        try:
            status = await within(self.CLOSE_DEADLINE, self._child.process.wait())
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._child.process.kill()
            status = await self._child.process.wait()
        await log
        if status:
            logger.warning("session process %d ended with status %d", self.pid, status)

    async def _read(self) -> None:
        deadline = self.START_DEADLINE
        try:
            while True:
                line = await within(deadline, self._child.reader.readline())
                if not line:
                    return
                self._take(orjson.loads(line))
                if self._ready.is_set():
                    deadline = self.SILENCE
        except TimeoutError:
            logger.error("session process %d gave no sign of life for %g s; killing it", self.pid, deadline)
            self.kill()
        except (ConnectionError, ValueError) as error:
            logger.error("lost session process %d: %s", self.pid, error)
            self.kill()

    def _take(self, message: Message) -> None:
        match message["type"]:
            case "ready":
                self.frame_cpu_ms = message.get("frame_cpu_ms")
                self._ready.set()
            case "beat":
                self.stats = message["stats"]
            case "ended":
                self.end = message
            case "unsubscribed":
                self.on_unsubscribed(message["subscriber"])
            case _:
                # Nobody waits any more for the reply to a request that was late or cancelled.
                reply = self._replies.get(message["request"])
                if reply and not reply.done():
                    reply.set_result(message)


def _ended() -> SignallingError:
    return SignallingError(503, "the session process ended; try again", retry_after=1)
