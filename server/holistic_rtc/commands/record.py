"""``holistic-rtc record``: a take of a running session, or of a video file, for animation programs and data tools."""

import asyncio
import dataclasses
import math
import time
from collections.abc import Callable
from contextlib import aclosing, closing, suppress
from pathlib import Path

from rich.console import Console
from rich.text import Text

from holistic_rtc.atomic import describe, obstacle, on_terminal
from holistic_rtc.client import HolisticClient
from holistic_rtc.commands.follow import Follower, Rate, choose, showing
from holistic_rtc.errors import ClientError, MediaError
from holistic_rtc.files.media import Report, open_media, track_media
from holistic_rtc.motion.rig.solver import RigSolver
from holistic_rtc.recording.take import Take, Wanted, writing
from holistic_rtc.tracking.engine import Tracker

BUFFER = 64
"""Messages that wait for the disk: two seconds, so that a slow one loses none."""
LATE = 1.0
"""Seconds after which a take ends whose time is over, when no frame comes that would show it."""


def record_session(url: str, session: str | None, token: str | None, wanted: Wanted, console: Console) -> Take:
    """
    Until Ctrl-C, the end of the named session or the wanted time.

    :param session: None for the only one that runs, and after its end the next.
    :param console: where it is told how it goes.
    :raises BrokenPipeError: the reader of the take has closed it.
    :raises ClientError: the server or the session can't be had. When it was lost on the way, what had come is written.
    :raises ConfigError: no session is running, or several are, and none is named.
    :raises ControlError: the server knows no rig.
    :raises MediaError: there was nothing to write, or it can't be written.
    """
    lost = None
    with writing(wanted) as take:
        try:
            # Ctrl-C is how a recording ends whose length nobody knew.
            with suppress(KeyboardInterrupt):
                asyncio.run(_record(url, session, token, wanted, take, console))
        except ClientError as error:
            if not take.frames:
                raise
            lost = error
    if lost:
        raise lost
    return take


async def _record(
    url: str, session: str | None, token: str | None, wanted: Wanted, take: Take, console: Console
) -> None:
    rate = Rate()

    def say(text: str) -> None:
        console.print(text, soft_wrap=True, markup=False)

    def state() -> str:
        return f"{take.frames} frames, {take.seconds:.1f} s, {rate.fps(time.monotonic()):.1f} fps"

    async with HolisticClient(url, token=token) as client:
        follower = Follower(client, await choose(client, session, url), say, parts=wanted.format.parts, buffer=BUFFER)
        async with (
            showing(console, lambda: Text(state()), state, live=console.is_terminal and not on_terminal(wanted.path)),
            aclosing(follower.messages()) as messages,
        ):
            try:
                async with asyncio.timeout(None) as limit:
                    async for message in messages:
                        before = take.frames
                        await asyncio.to_thread(take.add, message)
                        if take.frames > before:
                            rate.add(time.monotonic())
                        if before == 0 < take.frames:
                            say(f"recording to {describe(wanted.path)}; Ctrl-C ends it")
                            if take.longest < math.inf:
                                limit.reschedule(asyncio.get_running_loop().time() + take.longest + LATE)
                        if take.full:
                            return
            except TimeoutError:
                if not limit.expired():
                    raise


def record_file(source: Path, make_tracker: Callable[[], Tracker], wanted: Wanted, report: Report) -> Take:
    """
    The same of a file, of which no frame is passed over.

    :param source: see :func:`.media.offline.open_media`.
    :param make_tracker: called once the files are found to be right.
    :raises BrokenPipeError: the reader of the take has closed it.
    :raises MediaError: a file can't be read or written.
    :raises TrackerError: the tracker failed.
    """
    with closing(open_media(source)) as media:
        if reason := obstacle(wanted.path, source):
            raise MediaError(reason)
        solver = RigSolver()
        with writing(wanted) as take, closing(make_tracker()) as tracker:
            for _, message in track_media(media, tracker, report):
                take.add(dataclasses.replace(message, rig=solver.solve(message.result, message.timestamp_ms)))
                if take.full:
                    break
    return take
