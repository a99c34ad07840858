"""Follows a running session: chooses it, reconnects, and switches to its successor."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from dataclasses import replace

from holistic_rtc.client.client import HolisticClient
from holistic_rtc.client.newest import Newest
from holistic_rtc.client.signalling import SessionInfo
from holistic_rtc.client.subscription import Subscription
from holistic_rtc.errors import ClientError, ControlError, SessionUnknownError
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part

FIRST_RETRY, LAST_RETRY, RETRY_GROWTH = 1.0, 8.0, 1.1
"""
Seconds to wait before reconnecting, from the first value up to the last, and their growth with each attempt: small, to
be back soon after ten seconds without a network
"""
QUIET = 5.0
"""Seconds without a message after which this is reported."""
POLL = 2.0
"""Seconds between two polls for the next session."""

Say = Callable[[str], None]


async def choose(client: HolisticClient, session: str | None) -> str | SessionInfo:
    """
    Choose the session to follow.

    :param session: the session's id; None for the only one running.
    :return: the given id, or the running session.
    :raises ClientError: no session is running, or several are and one must be named.
    """
    if session is not None:
        return session
    sessions = await client.sessions()
    if not sessions:
        raise ClientError(
            f"there is no session at {client.url} that you may list; start one, or pass its id and viewing key"
        )
    if len(sessions) > 1:
        lines = "\n".join(f"  {_describe(session)}" for session in sessions)
        raise ClientError(f"{len(sessions)} sessions are running at {client.url}; name one of them:\n{lines}")
    return sessions[0]


def _describe(session: SessionInfo) -> str:
    tracks = ", ".join(f"{track.width}x{track.height} at {track.fps:.0f} fps" for track in session.tracks)
    return f"{session.id}  since {session.started.astimezone():%H:%M:%S}  {tracks}"


class Follower:
    """
    Receives a session's landmarks until it ends, reconnecting as needed.

    If the session was chosen as the only one running, its successor is followed as well, since a publisher that
    reconnects gets a new session. Timestamps continue across sessions. A session that started while frames were still
    arriving belongs to someone else and isn't followed.

    :param session: as returned by :func:`choose`.
    :param key: the session's viewing key; None if it isn't needed.
    :param say: called with a message when the state of the connection changes.
    :param parts: the parts to receive, by the schema's names; None for the server's default.
    :param max_persons: how many of the people in a frame to receive; None for all that the server tracks.
    :param buffer: how many messages of each track and person to keep for a slow consumer.
    """

    def __init__(
        self,
        client: HolisticClient,
        session: str | SessionInfo,
        say: Say,
        *,
        key: str | None = None,
        parts: Collection[Part] | None = None,
        max_persons: int | None = 1,
        buffer: int = 1,
    ) -> None:
        self.session = session if isinstance(session, str) else session.id
        """Id of the session being followed"""
        self.subscription: Subscription | None = None
        """The latest subscription; None before the first connection"""
        self._goes_on = not isinstance(session, str)
        self._client = client
        self._say = say
        self._key = key
        self._parts = parts
        self._max_persons = max_persons
        self._buffer = buffer

    async def messages(self) -> AsyncGenerator[LandmarkMessage]:
        """
        The landmarks of each tracked frame, a message per person. Close the generator after use, for example with
        :func:`contextlib.aclosing`.

        :raises ClientError: the session doesn't exist, or the first attempt to connect failed.
        :raises ControlError: a part is unknown to the server, or it tracks none of the parts.
        """
        newest_ms, frame_at = None, time.monotonic()
        while True:
            since_ms = None
            async with aclosing(self._messages_of_one()) as messages:
                async for message in messages:
                    before, frame_at = frame_at, time.monotonic()
                    if since_ms is None:
                        gap_ms = round(1000 * (frame_at - before))
                        since_ms = 0 if newest_ms is None else newest_ms + gap_ms - message.timestamp_ms
                    newest_ms = since_ms + message.timestamp_ms
                    yield replace(message, timestamp_ms=newest_ms)
            if not self._goes_on:
                return
            self.session = await self._next_session(frame_at)

    async def _messages_of_one(self) -> AsyncGenerator[LandmarkMessage]:
        retry = FIRST_RETRY
        while True:
            try:
                async with self._client.subscribe(
                    self.session, key=self._key, parts=self._parts, max_persons=self._max_persons
                ) as self.subscription:
                    if self._parts and not self.subscription.configuration["parts"]:
                        names = ", ".join(self._parts)
                        raise ControlError(f"the server doesn't track {names}; its HOLISTIC_PARTS excludes them")
                    retry = FIRST_RETRY
                    messages = self.subscription.landmarks(buffer=self._buffer)
                    while message := await self._next(messages):
                        yield message
                self._say("the session has ended")
                return
            except SessionUnknownError:
                if self.subscription is None:
                    raise
                self._say("the session has ended in the meantime")
                return
            except ClientError as error:
                if self.subscription is None or not error.retryable:
                    raise
                self._say(f"{error}; reconnecting in {retry:.1g} s")
                await asyncio.sleep(retry)
                retry = min(RETRY_GROWTH * retry, LAST_RETRY)

    async def _next_session(self, frame_at: float) -> str:
        """
        Wait until exactly one session that started after the last frame is running, and return its id.

        :param frame_at: when the last frame arrived, on the monotonic clock.
        """
        said = ""
        while True:
            try:
                sessions = [
                    session
                    for session in await self._client.sessions()
                    # The age may be off by one second.
                    if session.age.total_seconds() <= time.monotonic() - frame_at + 1 and session.id != self.session
                ]
                if len(sessions) == 1:
                    self._say(f"following session {sessions[0].id}")
                    return sessions[0].id
                state = f"{len(sessions)} new sessions are running; " if sessions else ""
            except ClientError as error:
                if not error.retryable:
                    raise
                state = f"{error}; "
            if (words := f"{state}waiting for the next one") != said:
                self._say(words)
            said = words
            await asyncio.sleep(POLL)

    async def _next(self, messages: Newest[LandmarkMessage]) -> LandmarkMessage | None:
        """Returns None at the end. Reports when frames stop arriving, and when they resume."""
        try:
            async with asyncio.timeout(QUIET):
                return await anext(messages, None)
        except TimeoutError:
            self._say(f"no frames for {QUIET:g} s")
        message = await anext(messages, None)
        if message:
            self._say("frames are coming again")
        return message
