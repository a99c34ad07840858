"""The front process's end of one worker."""

import asyncio
import contextlib
import itertools
import logging
import socket
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.channel import Channel, ChannelError
from holistic_rtc.ipc.messages import Cancel, Close, Event, Ready, Refused, Reply, Request, ToFront, ToWorker
from holistic_rtc.ipc.patience import within
from holistic_rtc.native_log import is_noise

logger = logging.getLogger(__name__)

R = TypeVar("R", bound=Reply)

WORKER = "holistic_rtc.workers.main"


class Process:
    """Starts, talks to and ends one worker. Make it with :meth:`start`."""

    START_DEADLINE = 60.0
    """Seconds to load and warm up the model; slow machines with two or three starting at once need many."""
    SILENCE = 8.0
    """Seconds without a message, of which one comes each second, after which the process is killed."""
    REQUEST_DEADLINE = 10.0
    CLOSE_DEADLINE = 3.0

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel[ToFront]) -> None:
        self.pid = process.pid
        self.frame_cpu_ms: float | None = None
        """CPU that a frame takes its tracker, measured when it gets ready."""
        self.reusable = True
        """Whether it can still serve a request, after one that it refused."""
        self.on_event: Callable[[Event], object] = lambda event: None
        """Called with what it says unasked."""
        self._process = process
        self._channel = channel
        self._killed = False
        self._ready = asyncio.Event()
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._closed = asyncio.create_task(self._run(), name=f"worker-{self.pid}")

    @classmethod
    async def start(cls, arguments: Sequence[str]) -> "Process":
        """
        :param arguments: of ``python -m holistic_rtc.workers.main``, but for the socket.
        :raises OSError: it can't be started.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_connection(sock=ours)
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", WORKER, "--control-fd", str(theirs.fileno()), *arguments),
                    stdin=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                    limit=1 << 20,
                    pass_fds=(theirs.fileno(),),
                    # Ctrl-C in a terminal is for the front process, which then ends its workers in good order.
                    start_new_session=True,
                )
            except BaseException:
                writer.close()
                raise
        return cls(process, Channel(reader, writer, ToFront))

    @property
    def alive(self) -> bool:
        return not (self._killed or self._closed.done())

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

    async def request(self, request: Request, expected: type[R], *, deadline: float | None = None) -> R:
        """
        :param expected: what the worker replies unless it refuses.
        :param deadline: seconds; :data:`REQUEST_DEADLINE` by default.
        :raises Refusal: the worker refuses, takes too long, or ended meanwhile.
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
            logger.warning("worker %d took too long for a request: %s", self.pid, type(request).__name__)
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
        """Say something that has no reply."""
        self._channel.send(message)

    async def close(self, reason: str, message: str) -> None:
        """Tell the process to end, and make it."""
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
        log = asyncio.create_task(self._copy_log(), name=f"worker-{self.pid}-log")
        await self._read()
        self._channel.close()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(_ended())
        try:
            status = await within(self.CLOSE_DEADLINE, self._process.wait())
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            status = await self._process.wait()
        await log
        if status:
            logger.warning("worker %d ended with status %d", self.pid, status)

    async def _read(self) -> None:
        deadline = self.START_DEADLINE
        try:
            while message := await within(deadline, self._channel.receive()):
                self._take(message)
                if self._ready.is_set():
                    deadline = self.SILENCE
        except TimeoutError:
            logger.error("worker %d gave no sign of life for %g s; killing it", self.pid, deadline)
            self.kill()
        except (ConnectionError, ChannelError) as error:
            logger.error("lost worker %d: %s", self.pid, error)
            self.kill()

    def _take(self, message: ToFront) -> None:
        match message:
            case Ready(frame_cpu_ms):
                self.frame_cpu_ms = frame_cpu_ms
                self._ready.set()
            case Reply(number):
                # Nobody waits any more for the reply to a request that was late or cancelled.
                reply = self._replies.get(number)
                if reply and not reply.done():
                    reply.set_result(message)
            case event:
                self.on_event(event)

    async def _copy_log(self) -> None:
        """What the process logs, and the last words of its native code, are for our own standard error."""
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            if not is_noise(line):
                sys.stderr.write(line.decode(errors="replace"))


def _ended() -> Refusal:
    return Refusal(Code.PROCESS_ENDED, "the process ended; try again", retry_after=1)
