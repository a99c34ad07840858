"""What the commands that follow a running session have in common: to choose it, connect again, tell how it goes."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import aclosing, asynccontextmanager, nullcontext, suppress
from dataclasses import replace

from rich.console import Console, RenderableType
from rich.live import Live

from holistic_rtc.client import HolisticClient, LandmarkMessage, Newest, Part, SessionInfo, Subscription
from holistic_rtc.errors import ClientError, ConfigError, SessionUnknownError

FIRST_RETRY, LAST_RETRY = 1.0, 8.0
"""Seconds before connecting again, doubled each time up to the last."""
QUIET = 5.0
"""Seconds without a message after which that is told."""
POLL = 2.0
"""Seconds between two looks for the next session."""
LIVE_PERIOD = 0.25
LINE_PERIOD = 5.0
"""Seconds between two states on a terminal, and between two lines where there is none."""

Say = Callable[[str], None]


async def choose(client: HolisticClient, session: str | None, url: str) -> str | SessionInfo:
    """
    :param session: its id; None for the only one that runs.
    :raises ConfigError: there is none, or a choice.
    """
    if session is not None:
        return session
    sessions = await client.sessions()
    if not sessions:
        raise ConfigError(f"no session is running at {url}; publish one first")
    if len(sessions) > 1:
        lines = "\n".join(f"  {_describe(session)}" for session in sessions)
        raise ConfigError(f"{len(sessions)} sessions are running at {url}; name one of them:\n{lines}")
    return sessions[0]


def _describe(session: SessionInfo) -> str:
    tracks = ", ".join(f"{track.width}x{track.height} at {track.fps:.0f} fps" for track in session.tracks)
    return f"{session.id}  since {session.started.astimezone():%H:%M:%S}  {tracks}"


class Follower:
    """
    Receives one session's landmarks until it ends, over as many connections as it takes.

    Of a session that was chosen for being the only one it goes on to the next that is, for publishers who connect again
    have a new one. Its timestamps go on from those before. One that began while there still were frames is somebody
    else's, and isn't followed.

    :param session: as :func:`choose` gives it.
    :param say: told in words what happens to the connection.
    :param parts: by the schema's names; None for those the server sends unasked.
    :param buffer: how many messages of each track wait for a slow consumer.
    """

    def __init__(
        self,
        client: HolisticClient,
        session: str | SessionInfo,
        say: Say,
        *,
        parts: Collection[Part] | None = None,
        buffer: int = 1,
    ) -> None:
        self.session = session if isinstance(session, str) else session.id
        """The id of the one that is followed"""
        self.subscription: Subscription | None = None
        """The newest"""
        self._goes_on = not isinstance(session, str)
        self._client = client
        self._say = say
        self._parts = parts
        self._buffer = buffer

    async def messages(self) -> AsyncGenerator[LandmarkMessage]:
        """
        To be closed by its consumer, as with :func:`contextlib.aclosing`.

        :raises ClientError: there is no such session, or the server could not be reached in the first place.
        :raises ControlError: the server doesn't know one of the parts.
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
                async with self._client.subscribe(self.session, parts=self._parts) as self.subscription:
                    retry = FIRST_RETRY
                    messages = self.subscription.landmarks(buffer=self._buffer)
                    while message := await self._next(messages):
                        yield message
                self._say("the session has ended")
                return
            except SessionUnknownError:
                if self.subscription is None:
                    raise
                self._say("the session has ended meanwhile")
                return
            except ClientError as error:
                if self.subscription is None or not error.retryable:
                    raise
                self._say(f"{error}; connecting again in {retry:g} s")
                await asyncio.sleep(retry)
                retry = min(2 * retry, LAST_RETRY)

    async def _next_session(self, frame_at: float) -> str:
        """
        The id of the only one that began after the last frame, once there is one.

        :param frame_at: when that came, on the monotonic clock.
        """
        said = ""
        while True:
            try:
                sessions = [
                    session
                    for session in await self._client.sessions()
                    # One second is what the age may be off.
                    if session.age.total_seconds() <= time.monotonic() - frame_at + 1 and session.id != self.session
                ]
                if len(sessions) == 1:
                    self._say(f"following session {sessions[0].id}")
                    return sessions[0].id
                state = f"{len(sessions)} sessions have begun since; " if sessions else ""
            except ClientError as error:
                if not error.retryable:
                    raise
                state = f"{error}; "
            if (words := f"{state}waiting for the next one") != said:
                self._say(words)
            said = words
            await asyncio.sleep(POLL)

    async def _next(self, messages: Newest[LandmarkMessage]) -> LandmarkMessage | None:
        """None at the end. Tells when nothing comes, and when that is over."""
        try:
            async with asyncio.timeout(QUIET):
                return await anext(messages, None)
        except TimeoutError:
            self._say(f"no frame has come for {QUIET:g} s")
        message = await anext(messages, None)
        if message:
            self._say("frames come again")
        return message


class Rate:
    """How many frames a second come of late."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=120)

    def add(self, now: float) -> None:
        self._times.append(now)

    def fps(self, now: float) -> float:
        """Frames in the last two seconds, for each of them."""
        if not self._times:
            return 0
        return sum(now - at < 2 for at in self._times) / min(2.0, max(now - self._times[0], 0.5))


@asynccontextmanager
async def showing(
    console: Console, state: Callable[[], RenderableType], line: Callable[[], str], *, live: bool
) -> AsyncIterator[None]:
    """
    Keeps telling how it goes while the block runs.

    :param state: shown on a terminal, where it is renewed in its place.
    :param line: printed now and then where there is no terminal.
    :param live: whether there is one that can be drawn on.
    """

    async def show(shown: Live | None) -> None:
        while True:
            await asyncio.sleep(LIVE_PERIOD if shown else LINE_PERIOD)
            if shown:
                shown.update(state(), refresh=True)
            else:
                console.print(line(), soft_wrap=True, markup=False)

    with Live(state(), console=console, auto_refresh=False) if live else nullcontext() as shown:
        telling = asyncio.create_task(show(shown), name="telling")
        try:
            yield
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
