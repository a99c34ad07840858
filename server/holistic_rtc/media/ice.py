"""aiortc's ICE, adapted to third-party peers, and to peers that name addresses of others as theirs."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Iterable
from typing import Any, cast

from aioice import stun
from aioice.ice import CandidatePair, Connection, StunProtocol
from aioice.utils import random_string
from aiortc import RTCIceTransport

logger = logging.getLogger(__name__)

CONSENT_INTERVAL = 5.0
CONSENT_SECONDS = 30.0
"""Seconds between two consent checks, and without a sign of life until the connection is closed (RFC 7675)"""
CHECKS_PER_SECOND = 50
BURST = 10
"""Maximum number of connectivity checks per peer, repetitions included, and how many of them at once"""
MAX_UNANSWERED = 6_000
"""Bytes of checks that a peer may cost before it shows that it is there: about 65 with a short username fragment"""
REPEAT_AFTER = (0.05, 0.1, 0.2)
"""Seconds until a check is repeated to an address that the peer's own checks come from, and then again. aioice repeats
checks after 0.5, 1, 2... s, whether anybody is there or not"""
MAX_LEARNED = 8
"""Maximum number of addresses learned from a peer's checks. A NAT may give a peer a new one at any time"""


class CheckBudget:
    """
    Limits the checks that are sent for a peer, since anybody can have them sent to anybody.

    Each request of the peer, and each of its responses, makes up for a check of the same size.
    """

    def __init__(self) -> None:
        self._unanswered = 0
        self._due = 0.0

    def spend(self, size: int) -> bool:
        """
        :param size: of a check, in bytes.
        :return: whether it may be sent.
        """
        now = time.monotonic()
        due = max(self._due, now - BURST / CHECKS_PER_SECOND) + 1 / CHECKS_PER_SECOND
        if due > now or self._unanswered + size > MAX_UNANSWERED:
            return False
        self._due = due
        self._unanswered += size
        return True

    def earn(self, size: int) -> None:
        self._unanswered = max(0, self._unanswered - size)


class BudgetedProtocol(StunProtocol):
    """
    Leaves out checks that exceed the connection's budget, as if they got lost: aioice repeats them. Ignores what can't
    be read, since anybody can send anything here.
    """

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if not data:  # aiortc ends the connection.
            return
        try:
            super().datagram_received(data, addr)
            if isinstance(self.receiver, PatientConnection):
                self.receiver.take_as_nominated(self, (addr[0], addr[1]), cast(bytes, data))
        except Exception as error:
            logger.info("ignoring a datagram that aioice can't read (%s)", type(error).__name__)
            logger.debug("where it failed", exc_info=True)

    def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:
        if not isinstance(self.receiver, PatientConnection) or self.receiver.may_send(message):
            super().send_stun(message, addr)

    async def request(
        self,
        request: stun.Message,
        addr: tuple[str, int],
        integrity_key: bytes | None = None,
        retransmissions: int | None = None,
    ) -> tuple[stun.Message, tuple[str, int]]:
        response = await super().request(request, addr, integrity_key, retransmissions)
        if isinstance(self.receiver, PatientConnection):
            self.receiver.budget.earn(len(bytes(request)))
        return response


class PatientConnection(Connection):
    """
    Accepts a peer's own connectivity checks and its media, not only its answers to our checks, as a sign of life.

    FFmpeg's WHIP muxer answers only the first check, and sends its own every 5 s. aioice would close its connection
    after 30 s, in the middle of a stream.

    Its own checks are limited by a :class:`CheckBudget`, and strangers get no answer at all.

    A check of the peer's shows that the path is open, so if the server's own to the same address hasn't been answered
    by then, it is repeated soon (RFC 8445, section 7.3.1.4).
    """

    _heard_at = 0.0

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.budget = CheckBudget()
        self._repeating: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def close(self) -> None:
        for task in self._repeating.values():
            task.cancel()
        await super().close()

    def restart(self, username: str, password: str) -> None:
        """
        Begin a new ICE session on the same sockets (RFC 8445, section 9). Until the peer has nominated a new path,
        everything goes on over the old one.

        :param username: the peer's new username fragment.
        :param password: its new password.
        """
        for pair in self._check_list:
            if pair.task is not None:
                pair.task.cancel()
        self._check_list.clear()
        self._remote_candidates.clear()
        self.remote_username, self.remote_password = username, password
        self._local_username, self._local_password = random_string(4), random_string(22)
        self.note_life()

    def check_all(self) -> None:
        """Check the candidates that have been added since a restart."""
        for pair in self._check_list:
            if pair.state in (CandidatePair.State.FROZEN, CandidatePair.State.WAITING):
                self.check_start_task(pair)

    def note_life(self) -> None:
        """To be called for a packet that is certain to come from the peer."""
        self._heard_at = time.monotonic()

    def may_send(self, message: stun.Message) -> bool:
        """Only requests with a username are checks; others are for the server's own STUN server."""
        check = message.message_class == stun.Class.REQUEST and "USERNAME" in message.attributes
        return not check or self.budget.spend(len(bytes(message)))

    def respond_error(
        self, request: stun.Message, addr: tuple[str, int], protocol: StunProtocol, error_code: tuple[int, str]
    ) -> None:
        # Without authentication, the response would be larger than the request, and go to any address.
        if error_code[0] not in (400, 401):
            super().respond_error(request, addr, protocol, error_code)

    def check_incoming(self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        self.note_life()
        self.budget.earn(len(bytes(message)))
        self._forget_learned(addr)
        super().check_incoming(message, addr, protocol)
        if addr not in self._repeating and len(self._repeating) < MAX_LEARNED:
            task = self._repeating[addr] = asyncio.create_task(_repeat_requests([protocol], addr), name="repeat-check")
            task.add_done_callback(lambda _: self._repeating.pop(addr))

    def take_as_nominated(self, protocol: StunProtocol, addr: tuple[str, int], data: bytes) -> None:
        """
        Use the path on which a peer begins the DTLS handshake, even if its nomination got lost. No-op for other data,
        and if a path is in use.
        """
        if self._check_list_done or self.ice_controlling or not 20 <= data[0] < 64:
            return
        for pair in self._check_list:
            if pair.protocol is protocol and pair.remote_addr == addr:
                pair.remote_nominated = True
                if pair.state == CandidatePair.State.SUCCEEDED:
                    pair.nominated = True
                    self.check_complete(pair)
                return

    def _forget_learned(self, newest: tuple[str, int]) -> None:
        """Forget the oldest of the learned addresses if there are too many, but never one in use."""
        used = [pair.remote_candidate for pair in self._nominated.values()]
        learned = [
            candidate
            for candidate in self._remote_candidates
            if candidate.type == "prflx" and candidate not in used and (candidate.host, candidate.port) != newest
        ]
        for candidate in learned[: 1 - MAX_LEARNED]:
            self._remote_candidates.remove(candidate)
            for pair in [pair for pair in self._check_list if pair.remote_candidate is candidate]:
                self._check_list.remove(pair)
                if pair.task is not None:
                    pair.task.cancel()

    async def query_consent(self) -> None:
        assert self.remote_password is not None
        self._heard_at = time.monotonic()
        while True:
            await asyncio.sleep(CONSENT_INTERVAL * random.uniform(0.8, 1.2))
            for pair in self._nominated.values():
                with contextlib.suppress(stun.TransactionError):
                    await pair.protocol.request(
                        self.build_request(pair, nominate=False),
                        pair.remote_addr,
                        integrity_key=self.remote_password.encode(),
                        retransmissions=0,
                    )
                    self._heard_at = time.monotonic()
            if time.monotonic() - self._heard_at > CONSENT_SECONDS:
                # Otherwise close() would wait for this very task.
                self._query_consent_task = None
                await self.close()
                return


async def repeat_checks(transport: RTCIceTransport) -> None:
    """Repeat the first checks of a transport that has just started, since they may get lost."""
    await _repeat_requests(transport._connection._protocols)


async def _repeat_requests(protocols: Iterable[StunProtocol], addr: tuple[str, int] | None = None) -> None:
    """
    Send the requests that are still unanswered again, and then again.

    :param addr: only those to this address.
    """
    for pause in REPEAT_AFTER:
        await asyncio.sleep(pause)
        for protocol in protocols:
            for transaction in list(protocol.transactions.values()):
                to = transaction._Transaction__addr  # type: ignore[attr-defined]
                if addr in (None, to):
                    protocol.send_stun(transaction._Transaction__request, to)  # type: ignore[attr-defined]


async def check_path(transport: RTCIceTransport) -> None:
    """
    Check the path in use, and nominate it again. A peer that gets this from another address sends there from now on.

    aioice's checks of consent don't nominate, so the peer would go on sending to the old address.
    """
    connection = transport._connection
    assert connection.remote_password is not None
    for pair in connection._nominated.values():
        with contextlib.suppress(stun.TransactionError):
            await pair.protocol.request(
                connection.build_request(pair, nominate=True),
                pair.remote_addr,
                integrity_key=connection.remote_password.encode(),
                retransmissions=0,
            )
