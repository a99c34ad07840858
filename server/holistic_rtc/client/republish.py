"""Publishes for as long as its sources last, through lost connections."""

import asyncio
import logging
from contextlib import AsyncExitStack, suppress
from typing import Self, Unpack
from weakref import WeakSet

from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from holistic_rtc.client.client import HolisticClient
from holistic_rtc.client.follow import RETRY_GROWTH, RETRY_OF_NAME
from holistic_rtc.client.newest import Newest
from holistic_rtc.client.publication import Publication, Settings
from holistic_rtc.client.sources import Source, SourceTrack
from holistic_rtc.client.timeline import Timeline
from holistic_rtc.errors import ClientError, RefusedError
from holistic_rtc.model.message import LandmarkMessage

logger = logging.getLogger(__name__)

BUFFER = 100
"""Messages of each track and person that may arrive at once"""


class Republisher:
    """
    Publishes like :meth:`HolisticClient.publish`, and publishes again when the connection is lost or the server stops,
    at the client's address, until the sources end. Use it in an ``async with`` block, at whose end the session ends.

    Sources stay open meanwhile, and their frames are dropped while there is no connection. A new session has the former
    one's name, viewing key and settings, and so takes over from it; without a name, it only has the settings.

    Entering the block raises what :meth:`HolisticClient.publish` raises; only then is the connection retried.

    :param sources: 1 to 4 videos, as for :meth:`HolisticClient.publish`.
    :param public: whether everyone may list and watch the session. Otherwise they need its viewing key.
    :param name: a name for the session, under which viewers find it again; None for none.
    :param key: a secret that takes over the name, as for :meth:`HolisticClient.publish`.
    :param settings: see :class:`Settings`.
    """

    publication: Publication
    """The latest connection, with its session, viewing key, configuration and statistics"""

    def __init__(
        self,
        client: HolisticClient,
        *sources: Source,
        public: bool = False,
        name: str | None = None,
        key: str | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        self._client = client
        self._sources = sources
        self._public = public
        self._name = name
        self._key = key
        self._settings = settings
        self._tracks: list[SourceTrack] = []
        self._landmarks: WeakSet[Newest[LandmarkMessage]] = WeakSet()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[None] = loop.create_future()
        self._ended: asyncio.Future[Exception | None] = loop.create_future()
        async with AsyncExitStack() as stack:
            for source in self._sources:
                track = SourceTrack(source)
                stack.push_async_callback(track.close)
                await track.open()
                self._tracks.append(track)
            frames: list[Newest[VideoFrame]] = [Newest() for _ in self._tracks]
            stack.push_async_callback(_stop, asyncio.create_task(self._run(frames), name="publishing"))
            await asyncio.wait((self._connected, self._ended), return_when=asyncio.FIRST_COMPLETED)
            if self._ended.done() and (error := self._ended.result()):
                raise error
            # Only now, so that a file begins when it can be sent.
            for track, newest in zip(self._tracks, frames, strict=True):
                stack.push_async_callback(_stop, asyncio.create_task(_pump(track, newest), name="source"))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        self._end(None)

    def landmarks(self, *, buffer: int = 1) -> Newest[LandmarkMessage]:
        """
        The landmarks of each frame tracked from now on, like :meth:`Publication.landmarks`, from one session to the
        next. Their timestamps go on growing.

        The iteration ends when the sources have ended, or the session was deleted. It raises what :meth:`wait_ended`
        raises.

        :param buffer: how many messages of each track and person to keep for a slow consumer.
        :raises ValueError: ``buffer`` is less than 1.
        """
        stream: Newest[LandmarkMessage] = Newest(buffer)
        if self._ended.done():
            stream.end(self._ended.result())
        self._landmarks.add(stream)
        return stream

    async def configure(self, **settings: Unpack[Settings]) -> None:
        """
        Change settings, now and after each reconnection.

        :raises ControlError: the server rejects them; ``code`` says why. No setting is changed.
        :raises ClientError: the session has ended for good.
        """
        try:
            await self.publication.configure(**settings)
        except ClientError as error:
            # The next connection begins with them.
            if not error.retryable:
                raise
        self._settings.update(settings)

    async def wait_ended(self) -> None:
        """
        Wait until the sources have ended, or the session has for good.

        :raises ClientError: the server rejected the session, or ended it for a reason that a retry doesn't change, such
            as ``taken_over``.
        :raises DecodeError: a landmark message couldn't be read.
        :raises MediaError: a source failed; see :class:`Publication`.
        """
        if error := await asyncio.shield(self._ended):
            raise error

    async def _run(self, frames: list[Newest[VideoFrame]]) -> None:
        try:
            await self._publish(frames)
        except Exception as error:  # a source may raise anything
            self._end(error)
        else:
            self._end(None)

    async def _publish(self, frames: list[Newest[VideoFrame]]) -> None:
        timeline, retry = Timeline(), 0.0
        while not self._have_sources_ended():
            try:
                publishing = self._client.publish(*frames, public=self._public, name=self._name, key=self._key)
                async with publishing as self.publication:
                    messages = self.publication.landmarks(buffer=BUFFER)
                    if self._settings:
                        await self.publication.configure(**self._settings)
                    if not self._connected.done():
                        self._connected.set_result(None)
                    retry = 0.0
                    async for message in messages:
                        placed = timeline.place(message, self.publication.session)
                        for stream in self._landmarks:
                            stream.put(placed, (placed.track, placed.person))
                return
            except ClientError as error:
                if not (self._connected.done() and error.retryable):
                    raise
                retry = min(RETRY_GROWTH * retry, RETRY_OF_NAME[1]) if retry else RETRY_OF_NAME[0]
                wait = max(retry, (error.retry_after or 0.0) if isinstance(error, RefusedError) else 0.0)
                logger.info("%s; publishing again in %.1g s", error, wait)
                await asyncio.sleep(wait)

    def _have_sources_ended(self) -> bool:
        """
        :raises Exception: what a source has raised.
        """
        results = [track.ended.result() for track in self._tracks if track.ended.done()]
        for error in results:
            if error:
                raise error
        return 0 < len(results) == len(self._tracks)

    def _end(self, error: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(error)
            for stream in self._landmarks:
                stream.end(error)


async def _pump(track: SourceTrack, newest: Newest[VideoFrame]) -> None:
    """Take a source's frames at its own pace, whether or not a connection takes them."""
    with suppress(MediaStreamError):
        while True:
            newest.put(await track.recv())
    newest.end(track.ended.result())


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait((task,))
