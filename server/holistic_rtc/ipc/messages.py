"""The messages between the front process, its workers, and the fork server that starts them."""

from typing import Any

from msgspec import Struct

from holistic_rtc.errors import Code
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.figures import Load, SessionFigures
from holistic_rtc.model.parts import Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.stats import SessionStats
from holistic_rtc.model.step import Step


class Request(Struct, tag=True):
    """
    A request to a worker, on behalf of a peer. Each gets one :class:`Reply`, in any order.

    :param number: assigned by :meth:`.process.Process.request`.
    :param address: of the peer, for the log.
    :param trace_id: of its trace, for the log.
    """

    number: int = 0
    address: str = ""
    trace_id: str | None = None


class Publish(Request, kw_only=True):
    """
    Start the worker's only session.

    :param session: the session's id.
    :param offer: SDP.
    :param ice_servers: as in W3C's RTCIceServer.
    """

    session: str
    offer: str
    ice_servers: list[dict[str, Any]]


class Subscribe(Request, kw_only=True):
    """
    :param subscriber: the new subscriber's id.
    :param offer: SDP.
    """

    subscriber: str
    offer: str


class AddCandidates(Request, kw_only=True):
    """
    The reply is an :class:`Answer` if the fragment restarts ICE, else :class:`Done`.

    :param subscriber: id of the peer that sent the candidates; None for the publisher.
    :param fragment: an ``application/trickle-ice-sdpfrag``.
    """

    subscriber: str | None
    fragment: str


class TakeSnapshot(Request, kw_only=True):
    """
    :param picture: the uploaded picture. The other fields are those of ``SnapshotOptions`` in
        ``workers/snapshot/take.py``.
    """

    picture: bytes
    parts: frozenset[str]
    max_persons: int
    picture_format: str | None
    annotate: bool
    mirror: bool
    max_size: int | None
    max_pixels: int


class TrackFile(Request, kw_only=True):
    """
    The reply is :class:`Tracked`; until then, the worker sends :class:`Advanced`. Paths are as in the file system.

    :param source: the file.
    :param name: what to call it in messages.
    :param annotated: path of the annotated file, without its suffix; None for none.
    :param landmarks: path of the JSON lines; None for none.
    :param quality: of a video.
    :param max_pixels: maximum width times height, of a file that comes from a stranger; None for any file.
    :param parts: what to find; None for the default ones.
    """

    source: bytes
    name: str
    annotated: bytes | None
    landmarks: bytes | None
    quality: Quality
    max_persons: int
    max_pixels: int | None = None
    parts: frozenset[Part] | None = None


class Cancel(Struct, tag=True):
    """Cancels a request whose reply isn't needed any more."""

    number: int


class Unsubscribe(Struct, tag=True):
    subscriber: str


class Drain(Struct, tag=True):
    """
    Announces that the server is going to stop.

    :param seconds: time until then.
    """

    seconds: float


class Close(Struct, tag=True):
    """End the session, if there is one, and the process."""

    reason: EndReason
    message: str


class Reply(Struct, tag=True):
    """
    :param number: that of the request.
    """

    number: int


class Answer(Reply):
    """
    :param sdp: the answer to a peer's offer, or to its fragment.
    """

    sdp: str


class Done(Reply):
    pass


class Snapshot(Reply):
    """
    :param landmarks: a landmark message as JSON, with the additional fields ``others``, ``model`` and ``milliseconds``.
    :param picture: the encoded picture, if one was requested.
    """

    landmarks: bytes
    picture: bytes | None


class Tracked(Reply):
    """
    :param outputs: paths of the files that were written.
    :param frames: how many were tracked.
    :param damaged: whether some of the video or its audio couldn't be decoded.
    """

    outputs: list[bytes]
    frames: int
    damaged: bool


class Refused(Reply):
    """
    :param reusable: whether the process can still serve another request of this kind.
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
    Sent once a second.

    :param stats: the session's statistics, for peers, if there is a session.
    :param load: what the process uses.
    :param figures: the session's figures, for the server's metrics, if there is a session.
    """

    stats: SessionStats | None = None
    load: Load | None = None
    figures: SessionFigures | None = None


class Progress(Struct, tag=True):
    """
    A peer has taken a step.

    :param subscriber: id of the peer; None for the publisher.
    :param ended: when, in nanoseconds since 1970.
    """

    subscriber: str | None
    step: Step
    ended: int


class Advanced(Struct, tag=True):
    """
    How far a :class:`TrackFile` is.

    :param number: that of the request.
    :param done: frames.
    :param total: frames, an estimate for some formats; 0 if unknown.
    """

    number: int
    done: int
    total: int


class Unsubscribed(Struct, tag=True):
    """A subscriber has gone, and why."""

    subscriber: str
    reason: EndReason
    message: str


class Ended(Struct, tag=True):
    """Why the session has ended."""

    reason: EndReason
    message: str


class Fork(Struct, tag=True):
    """
    Start a worker. Comes with two file descriptors: the worker's socket, and what becomes its standard error.

    :param kind: of the worker.
    """

    kind: str


class Loaded(Struct, tag=True):
    """The fork server is ready to fork."""


class Forked(Struct, tag=True):
    """The worker that was asked for."""

    pid: int


class ForkFailed(Struct, tag=True):
    """There is no worker, and why."""

    reason: str


class Exited(Struct, tag=True):
    """
    A worker has ended.

    :param status: its exit status; negative if a signal ended it.
    """

    pid: int
    status: int


ToWorker = Publish | Subscribe | AddCandidates | TakeSnapshot | TrackFile | Cancel | Unsubscribe | Drain | Close
Event = Beat | Progress | Advanced | Unsubscribed | Ended
ToFront = Answer | Done | Snapshot | Tracked | Refused | Ready | Event
ForkServerToFront = Loaded | Forked | ForkFailed | Exited
