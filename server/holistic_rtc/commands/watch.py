"""``holistic-rtc watch``: a session's landmarks as a live table, and as JSON lines."""

import asyncio
import math
import time
from contextlib import aclosing, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from holistic_rtc.atomic import Unbuffered, describe, obstacle, open_through
from holistic_rtc.client import HolisticClient, LandmarkMessage, Part, SessionInfo
from holistic_rtc.commands.follow import Follower, Rate, choose, showing
from holistic_rtc.errors import MediaError
from holistic_rtc.model.result import FloatArray
from holistic_rtc.wire import as_json

BUFFER = 64
"""Messages of a track that wait for the output: two seconds, so that a slow disk loses none."""

_SHOWN = {Part.POSE: "pose", Part.FACE: "face", Part.LEFT_HAND: "left", Part.RIGHT_HAND: "right"}


@dataclass
class WatchedTrack:
    """What has come of one track."""

    newest: LandmarkMessage
    received: int = 0
    missed: int = 0
    """Gaps in `seq`: what was dropped by the server or lost on the way"""
    rate: Rate = field(default_factory=Rate)

    def add(self, message: LandmarkMessage, now: float) -> None:
        if self.received:
            self.missed += max(0, message.seq - self.newest.seq - 1)
        self.newest = message
        self.received += 1
        self.rate.add(now)

    def seen(self) -> str:
        seen = self.newest.seen(_SHOWN)
        return " ".join(name for part, name in _SHOWN.items() if part in seen) or "nobody"


def head_angles(transform: FloatArray) -> tuple[float, float, float]:
    """
    How the head is turned, in degrees, seen from the camera: to the picture's right, upwards, and tilted
    counter-clockwise. Zero when it faces the camera.

    :param transform: ``(4, 4)``, of :class:`HolisticResult`; its rotation is read as yaw after pitch after roll.
    """
    yaw = math.atan2(transform[0, 2], transform[2, 2])
    pitch = math.asin(max(-1.0, min(1.0, float(transform[1, 2]))))
    roll = math.atan2(transform[1, 0], transform[1, 1])
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


class Watch:
    """
    Shows what a :class:`Follower` receives.

    :param session: as :func:`choose` gives it.
    :param output: gets one message a line, as JSON.
    """

    def __init__(
        self, client: HolisticClient, session: str | SessionInfo, output: Unbuffered | None, console: Console
    ) -> None:
        self._output = output
        self._console = console
        self._follower = Follower(client, session, self._say, buffer=BUFFER)
        self._tracks: dict[int, WatchedTrack] = {}

    async def run(self) -> None:
        """
        :raises ClientError: there is no such session, or the server could not be reached in the first place.
        """
        async with aclosing(self._follower.messages()) as messages:
            async for message in messages:
                track = self._tracks.setdefault(message.track, WatchedTrack(message))
                track.add(message, time.monotonic())
                if self._output:
                    await asyncio.to_thread(self._output.write, as_json.encode(message) + b"\n")

    def table(self) -> Table:
        now = time.monotonic()
        table = Table(
            title=f"session {self._follower.session}", caption=self._caption(), box=None, collapse_padding=True
        )
        for name in ("track", "size", "fps", "frames", "missed", "seen", "yaw", "pitch", "roll", "delay"):
            table.add_column(name, justify="left" if name == "seen" else "right", no_wrap=name != "seen")
        for number, track in sorted(self._tracks.items()):
            transform = track.newest.result.face_transform
            angles = ("", "", "") if transform is None else (f"{angle:+.0f}°" for angle in head_angles(transform))
            table.add_row(
                str(number),
                f"{track.newest.width}x{track.newest.height}",
                f"{track.rate.fps(now):.1f}",
                str(track.received),
                str(track.missed),
                track.seen(),
                *angles,
                self._delay(number),
            )
        return table

    def line(self) -> str:
        now = time.monotonic()
        tracks = [
            f"track {number}: {track.rate.fps(now):.1f} fps, {track.received} frames, {track.missed} missed, "
            f"{track.seen()}"
            for number, track in sorted(self._tracks.items())
        ]
        return "; ".join(tracks) or "no landmarks yet"

    def _caption(self) -> str:
        subscription = self._follower.subscription
        round_trip = subscription and subscription.round_trip_ms
        return "" if round_trip is None else f"round trip {round_trip:.0f} ms"

    def _delay(self, number: int) -> str:
        """On the server, from the decoded frame to the annotated one."""
        subscription = self._follower.subscription
        stats = subscription and subscription.stats
        delays = [track["delay_ms"] for track in stats["tracks"] if track["track"] == number] if stats else []
        return f"{delays[0]:.0f} ms" if delays else ""

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, markup=False)


def watch(url: str, session: str | None, token: str | None, output: Path | None, console: Console) -> None:
    """
    Until the session ends, if it is named.

    :param session: None for the only one that runs, and after its end the next.
    :param output: for JSON lines; ``-`` is standard output.
    :param console: where the table is shown if it is a terminal, else a line now and then.
    :raises ClientError: the server or the session can't be had.
    :raises ConfigError: several sessions are running, and none is named.
    :raises MediaError: the output can't be written.
    """
    if output is not None and (reason := obstacle(output)):
        raise MediaError(reason)
    try:
        # When the pipe breaks, whoever read the lines has had enough.
        with suppress(BrokenPipeError), nullcontext() if output is None else _open(output) as file:
            asyncio.run(_watch(url, session, token, file, console))
    except OSError as error:
        if output is None:
            raise
        raise MediaError(f"{describe(output)} can't be written: {error.strerror}") from error


async def _watch(url: str, session: str | None, token: str | None, output: Unbuffered | None, console: Console) -> None:
    async with HolisticClient(url, token=token) as client:
        one = Watch(client, await choose(client, session, url), output, console)
        # A table would be torn by lines on the same terminal.
        live = console.is_terminal and not (output and output.isatty())
        async with showing(console, one.table, one.line, live=live):
            await one.run()


def _open(output: Path) -> Unbuffered:
    """Unbuffered, so that each line is there at once, and none is left that a closed pipe doesn't take."""
    return open_through(output) or Unbuffered(output, "w")
