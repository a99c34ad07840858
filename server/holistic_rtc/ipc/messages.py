"""What the front process and its workers say to each other."""

from typing import Any

from msgspec import Struct

from holistic_rtc.errors import Code
from holistic_rtc.model.stats import SessionStats


class Request(Struct, tag=True):
    """Asks a worker for something. It gets one :class:`Reply`, in any order."""

    number: int = 0
    """Given by :meth:`.process.Process.request`."""


class Publish(Request, kw_only=True):
    """
    Start the worker's only session.

    :param session: its id.
    :param offer: SDP.
    :param ice_servers: as W3C's RTCIceServer has them.
    """

    session: str
    offer: str
    ice_servers: list[dict[str, Any]]


class Subscribe(Request, kw_only=True):
    """
    :param subscriber: an id for it.
    :param offer: SDP.
    """

    subscriber: str
    offer: str


class AddCandidates(Request, kw_only=True):
    """
    :param subscriber: whose they are; None for the publisher.
    :param fragment: an ``application/trickle-ice-sdpfrag``.
    """

    subscriber: str | None
    fragment: str


class TakeSnapshot(Request, kw_only=True):
    """
    :param picture: as it came.
    :param parts: which the landmarks are to have.
    :param picture_format: of the returned picture, JPEG, PNG or WEBP; None for no picture.
    :param annotate: whether the landmarks are drawn onto it.
    :param mirror: whether it is flipped left to right; landmarks never are.
    :param max_size: its longer side in pixels at most; None for the size that it came with.
    :param max_pixels: of the picture that came.
    """

    picture: bytes
    parts: list[str]
    picture_format: str | None
    annotate: bool
    mirror: bool
    max_size: int | None
    max_pixels: int


class Cancel(Struct, tag=True):
    """Nobody waits for the reply to this request any more."""

    number: int


class Unsubscribe(Struct, tag=True):
    subscriber: str


class Drain(Struct, tag=True):
    """
    :param seconds: until the server stops.
    """

    seconds: float


class Close(Struct, tag=True):
    """End the session, if there is one, and the process."""

    reason: str
    message: str


class Reply(Struct, tag=True):
    """
    :param number: of the request.
    """

    number: int


class Answer(Reply):
    """
    :param sdp: for a peer.
    """

    sdp: str


class Done(Reply):
    pass


class Snapshot(Reply):
    """
    :param landmarks: a landmark message as JSON, with ``model`` and ``milliseconds`` besides.
    :param picture: encoded, if one was wanted.
    """

    landmarks: bytes
    picture: bytes | None


class Refused(Reply):
    """
    :param reusable: whether the process can still serve another request of the kind.
    """

    code: Code
    detail: str
    reusable: bool = True


class Ready(Struct, tag=True):
    """
    Loaded and warmed up.

    :param frame_cpu_ms: CPU time that a frame takes its tracker.
    """

    frame_cpu_ms: float | None = None


class Beat(Struct, tag=True):
    """
    Once a second.

    :param stats: of the session, if there is one.
    """

    stats: SessionStats | None = None


class Unsubscribed(Struct, tag=True):
    """A subscriber has ended by itself."""

    subscriber: str


class Ended(Struct, tag=True):
    """Why the session has ended."""

    reason: str
    message: str


ToWorker = Publish | Subscribe | AddCandidates | TakeSnapshot | Cancel | Unsubscribe | Drain | Close
Event = Beat | Unsubscribed | Ended
ToFront = Answer | Done | Snapshot | Refused | Ready | Event
