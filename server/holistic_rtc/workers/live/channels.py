"""The server's side of a session's two data channels."""

import logging
import time
from collections.abc import Callable, Collection, Sequence

from aiortc import RTCDataChannel

from holistic_rtc.errors import ControlError
from holistic_rtc.media.sctp import RateControlledSctp
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.parts import Part
from holistic_rtc.wire.control import (
    Configure,
    ErrorMessage,
    FromClient,
    FromServer,
    Ping,
    Pong,
    decode_from_client,
    encode,
)
from holistic_rtc.wire.encoded import DEFAULT_PROTOCOL, PROTOCOLS, Encoded

logger = logging.getLogger(__name__)

LANDMARKS = "landmarks"
CONTROL = "control"


class _Channel:
    """
    :param on_failure: called with the reason why the peer can't be served any more, such as aiortc's error if a message
        can't be sent.
    """

    def __init__(self, channel: RTCDataChannel, on_failure: Callable[[Exception], object]) -> None:
        self._channel = channel
        self._on_failure = on_failure

    def _put(self, data: bytes | str) -> bool:
        """
        :return: whether it was sent.
        """
        try:
            self._channel.send(data)
        except Exception as error:  # aiortc raises ValueError for a message that is too large, among others.
            self._on_failure(error)
            return False
        return True


class LandmarkChannel(_Channel):
    """
    Sends the landmark messages of a frame immediately, or drops them.

    :raises ControlError: the channel's `protocol` isn't a supported encoding.
    """

    MAX_BUFFERED = 16_384
    """Number of unsent bytes above which frames are dropped: about 100 ms of full messages of one person."""

    def __init__(self, channel: RTCDataChannel, on_failure: Callable[[Exception], object]) -> None:
        super().__init__(channel, on_failure)
        self._protocol = channel.protocol or DEFAULT_PROTOCOL
        if self._protocol not in PROTOCOLS:
            raise ControlError(
                f"unknown protocol {self._protocol[:40]!r} of channel {LANDMARKS!r}; use {' or '.join(PROTOCOLS)}"
            )

    def send(self, persons: Sequence[Encoded], parts: frozenset[Part]) -> int:
        """
        :return: how many were sent; 0 if the channel is congested or not open.
        """
        # Asked once per frame: otherwise, when there are many people, the last ones would never be sent.
        if self._channel.readyState != "open" or self._channel.bufferedAmount > self.MAX_BUFFERED:
            return 0
        transport = self._channel.transport
        if isinstance(transport, RateControlledSctp) and not transport.may_send():
            return 0
        return sum(self._put(message.get(self._protocol, parts)) for message in persons)


class ControlChannel(_Channel):
    """
    The reliable JSON channel. Answers pings and invalid messages itself, as long as they aren't too many.

    :param answer: handles any other message of the client; returns what to reply, or None.
    :param configurable: the fields that a `configure` may have; None for any.
    """

    MAX_RECEIVED = 100
    """Number of messages a second above which the peer is considered hostile. Clients send 2 to 4."""
    MAX_BUFFERED = 262_144
    """Number of unsent bytes above which the peer is considered hostile."""

    def __init__(
        self,
        channel: RTCDataChannel,
        on_failure: Callable[[Exception], object],
        answer: Callable[[FromClient], FromServer | None],
        configurable: Collection[str] | None,
    ) -> None:
        super().__init__(channel, on_failure)
        self.last_message = time.monotonic()
        self._received = 0
        """Since the last ping."""
        self._answer = answer
        self._configurable = configurable
        self._pings = 0
        channel.on("message", self._on_message)
        self._reply_to(Configure())

    def send(self, message: FromServer) -> None:
        if self._channel.readyState != "open":
            return
        if self._channel.bufferedAmount > self.MAX_BUFFERED:
            self._channel.close()
            self._on_failure(ControlError("the control channel isn't read", code=EndReason.SEND_FAILED))
            return
        self._put(encode(message))

    def ping(self) -> None:
        """Called once a second."""
        self._received = 0
        self._pings += 1
        self.send(Ping(self._pings))

    def _on_message(self, data: str | bytes) -> None:
        self.last_message = time.monotonic()
        self._received += 1
        if self._received > self.MAX_RECEIVED:
            if self._received == self.MAX_RECEIVED + 1:
                words = f"more than {self.MAX_RECEIVED} control messages a second"
                self._on_failure(ControlError(words, code=EndReason.TOO_MANY_MESSAGES))
            return
        try:
            match decode_from_client(data, self._configurable):
                case Ping(id=number):
                    self.send(Pong(number))
                case Pong():
                    pass
                case message:
                    self._reply_to(message)
        except ControlError as error:
            self.send(ErrorMessage(error.code, str(error)))

    def _reply_to(self, message: FromClient) -> None:
        if reply := self._answer(message):
            self.send(reply)
