"""What somebody may do on a server."""

from enum import StrEnum


class Right(StrEnum):
    PUBLISH = "publish"
    """Start sessions, and have pictures tracked"""
    WATCH = "watch"
    """Subscribe to sessions without their viewing keys"""
    LIST = "list"
    """List sessions, including private ones"""
    OPERATE = "operate"
    """Read the metrics"""
