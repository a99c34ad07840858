"""The HTTP side of the client: WHIP (RFC 9725), WHEP (draft-ietf-wish-whep) and the server's API below ``/api``."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any, BinaryIO

import aiohttp
from aiortc import RTCIceServer
from yarl import URL

from holistic_rtc.errors import (
    ClientError,
    Code,
    JobUnknownError,
    NotLiveError,
    RefusedError,
    ServerFullError,
    ServerUnreachableError,
    SessionUnknownError,
    UnauthorizedError,
)

TIMEOUT = aiohttp.ClientTimeout(total=10)
OFFER_TIMEOUT = aiohttp.ClientTimeout(total=30)
"""An offer may have to wait until a session process has started."""
SNAPSHOT_TIMEOUT = aiohttp.ClientTimeout(total=30)
UPLOAD_TIMEOUT = aiohttp.ClientTimeout(sock_connect=10, sock_read=60)
"""Also of downloads and events: there is something at least every 15 s."""
DELETE_TIMEOUT = aiohttp.ClientTimeout(total=3)

WATCH = "urn:holistic-rtc:watch"
"""Relation of the link from a session to the address at which it can be watched"""

_REFUSALS: Mapping[str, type[RefusedError]] = {
    Code.UNAUTHORIZED: UnauthorizedError,
    Code.FORBIDDEN: UnauthorizedError,
    Code.PRIVATE_SESSION: UnauthorizedError,
    Code.UNKNOWN_SESSION: SessionUnknownError,
    Code.NOT_LIVE: NotLiveError,
    Code.SERVER_FULL: ServerFullError,
    Code.SESSION_FULL: ServerFullError,
    Code.UNKNOWN_JOB: JobUnknownError,
    Code.SNAPSHOTS_FULL: ServerFullError,
    Code.JOBS_FULL: ServerFullError,
    Code.ADDRESS_FULL: ServerFullError,
    Code.TOO_MANY_REQUESTS: ServerFullError,
}
_REFUSALS_WITHOUT_CODE: Mapping[int, type[RefusedError]] = {
    401: UnauthorizedError,
    429: ServerFullError,
    503: ServerFullError,
}
"""Errors for responses without a code, such as those of proxies, by HTTP status."""


@dataclass(frozen=True, slots=True)
class SessionTrack:
    """A video track of a session."""

    track: int
    """Index among the session's video tracks, from 0"""
    width: int
    """Width of the latest frame in pixels, like the height"""
    height: int
    fps: float
    """Tracked frames per second"""


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A running session, as listed by the server."""

    id: str
    started: datetime
    """With a time zone"""
    age: timedelta
    """How long it has been running by the server's clock, to the second"""
    subscribers: int
    """Number of subscribers"""
    tracks: tuple[SessionTrack, ...]
    """Empty in the first second of a session"""
    public: bool = False
    """Whether everyone may list and watch it"""
    name: str | None = None
    """Chosen by its publisher; None if it has none"""


@dataclass(frozen=True, slots=True)
class Health:
    """How a server is doing."""

    version: str
    ready: bool
    """Whether the next session and the next picture can start at once"""
    sessions: int
    """Number of running sessions"""
    max_sessions: int


@dataclass(frozen=True, slots=True)
class Resource:
    """The WHIP or WHEP resource that an offer has created on the server."""

    url: URL
    """The resource's URL; its last segment is a secret"""
    answer: str
    """The server's SDP answer"""
    viewing_key: str = ""
    """What others need to watch the session; empty for a subscription"""

    @property
    def session(self) -> str:
        """The session's id: the second to last segment of the URL."""
        return self.url.parts[-2]


class Server:
    """
    The server's HTTP API. All methods raise a :class:`ClientError` on failure.

    :param url: the server's URL.
    :param token: sent with each request that needs it.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str | None) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def offer(self, path: str, sdp: str) -> Resource:
        """
        Send an offer.

        :param path: ``/whip`` or ``/whip/NAME`` to publish, ``/whep/ID`` to subscribe, and their query.
        :param sdp: the offer.
        """
        headers = {"Content-Type": "application/sdp", **self._headers}
        response, body = await self._request("POST", path, data=sdp, headers=headers, timeout=OFFER_TIMEOUT)
        location = response.headers.get("Location")
        if response.status != 201 or location is None:
            raise self.not_ours("it doesn't speak WHIP")
        watch = response.links.get(WATCH)
        key = URL(watch["url"]).query.get("key", "") if watch else ""
        return Resource(response.url.join(URL(location)), body, key)

    async def delete(self, resource: Resource) -> None:
        """End a session or a subscription. Needs no token: knowing the URL is enough."""
        await self._request("DELETE", resource.url, timeout=DELETE_TIMEOUT)

    async def get_ice_servers(self, session: str | None = None, key: str | None = None) -> list[RTCIceServer]:
        """
        The STUN and TURN servers that the server tells its clients to use.

        :param session: the session to subscribe to, with its viewing key, if that is needed.
        """
        query = {"session": session, "key": key} if session and key else {}
        _, document = await self._get(str(URL("/api/ice-servers").with_query(query)))
        try:
            return [RTCIceServer(**server) for server in document["iceServers"]]
        except (KeyError, TypeError) as error:
            raise self.not_ours("its ICE servers can't be read") from error

    async def get_health(self) -> Health:
        _, document = await self._get("/healthz")
        try:
            await self._get("/readyz")
            ready = True
        except RefusedError as error:
            if error.status != 503:
                raise
            ready = False
        try:
            return Health(document["version"], ready, document["sessions"], document["max_sessions"])
        except (KeyError, TypeError) as error:
            raise self.not_ours("its health can't be read") from error

    async def get_metrics(self) -> str:
        _, text = await self._request("GET", "/metrics", headers=self._headers, timeout=TIMEOUT)
        return text

    async def get_sessions(self) -> list[SessionInfo]:
        """The running sessions, oldest first."""
        response, document = await self._get("/api/sessions")
        try:
            return [_read_session(session, response) for session in document["sessions"]]
        except (KeyError, TypeError, ValueError) as error:
            raise self.not_ours("its sessions can't be read") from error

    async def get_session(self, session: str, key: str | None, wait: int) -> SessionInfo:
        """
        :param session: its id or its name.
        :param key: its viewing key, if that is needed.
        :param wait: for how many seconds to wait for a publisher if nobody is publishing under the name.
        """
        query = {"wait": str(wait)} | ({"key": key} if key else {})
        path = str(URL("/api/sessions").joinpath(session).with_query(query))
        response, document = await self._get(path, aiohttp.ClientTimeout(total=wait + 10))
        try:
            return _read_session(document, response)
        except (KeyError, TypeError, ValueError) as error:
            raise self.not_ours("its session can't be read") from error

    async def _get(self, path: str, timeout: aiohttp.ClientTimeout = TIMEOUT) -> tuple[aiohttp.ClientResponse, Any]:
        response, body = await self._request("GET", path, headers=self._headers, timeout=timeout)
        try:
            return response, json.loads(body)
        except ValueError as error:
            raise self.not_ours("its answer isn't JSON") from error

    async def take_snapshot(self, picture: bytes, query: Mapping[str, str]) -> tuple[bytes, bytes]:
        """
        Track a picture.

        :param picture: the content of a picture file: JPEG, PNG, HEIC or any other that the server can read.
        :param query: the query parameters of ``/api/snapshot``.
        :return: the landmarks as JSON, and the annotated picture as JPEG.
        """
        headers = {"Accept": "multipart/form-data", **self._headers}
        body = BytesIO(picture)
        options: dict[str, Any] = {"params": query, "data": body, "headers": headers, "timeout": SNAPSHOT_TIMEOUT}
        async with self._answering("POST", "/api/snapshot", options) as response:
            if response.content_type != "multipart/form-data":
                raise self.not_ours("it doesn't take snapshots")
            parts = {}
            async for part in aiohttp.MultipartReader.from_response(response):
                if isinstance(part, aiohttp.BodyPartReader):
                    parts[part.name] = bytes(await part.read())
        try:
            return parts["landmarks"], parts["picture"]
        except KeyError as error:
            raise self.not_ours("its snapshots can't be read") from error

    async def post_job(self, source: BinaryIO, query: Mapping[str, str]) -> str:
        """
        Have a file tracked.

        :param query: the query parameters of ``/api/jobs``.
        :return: the job's id.
        """
        headers = {"Content-Type": "application/octet-stream", **self._headers}
        options = {"params": query, "data": source, "headers": headers, "timeout": UPLOAD_TIMEOUT}
        _, body = await self._request("POST", "/api/jobs", **options)
        try:
            return str(json.loads(body)["id"])
        except (ValueError, KeyError, TypeError) as error:
            raise self.not_ours("it doesn't take jobs") from error

    async def get_job(self, id: str) -> Any:
        _, document = await self._get(f"/api/jobs/{id}")
        return document

    async def get_job_events(self, id: str) -> AsyncGenerator[Any]:
        """The job's document each time that it changes. Ends with the job, or with the connection."""
        options = {"headers": {"Accept": "text/event-stream"}, "timeout": UPLOAD_TIMEOUT}
        async with self._answering("GET", f"/api/jobs/{id}", options) as response:
            async for line in response.content:
                if line.startswith(b"data:"):
                    try:
                        yield json.loads(line[5:])
                    except ValueError as error:
                        raise self.not_ours("its events can't be read") from error

    async def get_job_result(self, id: str, result: str) -> AsyncGenerator[bytes]:
        """The content, in pieces."""
        async with self._answering("GET", f"/api/jobs/{id}/{result}", {"timeout": UPLOAD_TIMEOUT}) as response:
            async for chunk in response.content.iter_chunked(1 << 16):
                yield chunk

    async def delete_job(self, id: str) -> None:
        await self._request("DELETE", f"/api/jobs/{id}", timeout=TIMEOUT)

    async def _request(self, method: str, path: str | URL, **options: Any) -> tuple[aiohttp.ClientResponse, str]:
        async with self._answering(method, path, options) as response:
            return response, await response.text(errors="replace")

    @asynccontextmanager
    async def _answering(
        self, method: str, path: str | URL, options: Mapping[str, Any]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """
        Send a request and yield the response, which has a status below 400.

        :raises ClientError: the server can't be reached, or responds with an error.
        """
        url = f"{self._url}{path}" if isinstance(path, str) else path
        try:
            async with self._http.request(method, url, **options) as response:
                if response.status >= 400:
                    raise _refusal(response, await response.text(errors="replace"))
                yield response
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise ServerUnreachableError(
                f"{self._url} isn't a valid URL; use one such as http://localhost:8080"
            ) from error
        except TimeoutError as error:
            raise ServerUnreachableError(f"{self._url} doesn't answer") from error
        except aiohttp.ClientConnectorSSLError as error:
            raise ServerUnreachableError(
                f"{self._url} doesn't answer in TLS ({error.strerror or error}); if it serves HTTP only, use http://"
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise ServerUnreachableError(f"{self._url} can't be reached: {error.strerror or error}") from error
        except aiohttp.ClientError as error:
            raise ServerUnreachableError(f"the request to {self._url} failed: {error}") from error

    def not_ours(self, what: str) -> ServerUnreachableError:
        return ServerUnreachableError(f"{self._url} isn't a holistic-rtc server: {what}")


def _read_session(session: Any, response: aiohttp.ClientResponse) -> SessionInfo:
    """
    :raises KeyError: a field or the date of the response is missing; or a TypeError or ValueError: it can't be read.
    """
    started = datetime.fromisoformat(session["started"])
    return SessionInfo(
        id=session["id"],
        started=started,
        age=parsedate_to_datetime(response.headers["Date"]) - started,
        subscribers=session["subscribers"],
        tracks=tuple(
            SessionTrack(track["track"], track["width"], track["height"], track["fps"]) for track in session["tracks"]
        ),
        public=session.get("public", True),
        name=session.get("name"),
    )


def _refusal(response: aiohttp.ClientResponse, body: str) -> ClientError:
    detail = f"{response.url.origin()} answered {response.status} {response.reason}"
    code = None
    if response.content_type == "application/problem+json":
        # If the document is truncated or lacks a detail, report the status only.
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            document = json.loads(body)
            code = document.get("code")
            detail = document["detail"]
    retry_after = response.headers.get("Retry-After", "")
    known = _REFUSALS.get(code) if code else _REFUSALS_WITHOUT_CODE.get(response.status)
    return (known or RefusedError)(
        response.status, detail, code=code, retry_after=float(retry_after) if retry_after.isdigit() else None
    )
