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
    └── SignallingError      a WHIP request can't be served; carries the HTTP status
"""


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


class SignallingError(HolisticError):
    """
    :param status: HTTP status code.
    :param detail: one sentence for the person at the other end.
    :param retry_after: seconds after which to try again (503 only).
    """

    def __init__(self, status: int, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after = retry_after
