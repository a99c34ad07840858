"""Every error the project raises on purpose.

::

    HolisticError
    ├── ConfigError          a setting or an argument has a value that can't be used
    ├── ModelError           the model bundle is missing, broken or can't be fetched
    ├── TrackerError         the tracking engine refused a frame or failed
    ├── MediaError           a picture or video can't be read or written
    │   ├── NotAPictureError     the data is of no known picture format
    │   └── TooManyPixelsError   the picture is larger than the limit
    ├── DecodeError          a landmark message is cut, corrupt or of another version
    ├── ControlError         a message on the control channel or the control socket is not understood
    ├── Refusal              a request can't be served; carries a code
    └── ClientError          the client gets no session, or has lost it; knows whether to try again
        ├── ServerUnreachableError   nothing answers at the address, or nothing that is a holistic-rtc server
        ├── RefusedError             the server refused; carries the HTTP status and a code
        │   ├── UnauthorizedError        it asks for a token, and got none or another one
        │   ├── SessionUnknownError      there is no such session, or not any more
        │   └── ServerFullError          all places are taken; may know when to ask again
        ├── ConnectionFailedError    no path for media was found between client and server
        └── ConnectionLostError      the connection broke off, or the server gave it up; may carry the server's reason
"""

from enum import StrEnum


class HolisticError(Exception):
    """Base of all errors of this package. Its text says what went wrong and what to do."""


class ConfigError(HolisticError):
    pass


class ModelError(HolisticError):
    pass


class TrackerError(HolisticError):
    pass


class MediaError(HolisticError):
    pass


class NotAPictureError(MediaError):
    pass


class TooManyPixelsError(MediaError):
    pass


class DecodeError(HolisticError):
    pass


class ControlError(HolisticError):
    """
    :param code: what the peer's program can tell the error by.
    """

    def __init__(self, message: str, *, code: str = "bad_message") -> None:
        super().__init__(message)
        self.code = code


class Code(StrEnum):
    """What a refusal is about, for programs. :mod:`holistic_rtc.http.problem` says what each means over HTTP."""

    BAD_REQUEST = "bad_request"
    BAD_OFFER = "bad_offer"
    UNUSABLE_OFFER = "unusable_offer"
    BAD_CANDIDATES = "bad_candidates"
    ICE_RESTART = "ice_restart"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNKNOWN_SESSION = "unknown_session"
    UNKNOWN_SUBSCRIBER = "unknown_subscriber"
    NOT_ACCEPTABLE = "not_acceptable"
    TOO_SLOW = "too_slow"
    OUTDATED = "outdated"
    TOO_LARGE = "too_large"
    UNSUPPORTED_TYPE = "unsupported_type"
    DAMAGED_PICTURE = "damaged_picture"
    UNKNOWN_PICTURE = "unknown_picture"
    SERVER_FULL = "server_full"
    SESSION_FULL = "session_full"
    SNAPSHOTS_FULL = "snapshots_full"
    NO_FREE_PORT = "no_free_port"
    SHUTTING_DOWN = "shutting_down"
    NOT_READY = "not_ready"
    BUSY = "busy"
    PROCESS_ENDED = "process_ended"
    SNAPSHOT_TIMEOUT = "snapshot_timeout"
    SNAPSHOT_FAILED = "snapshot_failed"
    INTERNAL = "internal"


class Refusal(HolisticError):  # noqa: N818 - nobody here made a mistake
    """
    :param code: for programs.
    :param detail: one sentence for the person at the other end.
    :param retry_after: seconds after which the same request may succeed; None if it never will.
    """

    def __init__(self, code: Code, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class ClientError(HolisticError):
    retryable = False
    """Whether the same attempt may succeed later."""


class ServerUnreachableError(ClientError):
    retryable = True


class RefusedError(ClientError):
    """
    :param status: HTTP status code.
    :param detail: the server's sentence about it.
    :param code: the server's word for it, a :class:`Code` unless the server is newer; None if it gave none.
    :param retry_after: seconds after which the server wants to be asked again, if it said so.
    """

    def __init__(self, status: int, detail: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.retry_after = retry_after
        self.retryable = status == 503


class UnauthorizedError(RefusedError):
    pass


class SessionUnknownError(RefusedError):
    pass


class ServerFullError(RefusedError):
    pass


class ConnectionFailedError(ClientError):
    retryable = True


class ConnectionLostError(ClientError):
    """
    :param reason: the server's word for it, as in docs/protocol.md; None when it said nothing.
    """

    retryable = True

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
