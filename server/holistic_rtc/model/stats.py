"""What the server reports of a session once a second; docs/protocol.md describes the fields."""

from typing import TypedDict


class TrackReport(TypedDict):
    """Of one track, on its way through the tracker."""

    width: int
    height: int
    fps_in: float
    fps_out: float
    tracked: int
    dropped: int
    tracker_ms: float
    draw_ms: float
    delay_ms: float


class SessionTrackStats(TrackReport):
    """What all peers are told of a track."""

    track: int


class SessionStats(TypedDict):
    session: str
    model: dict[str, str | None]
    tracks: list[SessionTrackStats]


class TrackStats(SessionTrackStats):
    """What one peer is told of a track: with its own landmark messages."""

    landmarks_sent: int
    landmarks_dropped: int


class Stats(TypedDict):
    session: str
    model: dict[str, str | None]
    tracks: list[TrackStats]
