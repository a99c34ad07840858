"""The base of all workers: warms up, sends a heartbeat each second, and serves the front process's requests."""

import asyncio
import logging
from abc import ABC, abstractmethod

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.channel import Channel
from holistic_rtc.ipc.load import LoadMeter
from holistic_rtc.ipc.messages import Beat, Cancel, Close, Drain, Ready, Refused, Reply, Request, ToWorker, Unsubscribe
from holistic_rtc.log.writer import peer, trace_id
from holistic_rtc.model.figures import SessionFigures
from holistic_rtc.model.stats import SessionStats

logger = logging.getLogger(__name__)


class Worker(ABC):
    """
    Requests run concurrently. The worker ends when its channel is closed.
    """

    def __init__(self, channel: Channel[ToWorker]) -> None:
        self.channel = channel
        self.over = asyncio.Event()
        """Set when the worker can't serve further requests."""
        self._requests: dict[int, asyncio.Task[None]] = {}
        self._load_meter = LoadMeter()

    @abstractmethod
    async def warm_up(self) -> float | None:
        """
        Load the engine and process a first picture.

        :return: the tracker's CPU time per frame, in milliseconds; None if it isn't known.
        :raises TrackerError: the engine can't be loaded.
        """

    @abstractmethod
    async def serve(self, request: Request) -> Reply:
        """
        :raises Refusal: the request can't be served.
        """

    @abstractmethod
    def tell(self, message: Unsubscribe | Drain | Close) -> None:
        """Handle a message that has no reply."""

    def stats(self) -> SessionStats | None:
        """The statistics to send. Called once a second."""
        return None

    async def figures(self) -> SessionFigures | None:
        """The session's figures since the previous call, if there is one. Called once a second, and at the end."""
        return None

    def can_serve_again(self, request: Request) -> bool:
        """Whether the worker can serve another request of this kind after it has refused this one."""
        return True

    @abstractmethod
    async def close(self) -> None:
        """Free everything."""

    async def run(self) -> None:
        """
        Warm up, and serve requests until the end.

        :raises ChannelError: the front process sent an invalid message.
        :raises TrackerError: the engine can't be loaded.
        """
        self.channel.send(Ready(await self.warm_up()))
        tasks = {
            asyncio.create_task(self._beat(), name="beat"),
            asyncio.create_task(self._load_meter.run(), name="load"),
            asyncio.create_task(self._read(), name="read"),
            asyncio.create_task(self.over.wait(), name="over"),
        }
        try:
            # If the heartbeat ends, it's because of a bug, and the process must not continue.
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (tasks := tasks | set(self._requests.values())):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()
            # What was counted since the last one.
            self.channel.send(Beat(None, self._load_meter.take(), await self.figures()))

    async def _beat(self) -> None:
        while True:
            self.channel.send(Beat(self.stats(), self._load_meter.take(), await self.figures()))
            await asyncio.sleep(1)

    async def _read(self) -> None:
        """Handle messages until the front process closes the channel or sends :class:`Close`."""
        while message := await self.channel.receive():
            match message:
                case Request(number):
                    task = asyncio.create_task(self._reply(message), name=f"{type(message).__name__}-{number}")
                    self._requests[number] = task
                    task.add_done_callback(lambda _, number=number: self._requests.pop(number))  # type: ignore[misc]
                case Cancel(number):
                    if request := self._requests.get(number):
                        request.cancel()
                case Close():
                    self.tell(message)
                    return
                case _:
                    self.tell(message)

    async def _reply(self, request: Request) -> None:
        # All tasks that work for the peer begin here.
        peer.set(request.address or None)
        trace_id.set(request.trace_id)
        try:
            reply = await self.serve(request)
            reply.number = request.number
        except Refusal as refusal:
            reply = Refused(request.number, refusal.code, refusal.detail, self.can_serve_again(request))
        except Exception:
            # One peer's request mustn't end the session for the others.
            logger.exception("a request failed: %s", type(request).__name__)
            reply = Refused(
                request.number, Code.INTERNAL, "the server failed; its log says why", self.can_serve_again(request)
            )
        self.channel.send(reply)
        if isinstance(reply, Refused) and not reply.reusable:
            self.over.set()
