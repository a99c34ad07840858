"""The exceptions of this package.

::

    HolisticError
    ├── ConfigError          a setting or an argument has an invalid value
    ├── ModelError           the model bundle is missing, broken or can't be downloaded
    ├── TrackerError         the tracking engine rejected a frame or failed
    ├── MediaError           a picture or video can't be read or written
    │   ├── NotAPictureError     the data has no known picture format
    │   ├── TooManyPixelsError   the picture is larger than the limit
    │   └── UncuttableError      the video can only be read from its beginning
    ├── DecodeError          a landmark message is truncated, corrupt or has another version
    ├── ControlError         a message on the control channel is invalid
    ├── Refusal              the server can't serve a request; has a code
    └── ClientError          the client couldn't connect or was disconnected; knows whether to retry
        ├── ServerUnreachableError   the server doesn't respond, or isn't a holistic-rtc server
        ├── RefusedError             the server refused a request; has the HTTP status and a code
        │   ├── UnauthorizedError        the token is missing or wrong, or doesn't allow it
        │   ├── SessionUnknownError      the session doesn't exist, or has ended
        │   │   └── NotLiveError             nobody is publishing under the name at the moment
        │   ├── JobUnknownError          the job doesn't exist, or has expired
        │   └── ServerFullError          the server is full; may know when to retry
        ├── JobFailedError           the server couldn't track a file; has a code
        ├── ConnectionFailedError    no network path for media was found
        └── ConnectionLostError      the connection was lost, or the server ended it; may have the server's reason
"""

from enum import StrEnum


class HolisticError(Exception):
    """The base of all errors of this package. Messages say what went wrong and what to do."""


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


class UncuttableError(MediaError):
    pass


class DecodeError(HolisticError):
    pass


class ControlError(HolisticError):
    """
    :param code: identifies the error for the peer's program.
    """

    def __init__(self, message: str, *, code: str = "bad_message") -> None:
        super().__init__(message)
        self.code = code


class Code(StrEnum):
    """The reasons for refusals, for programs. See :mod:`holistic_rtc.http.problem` for their statuses and meanings."""

    BAD_REQUEST = "bad_request"
    BAD_OFFER = "bad_offer"
    UNUSABLE_OFFER = "unusable_offer"
    BAD_CANDIDATES = "bad_candidates"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    PRIVATE_SESSION = "private_session"
    FOREIGN_ORIGIN = "foreign_origin"
    UNKNOWN_HOST = "unknown_host"
    KEYS_UNAVAILABLE = "keys_unavailable"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNKNOWN_SESSION = "unknown_session"
    NOT_LIVE = "not_live"
    UNKNOWN_SUBSCRIBER = "unknown_subscriber"
    NOT_ACCEPTABLE = "not_acceptable"
    NAME_TAKEN = "name_taken"
    TOO_SLOW = "too_slow"
    OUTDATED = "outdated"
    TOO_LARGE = "too_large"
    UNSUPPORTED_TYPE = "unsupported_type"
    DAMAGED_PICTURE = "damaged_picture"
    UNKNOWN_PICTURE = "unknown_picture"
    BAD_FILE = "bad_file"
    TOO_MANY_REQUESTS = "too_many_requests"
    ADDRESS_FULL = "address_full"
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
    UNKNOWN_JOB = "unknown_job"
    JOB_UNFINISHED = "job_unfinished"
    JOBS_FULL = "jobs_full"
    JOBS_OFF = "jobs_off"
    JOB_TIMEOUT = "job_timeout"
    JOB_FAILED = "job_failed"
    INTERNAL = "internal"


class Refusal(HolisticError):  # noqa: N818 - nobody here made a mistake
    """
    :param code: the reason, for programs.
    :param detail: one sentence for the user of the client. If it quotes bytes that aren't UTF-8, they are escaped.
    :param retry_after: seconds after which the same request may succeed; None if it won't.
    """

    def __init__(self, code: Code, detail: str, *, retry_after: int | None = None) -> None:
        self.code = code
        self.detail = detail.encode("utf-8", "backslashreplace").decode()
        super().__init__(self.detail)
        self.retry_after = retry_after


class ClientError(HolisticError):
    retryable = False
    """Whether a retry may succeed."""


class ServerUnreachableError(ClientError):
    retryable = True


class RefusedError(ClientError):
    """
    :param status: HTTP status code.
    :param detail: the server's message.
    :param code: the server's code, a :class:`Code` unless the server is newer; None if it sent none.
    :param retry_after: seconds to wait before a retry, if the server said so.
    """

    def __init__(self, status: int, detail: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.retry_after = retry_after
        # A proxy without its server answers 502 or 504, and gives no code.
        self.retryable = status in (429, 503) or (code is None and status in (502, 504))


class UnauthorizedError(RefusedError):
    pass


class SessionUnknownError(RefusedError):
    pass


class NotLiveError(SessionUnknownError):
    def __init__(self, status: int, detail: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(status, detail, code=code, retry_after=retry_after)
        self.retryable = True


class JobUnknownError(RefusedError):
    pass


class ServerFullError(RefusedError):
    pass


class JobFailedError(ClientError):
    """
    :param code: the server's code, a :class:`Code` unless the server is newer. ``bad_file`` is about the file.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class ConnectionFailedError(ClientError):
    retryable = True


class ConnectionLostError(ClientError):
    """
    :param reason: the server's reason, see docs/protocol.md; None if it sent none.
    """

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retryable = reason not in ("taken_over", "time_limit", "video_too_large")
