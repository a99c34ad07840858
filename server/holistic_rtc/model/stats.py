"""A session's statistics, reported once a second. docs/protocol.md describes the fields."""

from typing import NotRequired, TypedDict


class ModelInfo(TypedDict):
    """A model bundle."""

    origin: str | None
    """Where it comes from: ``official``, ``assembled`` or ``custom``."""
    pose_model: str | None
    """``lite``, ``full`` or ``heavy``; null for a custom bundle."""


class TrackReport(TypedDict):
    """Statistics of one track in the tracker."""

    width: int
    """Width of the newest frame, in pixels."""
    height: int
    """Height of the newest frame, in pixels."""
    fps_in: float
    """Frames received a second."""
    fps_out: float
    """Frames tracked a second."""
    tracked: int
    """Total of tracked frames."""
    dropped: int
    """Total of frames skipped for a newer one."""
    tracker_ms: float
    """Milliseconds to find the landmarks."""
    draw_ms: float
    """Milliseconds to draw them."""
    delay_ms: float
    """Milliseconds from the decoded to the annotated frame."""
    quality: NotRequired[str]
    """How exactly the frames are tracked: `fast`, `balanced` or `exact`. `fast` when the tracker can't keep up."""


class SessionTrackStats(TrackReport):
    """Statistics of a track that are the same for all peers."""

    track: int
    """Index among the publisher's video tracks, from 0."""


class SessionStats(TypedDict):
    """Statistics of a session that are the same for all peers."""

    session: str
    model: ModelInfo
    tracks: list[SessionTrackStats]


class TrackStats(SessionTrackStats):
    """Figures of one video track. Rates and times are means over the last second."""

    landmarks_sent: int
    """Total of landmark messages sent to this peer."""
    landmarks_dropped: int
    """Total of landmark messages to this peer that were dropped because its channel was full."""


class Stats(TypedDict):
    """Statistics of a session for one peer."""

    session: str
    model: ModelInfo
    tracks: list[TrackStats]
