"""The client's entry point: a connection to a server, with everything it offers."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, Unpack

import aiohttp

from holistic_rtc.client.connection import Connection
from holistic_rtc.client.jobs import Job
from holistic_rtc.client.publication import Publication, Settings
from holistic_rtc.client.signalling import Health, Server, SessionInfo
from holistic_rtc.client.sources import Source, SourceTrack
from holistic_rtc.client.subscription import SubscriberSettings, Subscription
from holistic_rtc.errors import MediaError
from holistic_rtc.model.job import JobResult
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.wire import as_json


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The result of tracking a picture."""

    landmarks: bytes
    """
    The first person's landmark message as JSON, with additional fields: ``others``, the messages of the other people,
    ``model`` and ``milliseconds``
    """
    picture: bytes
    """The annotated picture, as JPEG"""

    @property
    def message(self) -> LandmarkMessage:
        """
        The landmarks of the first person as numpy arrays.

        :raises DecodeError: the server didn't send a valid landmark message.
        """
        return as_json.decode(self.landmarks)

    @property
    def messages(self) -> list[LandmarkMessage]:
        """
        The landmarks of all people as numpy arrays. If nobody was seen, there is one message without any parts.

        :raises DecodeError: the server didn't send valid landmark messages.
        """
        return as_json.decode_all(self.landmarks)


class HolisticClient:
    """
    A client of a holistic-rtc server. Use it in an ``async with`` block, which closes all its connections at the end.
    All methods raise a :class:`~holistic_rtc.errors.ClientError` if the server can't be reached or rejects the request.

    :param url: the server's URL, such as ``http://localhost:8080``.
    :param token: the server's token, if it requires one.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self._url = url
        self._token = token
        self._key = secrets.token_urlsafe(16)
        self._http: aiohttp.ClientSession | None = None
        self._connections: set[Connection] = set()

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._http is not None
        try:
            await asyncio.gather(*(connection.close() for connection in self._connections))
        finally:
            await self._http.close()
            self._http = None

    @property
    def url(self) -> str:
        """The server's URL, as given"""
        return self._url

    async def health(self) -> Health:
        """How the server is doing. Needs no token."""
        return await self._server().get_health()

    async def metrics(self) -> str:
        """The server's metrics, in Prometheus' text format."""
        return await self._server().get_metrics()

    async def sessions(self) -> list[SessionInfo]:
        """List the running sessions, oldest first. Without the right to list, only public ones."""
        return await self._server().get_sessions()

    async def session(self, session: str, *, key: str | None = None, wait: int = 0) -> SessionInfo:
        """
        Look up a session that may be watched.

        :param session: the session's id or name.
        :param key: its viewing key, unless it is public or the client has the right to watch all sessions.
        :param wait: for how many seconds, up to 30, to wait for a publisher if nobody is publishing under the name.
        :raises NotLiveError: nobody is publishing under the name.
        :raises SessionUnknownError: the session doesn't exist.
        """
        return await self._server().get_session(session, key, wait)

    async def snapshot(
        self,
        picture: bytes,
        *,
        parts: Collection[Part | str] | None = None,
        annotate: bool = True,
        max_persons: int | None = 1,
    ) -> Snapshot:
        """
        Track one picture, over plain HTTP.

        :param picture: the content of a picture file: JPEG, PNG, HEIC or any other that the server can read.
        :param parts: the parts to return, at least one, by the schema's names; None for all except the rig.
        :param annotate: whether to draw the landmarks on the returned picture.
        :param max_persons: how many people to find at most; None for as many as the server tracks.
        :raises RefusedError: the picture is damaged or too large, among other reasons; the message says why.
        """
        query = {"annotate": str(annotate).lower()}
        if parts is not None:
            query["parts"] = ",".join(parts)
        if max_persons != 1:
            query["max_persons"] = "all" if max_persons is None else str(max_persons)
        landmarks, annotated = await self._server().take_snapshot(picture, query)
        return Snapshot(landmarks, annotated)

    async def submit(
        self,
        source: Path | BinaryIO,
        *,
        results: Collection[JobResult | str] = tuple(JobResult),
        quality: Quality | str | None = None,
        max_persons: int | None = 1,
    ) -> Job:
        """
        Have a whole video or picture tracked by the server, whenever it has time.

        :param source: the file's path, or an open file.
        :param results: what to make, at least one.
        :param quality: the trade-off between speed and precision; None for the server's.
        :param max_persons: how many people to find at most; None for as many as the server tracks.
        :return: the job, once the file has been uploaded.
        :raises MediaError: the file can't be read.
        :raises RefusedError: it is too large, or the server is full, among other reasons; the message says why.
        """
        query = {"results": ",".join(results)}
        if quality is not None:
            query["quality"] = quality
        if max_persons != 1:
            query["max_persons"] = "all" if max_persons is None else str(max_persons)
        server = self._server()
        try:
            with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
                return Job(server, await server.post_job(file, query))
        except OSError as error:
            raise MediaError(f"{source} can't be read: {error.strerror}") from error

    def job(self, id: str) -> Job:
        """A job that has been submitted before, by its id."""
        return Job(self._server(), id)

    async def landmarks(
        self,
        session: str,
        *,
        key: str | None = None,
        parts: Collection[Part | str] | None = None,
        max_persons: int | None = 1,
    ) -> AsyncGenerator[LandmarkMessage]:
        """
        Subscribe to a session's landmarks. A slow consumer skips messages and continues with the newest.

        The iteration ends when the session ends.

        :param session: the session's id or name.
        :param key: its viewing key, unless it is public or the client has the right to watch all sessions.
        :param parts: the parts to receive, by the schema's names; None for all except the rig.
        :param max_persons: how many of the people in a frame to receive; None for all that the server tracks.
        :raises SessionUnknownError: the session doesn't exist.
        :raises ConnectionLostError: the connection was lost.
        """
        async with self.subscribe(session, key=key, parts=parts, max_persons=max_persons) as subscribed:
            async for message in subscribed.landmarks():
                yield message

    @asynccontextmanager
    async def publish(
        self,
        *sources: Source,
        video: bool = False,
        public: bool = False,
        name: str | None = None,
        key: str | None = None,
        **settings: Unpack[Settings],
    ) -> AsyncIterator[Publication]:
        """
        Start a session. It ends at the end of the block.

        :param sources: 1 to 4 videos. Each is a file's path or a :class:`VideoFile`; a camera's number, its
            ``/dev/video`` path or a :class:`Camera`; or an async iterable that yields frames at its own pace:
            ``(height, width, 3)`` uint8 RGB arrays or ``av.VideoFrame``.
        :param video: whether to receive the annotated video, which costs CPU time on both sides.
        :param public: whether everyone may list and watch the session. Otherwise they need its viewing key.
        :param name: a name for the session, under which others can subscribe to it and to those that follow it: 1 to
            64 letters, digits, hyphens and underscores.
        :param key: a secret of 16 to 128 such characters that takes over the name from a session with the same one,
            and keeps the viewing key. By default, each client has its own.
        :param settings: see :class:`Settings`.
        :raises MediaError: a file or camera can't be read.
        :raises ControlError: a setting has an invalid value.
        """
        server = self._server()
        tracks = [SourceTrack(source) for source in sources]
        ice_servers = await server.get_ice_servers()
        connection = Publication(
            *(server, ice_servers, tracks), video=video, public=public, name=name, key=key or self._key
        )
        async with self._owning(connection):
            await connection.open()
            if settings:
                await connection.configure(**settings)
            yield connection

    @asynccontextmanager
    async def subscribe(
        self,
        session: str,
        *,
        key: str | None = None,
        video: bool = False,
        audio: bool = False,
        landmarks: bool = True,
        tracks: int = 1,
        parts: Collection[Part | str] | None = None,
        max_persons: int | None = 1,
    ) -> AsyncIterator[Subscription]:
        """
        Subscribe to a session that someone else publishes, until the end of the block.

        :param session: the session's id or name.
        :param key: its viewing key, unless it is public or the client has the right to watch all sessions.
        :param video: whether to receive annotated video.
        :param audio: whether to receive the publisher's audio, if it sends any.
        :param landmarks: whether to receive landmarks.
        :param tracks: how many video tracks to receive, starting with the session's first.
        :param parts: the parts to receive, by the schema's names; None for all except the rig.
        :param max_persons: how many of the people in a frame to receive; None for all that the server tracks.
        :raises SessionUnknownError: the session doesn't exist.
        :raises ControlError: a part is unknown to the server.
        """
        server = self._server()
        connection = Subscription(
            *(server, await server.get_ice_servers(session, key), session, key),
            videos=tracks if video else 0,
            audio=audio,
            landmarks=landmarks,
        )
        async with self._owning(connection):
            await connection.open()
            chosen: SubscriberSettings = {}
            if parts is not None:
                chosen["parts"] = parts
            if max_persons != 1:
                chosen["max_persons"] = max_persons
            if chosen:
                await connection.configure(**chosen)
            yield connection

    @asynccontextmanager
    async def _owning(self, connection: Connection) -> AsyncIterator[None]:
        self._connections.add(connection)
        try:
            yield
        finally:
            await connection.close()
            self._connections.discard(connection)

    def _server(self) -> Server:
        if self._http is None:
            raise RuntimeError("use the client in a block: async with HolisticClient(url) as client")
        return Server(self._http, self._url, self._token)
