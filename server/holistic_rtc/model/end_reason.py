"""Why sessions and subscriptions end. docs/protocol.md describes the reasons."""

from enum import StrEnum


class EndReason(StrEnum):
    DELETED = "deleted"
    PEER_CLOSED = "peer_closed"
    PEER_SILENT = "peer_silent"
    NO_VIDEO = "no_video"
    REPLACED = "replaced"
    TAKEN_OVER = "taken_over"
    ICE_FAILED = "ice_failed"
    SEND_FAILED = "send_failed"
    VIDEO_TOO_LARGE = "video_too_large"
    TOO_MANY_MESSAGES = "too_many_messages"
    TOO_MANY_CHANNELS = "too_many_channels"
    PEER_FAILED = "peer_failed"
    SESSION_ENDED = "session_ended"
    TIME_LIMIT = "time_limit"
    SERVER_SHUTDOWN = "server_shutdown"
    WORKER_FAILED = "worker_failed"
    PROCESS_ENDED = "process_ended"
    """The session's process crashed or was killed, so no peer was told."""
