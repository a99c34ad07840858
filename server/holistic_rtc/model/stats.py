"""A session's statistics, reported once a second. docs/protocol.md describes the fields."""

from typing import TypedDict


class TrackReport(TypedDict):
    """Statistics of one track in the tracker."""

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
    """Statistics of a track that are the same for all peers."""

    track: int


class SessionStats(TypedDict):
    """Statistics of a session that are the same for all peers."""

    session: str
    model: dict[str, str | None]
    tracks: list[SessionTrackStats]


class TrackStats(SessionTrackStats):
    """Statistics of a track for one peer, with its counts of landmark messages."""

    landmarks_sent: int
    landmarks_dropped: int


class Stats(TypedDict):
    """Statistics of a session for one peer."""

    session: str
    model: dict[str, str | None]
    tracks: list[TrackStats]
