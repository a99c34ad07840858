"""Follows a session: chooses it, reconnects, waits for its name, and switches to its successor."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing, asynccontextmanager, suppress

from holistic_rtc.client.client import HolisticClient
from holistic_rtc.client.newest import Newest
from holistic_rtc.client.signalling import SessionInfo
from holistic_rtc.client.subscription import Subscription
from holistic_rtc.client.timeline import Timeline
from holistic_rtc.errors import ClientError, ControlError, DecodeError, NotLiveError, SessionUnknownError
from holistic_rtc.media.audio import MISORDER, TIME_BASE, OpusPacket
from holistic_rtc.media.clock import SteadyClock
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part

logger = logging.getLogger(__name__)

RETRY, RETRY_OF_NAME, RETRY_GROWTH = (1.0, 8.0), (0.5, 1.0), 1.1
"""
Seconds to wait before reconnecting, first and at most, for an id and for a name, which may be live again at any time;
and their growth with each attempt: small, to be back soon after ten seconds without a network
"""
WAIT = 20
"""Seconds that a request waits for a name to be live"""
QUIET = 5.0
"""Seconds without a message after which this is reported."""
POLL = 2.0
"""Seconds between two polls for the next session."""

Say = Callable[[str], None]


async def choose(client: HolisticClient, session: str | None) -> str | SessionInfo:
    """
    Choose the session to follow.

    :param session: the session's id or name; None for the only one running.
    :return: what was given, or the running session.
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
    name = f"{session.name}  " if session.name else ""
    return f"{name}{session.id}  since {session.started.astimezone():%H:%M:%S}  {tracks}"


class Follower:
    """
    Receives a session's landmarks until it ends, reconnecting as needed.

    A name is followed until the program ends: from session to session, waiting while nobody publishes under it. If the
    session was chosen as the only one running, its successor is followed as well, since a publisher that reconnects
    gets a new session. A session that started while frames were still arriving belongs to someone else and isn't
    followed. Timestamps, also of the audio, continue across sessions.

    :param session: its id or name, or what :func:`choose` returns.
    :param key: the session's viewing key; None if it isn't needed.
    :param say: called with a message when the state of the connection changes.
    :param parts: the parts to receive, by the schema's names; None for the server's default.
    :param max_persons: how many of the people in a frame to receive; None for all that the server tracks.
    :param buffer: how many messages of each track and person to keep for a slow consumer.
    :param on_audio: called with each packet of the publisher's audio, if it sends any; None to leave it out.
    """

    def __init__(
        self,
        client: HolisticClient,
        session: str | SessionInfo,
        say: Say = logger.info,
        *,
        key: str | None = None,
        parts: Collection[Part] | None = None,
        max_persons: int | None = 1,
        buffer: int = 1,
        on_audio: "Callable[[OpusPacket], object] | None" = None,
    ) -> None:
        self.session = session if isinstance(session, str) else session.id
        """Id or name of the session being followed"""
        self.subscription: Subscription | None = None
        """The latest subscription; None before the first connection"""
        self._named = False
        self._goes_on = not isinstance(session, str)
        self._client = client
        self._say = say
        self._key = key
        self._parts = parts
        self._max_persons = max_persons
        self._buffer = buffer
        self._on_audio = on_audio
        self._audio_clock = SteadyClock(TIME_BASE, MISORDER)

    async def messages(self) -> AsyncGenerator[LandmarkMessage]:
        """
        The landmarks of each tracked frame, a message per person. Close the generator after use, for example with
        :func:`contextlib.aclosing`.

        :raises ClientError: the session doesn't exist, or the first attempt to connect failed.
        :raises ControlError: a part is unknown to the server, or it tracks none of the parts.
        """
        timeline = Timeline()
        while True:
            async with aclosing(self._messages_of_one()) as messages:
                async for message in messages:
                    assert self.running
                    yield timeline.place(message, self.running)
            if not self._goes_on:
                return
            self.session = await self._next_session(timeline.arrived)

    @property
    def running(self) -> str | None:
        """Id of the latest session; None before the first connection"""
        return self.subscription.session if self.subscription else None

    async def _messages_of_one(self) -> AsyncGenerator[LandmarkMessage]:
        """Of a session, or of all that have the name."""
        retry, waiting = 0.0, False
        while True:
            try:
                if waiting:
                    await self._client.session(self.session, key=self._key, wait=WAIT)
                    waiting = False
                subscribing = self._client.subscribe(
                    self.session,
                    key=self._key,
                    parts=self._parts,
                    max_persons=self._max_persons,
                    audio=self._on_audio is not None,
                )
                async with subscribing as self.subscription, self._listening(self.subscription):
                    if self._parts and not self.subscription.configuration["parts"]:
                        names = ", ".join(self._parts)
                        raise ControlError(f"the server doesn't track {names}; its HOLISTIC_PARTS excludes them")
                    self._named = self.running != self.session
                    retry = 0.0
                    messages = self.subscription.landmarks(buffer=self._buffer)
                    while message := await self._next(messages):
                        yield message
                self._say("the session has ended")
                if not self._named:
                    return
            except NotLiveError as error:
                if waiting:
                    await asyncio.sleep(error.retry_after or 0)
                else:
                    self._say(f"{error}; waiting")
                self._named = waiting = True
            except SessionUnknownError:
                if self.subscription is None:
                    raise
                self._say("the session has ended in the meantime")
                return
            except ClientError as error:
                if not (self.subscription or self._named) or not error.retryable:
                    raise
                first, last = RETRY_OF_NAME if self._named else RETRY
                retry = min(RETRY_GROWTH * retry, last) if retry else first
                self._say(f"{error}; reconnecting in {retry:.1g} s")
                await asyncio.sleep(retry)

    @asynccontextmanager
    async def _listening(self, subscription: Subscription) -> AsyncGenerator[None]:
        listening = asyncio.create_task(self._listen(subscription), name="audio")
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.wait({listening})

    async def _listen(self, subscription: Subscription) -> None:
        # What ends the audio ends the landmarks as well.
        with suppress(ClientError, DecodeError):
            async for packet in subscription.audio():
                if self._on_audio:
                    self._audio_clock.set_time(packet, time.monotonic())
                    self._on_audio(packet)

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
