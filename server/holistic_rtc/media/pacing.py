"""Spreads what is sent to a peer over time, video after everything else."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from aiortc import RTCCertificate, RTCIceTransport
from aiortc.rtp import is_rtcp

from holistic_rtc.media.congestion import Congestion, Meter
from holistic_rtc.media.dtls import InsistentTransport
from holistic_rtc.media.extensions import MidRouter, OrientedMap

logger = logging.getLogger(__name__)

OVERHEAD = 28
"""Bytes of IPv4 and UDP that are sent with each packet, in addition to what SRTP or DTLS add"""
RTP_OVERHEAD = OVERHEAD + 32
"""With the headers of RTP, and what SRTP adds"""

_unpaced: ContextVar[bool] = ContextVar("unpaced", default=False)


@contextmanager
def unpaced() -> Iterator[None]:
    """What this task sends in the block doesn't wait for its turn, but what is sent after it does."""
    token = _unpaced.set(True)
    try:
        yield
    finally:
        _unpaced.reset(token)


class Bucket:
    """
    A token bucket that may be overdrawn.

    :param depth: seconds of its rate that it holds.
    """

    def __init__(self, depth: float) -> None:
        self._depth = depth
        self._tokens: float | None = None
        self._filled_at = 0.0

    def take(self, size: int, rate: float, now: float) -> None:
        """
        :param size: in bytes.
        :param rate: in bits per second.
        """
        self._tokens = self.level(rate, now) - size * 8
        self._filled_at = now

    def level(self, rate: float, now: float) -> float:
        """In bits; negative if more was taken than there was."""
        full = self._depth * rate
        if self._tokens is None:
            return full
        return min(full, self._tokens + (now - self._filled_at) * rate)


class Pacer:
    """
    Tells when the next packet of video may be sent.

    The rate is above the path's, which the encoders keep to; it makes a queue of a key frame here, where newer
    landmarks overtake it, instead of on the way.
    """

    FACTOR, LIMITED_FACTOR = 2.5, 1.2
    """Ratio to the path's rate: a frame isn't delayed noticeably, or there is little room for more"""
    DEPTH = 0.008
    """Seconds that may be sent at once: with the greatest rate, an ordinary frame"""

    def __init__(self, congestion: Congestion) -> None:
        self._congestion = congestion
        self._bucket = Bucket(self.DEPTH)

    def sent(self, size: int) -> None:
        self._bucket.take(size, self._rate, time.monotonic())

    async def turn(self) -> None:
        # What else is sent meanwhile goes first.
        while (missing := -self._bucket.level(self._rate, time.monotonic())) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(missing / self._rate, 0.25))

    @property
    def _rate(self) -> float:
        factor = self.LIMITED_FACTOR if self._congestion.limited else self.FACTOR
        return factor * self._congestion.rate


class PacedTransport(InsistentTransport):
    """
    Sends data and feedback at once, and media when it is their turn. Ignores packets that aiortc can't handle, instead
    of ending the connection.
    """

    def __init__(self, transport: RTCIceTransport, certificates: list[RTCCertificate]) -> None:
        super().__init__(transport, certificates)
        self.congestion = Congestion()
        self._pacer = Pacer(self.congestion)
        self._rtp_header_extensions_map = OrientedMap()
        self._rtp_router = MidRouter()
        self._audio = Meter(Congestion.WINDOW)

    @property
    def audio_rate(self) -> float:
        """What audio takes, in bits per second."""
        return self._audio.rate(time.monotonic(), Congestion.WINDOW)

    def audio_sent(self, size: int) -> None:
        """
        :param size: of a packet's payload, in bytes.
        """
        self._audio.add(size + RTP_OVERHEAD, time.monotonic())

    async def _send_data(self, data: bytes) -> None:
        self._count(data)
        await super()._send_data(data)

    async def _send_rtp(self, data: bytes) -> None:
        if not is_rtcp(data):
            if not _unpaced.get():
                await self._pacer.turn()
            self._count(data)
        await super()._send_rtp(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        await _tolerate(super()._handle_rtcp_data(data))

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        await _tolerate(super()._handle_rtp_data(data, arrival_time_ms))

    def _count(self, data: bytes) -> None:
        self.congestion.sent(len(data) + OVERHEAD)
        self._pacer.sent(len(data) + OVERHEAD)


async def _tolerate(handling: Awaitable[None]) -> None:
    try:
        await handling
    except ConnectionError:
        raise
    except Exception as error:
        logger.info("ignoring a packet that aiortc can't handle (%s)", type(error).__name__)
        logger.debug("where it failed", exc_info=True)
