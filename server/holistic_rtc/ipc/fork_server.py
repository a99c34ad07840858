"""The fork server, as seen by the front process. :mod:`holistic_rtc.workers.fork_server` is its own side."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from holistic_rtc.errors import ModelError
from holistic_rtc.ipc.channel import Channel, ChannelError
from holistic_rtc.ipc.messages import Exited, Fork, Forked, ForkFailed, ForkServerToFront, Loaded, ToFront
from holistic_rtc.ipc.patience import within
from holistic_rtc.ipc.process import UNUSABLE_MODEL, Process
from holistic_rtc.log.relay import Relay

logger = logging.getLogger(__name__)

T = TypeVar("T")

MODULE = "holistic_rtc.workers.main"
EXIT_DEADLINE = 1.0
"""Seconds to report the exit status of a worker that has ended"""


@dataclass(frozen=True)
class _Worker:
    """A child of the fork server."""

    pid: int
    stderr: asyncio.StreamReader
    transport: asyncio.ReadTransport
    """Of its standard error"""
    exited: asyncio.Future[int | None]

    def kill(self) -> None:
        if not self.exited.done() or self.exited.result() is None:
            os.kill(self.pid, signal.SIGKILL)

    async def wait(self) -> int | None:
        try:
            # Its standard error has ended, so it has, too, even if the fork server can't say so.
            return await within(EXIT_DEADLINE, asyncio.shield(self.exited))
        except TimeoutError:
            return None
        finally:
            self.transport.close()


class ForkServer:
    """
    Starts workers by forking one process, which has imported and loaded what they share. That process is started with
    the first worker, and again if it has ended. Workers outlive it.

    :param arguments: the arguments of ``python -m holistic_rtc.workers.main``, without the socket.
    :param environment: its environment variables; None for those of this process.
    """

    START_DEADLINE = 60.0
    """Seconds to import and load everything"""
    FORK_DEADLINE = 10.0
    CLOSE_DEADLINE = 3.0

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._arguments = arguments
        self._environment = environment
        self._life: _Life | None = None
        # The reply to a request has no number.
        self._turn = asyncio.Lock()

    async def start(self, kind: str) -> Process:
        """
        Start a worker.

        :raises OSError: it can't be started.
        :raises ModelError: the model bundle can't be loaded. The log says why.
        """
        async with self._turn:
            if self._life is None or not self._life.alive:
                self._life = await _Life.begin(self._arguments, self._environment)
            return await self._life.fork(kind)

    async def close(self) -> None:
        async with self._turn:
            if self._life is not None:
                await self._life.end()


class _Life:
    """Of the fork server's process, from its start to its end."""

    def __init__(
        self, process: asyncio.subprocess.Process, channel: Channel[ForkServerToFront], sender: socket.socket
    ) -> None:
        self._process = process
        self._channel = channel
        self._sender = sender
        self._loaded = asyncio.Event()
        self._replies: asyncio.Queue[tuple[int, asyncio.Future[int | None]] | ForkFailed] = asyncio.Queue()
        self._exits: dict[int, asyncio.Future[int | None]] = {}
        """Of the workers that run"""
        self.alive = True
        """Whether it can fork"""
        # In a context of its own: it doesn't log for the peer whose request has started it.
        self._ended = asyncio.create_task(self._run(), name="fork-server", context=Context())

    @classmethod
    async def begin(cls, arguments: Sequence[str], environment: Mapping[str, str] | None) -> "_Life":
        async with _connection() as (reader, writer, theirs):
            with contextlib.ExitStack() as undo:
                # Streams can't send file descriptors.
                sender = undo.enter_context(socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())))
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", MODULE, "--control-fd", str(theirs.fileno()), *arguments),
                    stdin=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE,
                    pass_fds=(theirs.fileno(),),
                    env=environment,
                    # Ctrl-C in a terminal should only reach the front process, which then ends the others cleanly.
                    start_new_session=True,
                )
                undo.pop_all()
        life = cls(process, Channel(reader, writer, ForkServerToFront), sender)
        try:
            await life._wait(life._loaded.wait(), ForkServer.START_DEADLINE)
        except BaseException:
            await life.end()
            raise
        return life

    async def fork(self, kind: str) -> Process:
        # If this fails later than the fork, the worker ends with its connection.
        async with _connection() as (reader, writer, theirs):
            readable, writable = os.pipe()
            with contextlib.ExitStack() as undo, os.fdopen(writable, "wb", 0):
                stderr, transport = await _read(readable)
                undo.callback(transport.close)
                request = msgspec.msgpack.encode(Fork(kind))
                socket.send_fds(self._sender, [request], [theirs.fileno(), writable])
                reply = await self._wait(self._replies.get(), ForkServer.FORK_DEADLINE)
                if isinstance(reply, ForkFailed):
                    raise OSError(f"a worker can't be forked: {reply.reason}")
                undo.pop_all()
        pid, exited = reply
        return Process(_Worker(pid, stderr, transport, exited), Channel(reader, writer, ToFront))

    async def end(self) -> None:
        self._channel.close()
        self._sender.close()
        await self._ended

    async def _wait(self, work: Coroutine[Any, Any, T], deadline: float) -> T:
        """
        Wait for a reply, or for the end of the process, which is killed if it takes too long.

        :raises OSError: it has ended.
        :raises ModelError: it has ended because the model bundle can't be loaded.
        """
        reply = asyncio.ensure_future(work)
        try:
            both = asyncio.wait({reply, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            await within(deadline, both)
        except BaseException as error:
            # What it would reply later would be taken for the reply to the next request.
            self._kill()
            if isinstance(error, TimeoutError):
                raise OSError("the fork server took too long") from None
            raise
        finally:
            reply.cancel()
        if reply.done() and not reply.cancelled():
            return reply.result()
        if self._process.returncode == UNUSABLE_MODEL:
            raise ModelError("the model bundle can't be loaded")
        raise OSError("the fork server has ended")

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _run(self) -> None:
        """Owns the process."""
        assert self._process.stderr is not None
        log = asyncio.create_task(Relay(self._process.pid).run(self._process.stderr), name="fork-server-log")
        try:
            await self._read()
        except (ConnectionError, ChannelError) as error:
            logger.error("lost the connection to the fork server: %s", error)
        self.alive = False
        for exited in self._exits.values():
            if not exited.done():
                exited.set_result(None)
        # It ends when its socket is closed.
        self._channel.close()
        self._sender.close()
        try:
            status = await within(ForkServer.CLOSE_DEADLINE, self._process.wait())
        except TimeoutError:
            self._kill()
            status = await self._process.wait()
        await log
        if status:
            logger.error("the fork server ended with status %d", status)

    async def _read(self) -> None:
        while message := await self._channel.receive():
            match message:
                case Loaded():
                    self._loaded.set()
                case Forked(pid):
                    self._exits[pid] = asyncio.get_running_loop().create_future()
                    self._replies.put_nowait((pid, self._exits[pid]))
                case ForkFailed():
                    self._replies.put_nowait(message)
                case Exited(pid, status):
                    self._exits.pop(pid).set_result(status)


@contextlib.asynccontextmanager
async def _connection() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, socket.socket]]:
    """One end as streams, which are closed if the block fails, the other one as a socket, which is closed after it."""
    ours, theirs = socket.socketpair()
    with theirs, contextlib.ExitStack() as undo:
        undo.callback(ours.close)
        reader, writer = await asyncio.open_connection(sock=ours)
        undo.pop_all()
        undo.callback(writer.close)
        yield reader, writer, theirs
        undo.pop_all()


async def _read(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    """Of a pipe."""
    reader = asyncio.StreamReader()
    with contextlib.ExitStack() as undo:
        pipe = undo.enter_context(os.fdopen(descriptor, "rb", 0))
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        undo.pop_all()
    return reader, transport
