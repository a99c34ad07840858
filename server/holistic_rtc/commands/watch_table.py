"""What ``holistic-rtc watch`` shows of a session."""

import math
import time
from dataclasses import dataclass, field

from rich.table import Table

from holistic_rtc.client.follow import Follower
from holistic_rtc.client.rate import Rate
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import FloatArray

_SHOWN = {Part.POSE: "pose", Part.FACE: "face", Part.LEFT_HAND: "left", Part.RIGHT_HAND: "right"}


@dataclass
class WatchedTrack:
    """What has been received of a track."""

    newest: LandmarkMessage
    persons: dict[int, LandmarkMessage] = field(default_factory=dict)
    """The newest message of each person"""
    received: int = 0
    missed: int = 0
    """Gaps in `seq`: dropped by the server, or lost on the way"""
    rate: Rate = field(default_factory=Rate)

    def add(self, message: LandmarkMessage, now: float) -> None:
        self.persons[message.person] = message
        if self.received and message.seq <= self.newest.seq:
            return  # of another person in the same frame
        if self.received:
            self.missed += message.seq - self.newest.seq - 1
        self.newest = message
        self.received += 1
        self.rate.add(now)

    def present(self) -> list[LandmarkMessage]:
        """The persons in the newest frame, in order of their ids. Some of its messages may still be on the way."""
        return [message for _, message in sorted(self.persons.items()) if message.seq >= self.newest.seq - 1]


def seen(message: LandmarkMessage) -> str:
    parts = message.seen(_SHOWN)
    return " ".join(name for part, name in _SHOWN.items() if part in parts) or "nobody"


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


class Watched:
    """The tracks of the session that is being watched."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._session = follower.running
        self._tracks: dict[int, WatchedTrack] = {}

    def add(self, message: LandmarkMessage) -> None:
        if self._session != self._follower.running:
            self._session = self._follower.running
            self._tracks.clear()  # Its successor counts anew.
        self._tracks.setdefault(message.track, WatchedTrack(message)).add(message, time.monotonic())

    def table(self) -> Table:
        now = time.monotonic()
        table = Table(
            title=f"session {self._follower.session}", caption=self._caption(), box=None, collapse_padding=True
        )
        for name in ("track", "size", "fps", "frames", "missed", "person", "seen", "yaw", "pitch", "roll", "delay"):
            table.add_column(name, justify="left" if name == "seen" else "right", no_wrap=name != "seen")
        for number, track in sorted(self._tracks.items()):
            of_track = [
                str(number),
                f"{track.newest.width}x{track.newest.height}",
                f"{track.rate.fps(now):.1f}",
                str(track.received),
                str(track.missed),
            ]
            delay = self._delay(number)
            for message in track.present():
                transform = message.result.face_transform
                angles = ("", "", "") if transform is None else (f"{angle:+.0f}°" for angle in head_angles(transform))
                table.add_row(*of_track, str(message.person), seen(message), *angles, delay)
                of_track, delay = [""] * len(of_track), ""
        return table

    def line(self) -> str:
        now = time.monotonic()
        tracks = [
            f"track {number}: {track.rate.fps(now):.1f} fps, {track.received} frames, {track.missed} missed, "
            f"{', '.join(map(seen, track.present()))}"
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
