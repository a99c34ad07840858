"""aiortc's ICE, adapted to third-party peers."""

import asyncio
import contextlib
import random
import time

from aioice import stun
from aioice.ice import Connection, StunProtocol
from aiortc import RTCIceTransport

CONSENT_INTERVAL = 5.0
CONSENT_SECONDS = 30.0
"""Seconds between two consent checks, and without a sign of life until the connection is closed (RFC 7675)"""


class PatientConnection(Connection):
    """
    Accepts a peer's own connectivity checks, not only its answers to ours, as a sign of life.

    FFmpeg's WHIP muxer answers only the first check, and sends its own every 5 s. aioice would close its connection
    after 30 s, in the middle of a stream.
    """

    _heard_at = 0.0

    def check_incoming(self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        self._heard_at = time.monotonic()
        super().check_incoming(message, addr, protocol)

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
