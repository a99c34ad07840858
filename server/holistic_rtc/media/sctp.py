"""aiortc's SCTP, for messages that are worth nothing when they are late."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Coroutine, Iterable
from typing import Any, cast

from aiortc import RTCSctpTransport
from aiortc.rtcsctptransport import SCTP_RTO_INITIAL, USERDATA_MAX_LENGTH, Chunk, DataChunk, SackChunk
from aiortc.utils import uint32_gte

from holistic_rtc.media.congestion import Congestion
from holistic_rtc.media.pacing import Bucket, PacedTransport

logger = logging.getLogger(__name__)

WINDOW = 64 * USERDATA_MAX_LENGTH
"""Bytes that may be on their way"""
FIRST_TIMEOUT = 0.5
"""Seconds until what may be lost is sent again, before the round trip is known. aiortc waits for 3 s"""
LIFETIME = 1.0
"""Seconds after which a packet of a message that isn't sent again is given up, if it isn't acknowledged"""
VIDEO_RATE, VIDEO_SHARE = 100_000, 0.28
"""Bits per second that are left for video, or this share of the path's rate if that is less"""
HEADERS = 28 + 37 + 28
"""Bytes of IPv4, UDP, DTLS and SCTP around the data of a packet"""
DEPTH = 0.15
"""Seconds of which they may be saved up"""
LOSSY = 0.05
"""Share of the packets lost, from which each is sent twice if there is room for it"""
COPY_DELAY = 0.012
"""Seconds between the two, since losses come in groups"""


class RateControlledSctp(RTCSctpTransport):
    """
    Sends what :class:`.Congestion` allows.

    SCTP's own congestion control takes each loss, and each packet that three others overtake, for congestion: at 20 %
    loss, its window shrinks to one message, and each message that misses a packet waits for a timer of a second. It
    also abandons messages of which a packet was merely overtaken, and the peer then discards this packet.
    """

    def __init__(self, transport: PacedTransport, port: int = 5000) -> None:
        super().__init__(transport, port)
        self._cwnd = WINDOW
        hurry(self)
        self._budget = Bucket(DEPTH)
        self._heard_at = self._forwarded_at = float("-inf")
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await super().stop()

    def may_send(self) -> bool:
        """Whether there is room for another message that may as well be dropped."""
        return self._budget.level(self._rate, time.monotonic()) > 0

    async def _send_chunk(self, chunk: Chunk) -> None:
        await super()._send_chunk(chunk)
        if not isinstance(chunk, DataChunk):
            return
        now, size = time.monotonic(), len(chunk.user_data) + HEADERS
        self._budget.take(size, self._rate, now)
        if chunk._sent_count > 1:
            return
        lossy = self._congestion.loss > LOSSY
        copied = lossy and chunk._max_retransmits == 0 and self._budget.level(self._rate, now) > 0
        self._congestion.data_sent(size, copied=copied)
        if copied:
            self._budget.take(size, self._rate, now)
            self._start(self._send_copy(chunk))

    async def _send_copy(self, chunk: DataChunk) -> None:
        await asyncio.sleep(COPY_DELAY)
        if not chunk._acked:
            await super()._send_chunk(chunk)

    def _start(self, sending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_until_closed(sending), name="sctp")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle_data(self, data: bytes) -> None:
        try:
            await super()._handle_data(data)
        except ConnectionError:
            raise
        except Exception as error:
            self._refuse(f"what aiortc can't read ({type(error).__name__})")
            logger.debug("where it failed", exc_info=True)

    async def _receive_data_chunk(self, chunk: DataChunk) -> None:
        if len(chunk.user_data) > self._advertised_rwnd:
            # aiortc keeps the parts of a message that never ends, however many there are.
            self._refuse("more than the receive window takes, in messages without an end")
            return
        await super()._receive_data_chunk(chunk)

    def _refuse(self, what: str) -> None:
        """Close the channels, without which a peer counts as silent."""
        if self._association_state != self.State.CLOSED:
            logger.info("a peer's data channels are closed, since they sent %s", what)
            self._set_state(self.State.CLOSED)

    async def _receive_sack_chunk(self, chunk: SackChunk) -> None:
        now = time.time()
        chunk.gaps = disjoint(chunk.gaps)
        arrived = {
            (chunk.cumulative_tsn + offset) % 2**32 for first, last in chunk.gaps for offset in range(first, last + 1)
        }
        sizes, sent_last = [], 0.0
        for sent in self._sent_queue:
            if sent._acked or sent._sent_time is None:
                continue
            if uint32_gte(chunk.cumulative_tsn, sent.tsn) or sent.tsn in arrived:
                sizes.append(len(sent.user_data) + HEADERS)
                # Which copy of one that was sent again has arrived isn't known.
                sent_last = max(sent_last, sent._sent_time if sent._sent_count == 1 else 0.0)
            elif sent._max_retransmits == 0:
                # What others have overtaken may still come.
                sent._misses = 0
        if sent_last:
            self._congestion.arrived(sizes, now - sent_last)
        self._heard_at = time.monotonic()
        self._give_up()
        await super()._receive_sack_chunk(chunk)
        self._cwnd = WINDOW
        self._fast_recovery_exit = None

    async def _transmit(self) -> None:
        # aiortc answers each acknowledgement with a FORWARD TSN, which the peer acknowledges in turn.
        if self._forward_tsn_chunk is not None:
            now = time.monotonic()
            if now - self._forwarded_at < (self._congestion.round_trip or 0.1):
                self._forward_tsn_chunk = None
            else:
                self._forwarded_at = now
        await super()._transmit()

    def _give_up(self) -> None:
        """Tell the peer not to wait any longer for what is probably lost."""
        latest = time.time() - LIFETIME
        for sent in list(self._sent_queue):
            # aiortc keeps the rest of an abandoned message there, too, which is never sent.
            if sent._max_retransmits == 0 and not sent._acked and sent._sent_time and sent._sent_time < latest:
                if not sent._abandoned:
                    self._congestion.lost()
                self._maybe_abandon(sent)

    def _t3_expired(self) -> None:
        if time.monotonic() - self._heard_at < self._rto:
            # The oldest packet is missing, but others arrive.
            self._t3_handle = None
            self._resend_reliable()
            self._give_up()
            self._update_advanced_peer_ack_point()
            self._t3_start()
            self._start(self._transmit())
            return
        self._congestion.silent()
        super()._t3_expired()
        self._cwnd = WINDOW

    def _resend_reliable(self) -> None:
        latest = time.time() - self._rto
        for sent in self._sent_queue:
            if sent._max_retransmits != 0 and not sent._acked and sent._sent_time and sent._sent_time < latest:
                sent._retransmit = True
                self._flight_size_decrease(sent)

    @property
    def _congestion(self) -> Congestion:
        return cast(PacedTransport, self.transport).congestion

    @property
    def _rate(self) -> float:
        transport = cast(PacedTransport, self.transport)
        rate = max(self._congestion.rate - transport.audio_rate, Congestion.LOWEST / 2)
        return rate - min(VIDEO_RATE, VIDEO_SHARE * rate) if transport._rtp_router.senders else rate


def hurry(sctp: RTCSctpTransport) -> None:
    """Let a transport that hasn't started yet begin with a short timeout, which grows as long as nothing comes."""

    def expire() -> None:
        sctp._rto = min(2 * sctp._rto, SCTP_RTO_INITIAL)
        RTCSctpTransport._t1_expired(sctp)

    sctp._rto = FIRST_TIMEOUT
    sctp._t1_expired = expire  # type: ignore[method-assign]


def disjoint(blocks: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """
    The blocks of packets that a peer has received, less those that overlap with others or end before they begin. A
    packet has room for 300 blocks of 65,535 each, which would take a second to go through.
    """
    taken: list[tuple[int, int]] = []
    end = 0
    for first, last in sorted(blocks):
        if end < first <= last:
            taken.append((first, last))
            end = last
    return taken


async def _until_closed(sending: Awaitable[None]) -> None:
    with contextlib.suppress(ConnectionError):
        await sending
