"""A worker, as seen by the front process."""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from contextvars import Context
from enum import StrEnum
from typing import Protocol, TypeVar

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.channel import Channel, ChannelError
from holistic_rtc.ipc.messages import Beat, Cancel, Close, Event, Ready, Refused, Reply, Request, ToFront, ToWorker
from holistic_rtc.ipc.patience import within
from holistic_rtc.log.relay import Relay
from holistic_rtc.model.end_reason import EndReason

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=Reply)

UNUSABLE_MODEL = 78
"""Exit status of a process that can't load the model bundle, after it has logged why: EX_CONFIG of sysexits.h"""


class Exit(StrEnum):
    """How a process ended."""

    FINISHED = "finished"
    KILLED = "killed"
    """By the front process, because it was silent, too slow or no longer usable."""
    FAILED = "failed"
    """It crashed, or somebody else killed it, such as the kernel when memory ran out."""


class Child(Protocol):
    """A running process."""

    @property
    def pid(self) -> int: ...

    @property
    def stderr(self) -> asyncio.StreamReader | None:
        """Ends when the process does."""

    def kill(self) -> None:
        """
        :raises ProcessLookupError: it has ended.
        """

    async def wait(self) -> int | None:
        """
        Wait for the exit status.

        :return: negative if a signal ended it; None if it isn't known.
        """


class Process:
    """
    Talks to one worker, and ends it.

    :param process: the worker.
    :param channel: to it.
    """

    START_DEADLINE = 60.0
    """Seconds to warm up; slow machines that start two or three workers at once need long."""
    SILENCE = 8.0
    """Seconds without a message after which the process is killed. Workers send one each second."""
    REQUEST_DEADLINE = 10.0
    CLOSE_DEADLINE = 3.0

    def __init__(self, process: Child, channel: Channel[ToFront]) -> None:
        self.pid = process.pid
        self.frame_cpu_ms: float | None = None
        """The tracker's CPU time per frame, measured during warm-up."""
        self.reusable = True
        """Whether the worker can still serve requests after it has refused one."""
        self.has_unusable_model = False
        """Whether it has ended because of that."""
        self.on_event: Callable[[Event], object] = lambda event: None
        """Called with messages that aren't replies."""
        self.on_beat: Callable[[Beat], object] = lambda beat: None
        """Called once a second, with what the worker reports."""
        self.on_exit: Callable[[Exit], object] = lambda exit: None
        """Called once the process has ended."""
        self.log = Relay(process.pid)
        """Passes on what the worker logs"""
        self._process = process
        self._channel = channel
        self._killed = False
        self._ready = asyncio.Event()
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        # In a context of its own: it doesn't log for the peer whose request made room for this process.
        self._closed = asyncio.create_task(self._run(), name=f"worker-{self.pid}", context=Context())

    @property
    def alive(self) -> bool:
        return not (self._killed or self._closed.done())

    async def wait_ready(self) -> bool:
        """
        :return: True when the process is warm, False if it ended instead.
        """
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({ready, self._closed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        return self._ready.is_set() and self.alive

    async def wait_closed(self) -> None:
        await asyncio.wait({self._closed})

    async def request(self, request: Request, expected: type[R], *, deadline: float | None = None) -> R:
        """
        Send a request and wait for the reply.

        :param expected: the type of the reply, unless the worker refuses.
        :param deadline: seconds; :data:`REQUEST_DEADLINE` by default.
        :raises Refusal: the worker refused, took too long, or ended.
        """
        if not self.alive:
            raise _ended()
        request.number = next(self._numbers)
        reply = self._replies[request.number] = asyncio.get_running_loop().create_future()
        self._channel.send(request)
        try:
            answer = await within(deadline or self.REQUEST_DEADLINE, reply)
        except BaseException as error:
            self._channel.send(Cancel(request.number))
            if not isinstance(error, TimeoutError):
                raise
            logger.warning("worker %d took too long to reply to a request: %s", self.pid, type(request).__name__)
            self.reusable = False
            raise Refusal(Code.BUSY, "the server is too busy to answer; try again", retry_after=1) from None
        finally:
            del self._replies[request.number]
        if isinstance(answer, Refused):
            self.reusable = answer.reusable
            raise Refusal(answer.code, answer.detail)
        assert isinstance(answer, expected)
        return answer

    def tell(self, message: ToWorker) -> None:
        """Send a message that has no reply."""
        self._channel.send(message)

    async def close(self, reason: EndReason, message: str) -> None:
        """Tell the process to end, and kill it if it doesn't in time."""
        self._channel.send(Close(reason, message))
        await asyncio.wait({self._closed}, timeout=self.CLOSE_DEADLINE)
        self.kill()
        await self.wait_closed()

    def kill(self) -> None:
        if self.alive:
            self._killed = True
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _run(self) -> None:
        """Owns the process from its start to its end."""
        assert self._process.stderr is not None
        log = asyncio.create_task(self.log.run(self._process.stderr), name=f"worker-{self.pid}-log")
        await self._read()
        self._channel.close()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(_ended())
        try:
            await within(self.CLOSE_DEADLINE, asyncio.shield(log))
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await log
        status = await self._process.wait()
        self.has_unusable_model = status == UNUSABLE_MODEL
        self.on_exit(Exit.KILLED if self._killed else Exit.FAILED if status else Exit.FINISHED)
        if status and not self._killed:
            logger.warning("worker %d ended with status %d", self.pid, status)

    async def _read(self) -> None:
        deadline = self.START_DEADLINE
        try:
            while message := await within(deadline, self._channel.receive()):
                self._take(message)
                if self._ready.is_set():
                    deadline = self.SILENCE
        except TimeoutError:
            logger.error("worker %d sent nothing for %g s; killing it", self.pid, deadline)
            self.kill()
        except (ConnectionError, ChannelError) as error:
            if self.alive:
                logger.error("lost the connection to worker %d: %s", self.pid, error)
            self.kill()

    def _take(self, message: ToFront) -> None:
        match message:
            case Ready(frame_cpu_ms):
                self.frame_cpu_ms = frame_cpu_ms
                self._ready.set()
            case Reply(number):
                # There is no future if the request timed out or was cancelled.
                reply = self._replies.get(number)
                if reply and not reply.done():
                    reply.set_result(message)
            case event:
                if isinstance(event, Beat):
                    self.on_beat(event)
                self.on_event(event)


def _ended() -> Refusal:
    return Refusal(Code.PROCESS_ENDED, "the process ended; try again", retry_after=1)
