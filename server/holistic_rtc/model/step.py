"""What a peer goes through from its request to its first landmark message."""

from enum import StrEnum


class Step(StrEnum):
    """In this order, though not every peer takes each. The spans of a trace have these names."""

    READ_BODY = "read body"
    WAIT = "wait for worker"
    NEGOTIATE = "negotiate"
    CONNECT = "connect"
    """By ICE and DTLS"""
    DECODE = "decode first frame"
    TRACK = "track first frame"
    SEND = "send first landmarks"
    TRACK_PICTURE = "track picture"

    @property
    def next(self) -> "Step":
        steps = list(Step)
        return steps[steps.index(self) + 1]
