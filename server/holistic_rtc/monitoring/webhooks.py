"""
Tells another program about sessions, by signed HTTP requests as specified by Standard Webhooks.

A message is JSON: ``{"type": "session.started", "timestamp": "2026-11-30T12:00:00Z", "data": {...}}``.
"""

import asyncio
import base64
import binascii
import contextlib
import hmac
import logging
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from holistic_rtc import __version__
from holistic_rtc.errors import ConfigError
from holistic_rtc.monitoring.metrics import Delivery
from holistic_rtc.sessions.events import Event, Joined, Left, Refused, Role

logger = logging.getLogger(__name__)

SECRET_PREFIX = "whsec_"
REFUSED = "session.refused"


@dataclass(frozen=True, slots=True)
class Message:
    """
    :param id: the same for all attempts, so that the receiver can recognise a repetition.
    """

    type: str
    body: bytes
    id: str = field(default_factory=lambda: f"msg_{secrets.token_hex(16)}")


class Webhooks:
    """
    Delivers messages one after the other, in order. A message is tried several times.

    :param url: where to POST them.
    :param secret: the key for the signatures, as decoded by :func:`read_secret`.
    :param report: called with what has become of each message.
    """

    MAX_QUEUED = 1000
    """Messages that wait. When one more comes, the oldest refusal is dropped; without any, the oldest message."""
    TIMEOUT = 5.0
    """Seconds for an attempt."""
    BACKOFF = (1.0, 2.0, 4.0, 8.0)
    """Seconds to wait before each further attempt."""
    FLUSH_SECONDS = 1.0
    """Seconds that :meth:`close` waits for messages to be delivered."""

    def __init__(self, url: str, secret: bytes, report: Callable[[Delivery], object]) -> None:
        self._url = url
        self._secret = secret
        self._report = report
        self._queue: deque[Message] = deque()
        self._changed = asyncio.Event()
        self._closing = False
        self._dropping = False
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """:return: how many messages wait to be delivered."""
        return len(self._queue)

    def open(self) -> None:
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def close(self) -> None:
        """Deliver what is left, as far as that is possible in time. What isn't is dropped."""
        self._closing = True
        self._changed.set()
        if self._task is None:
            return
        await asyncio.wait({self._task}, timeout=self.FLUSH_SECONDS)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        while self._queue:
            self._drop(self._queue[0])

    def take(self, event: Event) -> None:
        """Queue the message about an event, if there is one."""
        if message := _message(event):
            if len(self._queue) >= self.MAX_QUEUED:
                # A flood of refusals doesn't displace messages about sessions.
                self._drop(next((queued for queued in self._queue if queued.type == REFUSED), self._queue[0]))
            self._queue.append(message)
            self._changed.set()

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=self.TIMEOUT)
        headers = {"User-Agent": f"holistic-rtc/{__version__}", "Content-Type": "application/json"}
        async with aiohttp.ClientSession(timeout=timeout, headers=headers) as http:
            while True:
                while self._queue:
                    await self._deliver(http, self._queue.popleft())
                if self._closing:
                    return
                self._changed.clear()
                await self._changed.wait()

    async def _deliver(self, http: aiohttp.ClientSession, message: Message) -> None:
        try:
            problem = await self._attempt(http, message)
            for seconds in self.BACKOFF:
                if problem is None:
                    break
                await asyncio.sleep(seconds)
                problem = await self._attempt(http, message)
        except asyncio.CancelledError:
            self._drop(message)
            raise
        if problem is None:
            self._dropping = False
            self._report(Delivery.DELIVERED)
        else:
            logger.warning("gave up on webhook %s (%s): %s", message.id, message.type, problem)
            self._report(Delivery.FAILED)

    async def _attempt(self, http: aiohttp.ClientSession, message: Message) -> str | None:
        """
        :return: what is wrong; None if it was delivered.
        """
        headers = sign(self._secret, message.id, int(time.time()), message.body)
        try:
            async with http.post(self._url, data=message.body, headers=headers, allow_redirects=False) as response:
                return None if 200 <= response.status < 300 else f"the receiver answered {response.status}"
        except TimeoutError:
            return f"the receiver didn't answer within {self.TIMEOUT:g} s"
        except (aiohttp.ClientError, OSError) as error:
            return str(error) or type(error).__name__

    def _drop(self, message: Message) -> None:
        with contextlib.suppress(ValueError):
            self._queue.remove(message)
        if not self._dropping:
            self._dropping = True
            logger.warning("dropping webhooks, since the receiver doesn't accept them in time")
        self._report(Delivery.DROPPED)


def read_secret(text: str) -> bytes:
    """
    :param text: ``whsec_`` and the key as base64.
    :raises ConfigError: it isn't that, or the key is too short.
    """
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not text.startswith(SECRET_PREFIX) or len(key) < 24:
        raise ConfigError(
            "HOLISTIC_WEBHOOK_SECRET must be whsec_ followed by at least 24 bytes in base64, "
            'such as the output of: echo "whsec_$(openssl rand -base64 32)"'
        )
    return key


def sign(secret: bytes, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """
    :param timestamp: seconds since 1970.
    :return: the headers of a request with this body.
    """
    digest = hmac.digest(secret, b"%s.%d.%s" % (id.encode(), timestamp, body), "sha256")
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _message(event: Event) -> Message | None:
    match event:
        case Joined(role=Role.PUBLISHER):
            return _make(event, "session.started", session=event.session, address=event.address)
        case Left(role=Role.PUBLISHER):
            return _make(
                event,
                "session.ended",
                session=event.session,
                address=event.address,
                reason=event.reason,
                message=event.message,
                seconds=round(event.seconds, 1),
            )
        case Refused(method="POST", path="/whip"):
            return _make(event, REFUSED, code=event.code, detail=event.detail, address=event.address)
    return None


def _make(event: Joined | Left | Refused, type: str, **data: Any) -> Message:
    document = {"type": type, "timestamp": event.at, "data": data}
    return Message(type, orjson.dumps(document, option=orjson.OPT_UTC_Z))
