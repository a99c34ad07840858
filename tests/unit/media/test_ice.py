"""When a connection counts as gone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aioice import stun
from aioice.ice import Connection, StunProtocol

from holistic_rtc.media import ice
from holistic_rtc.media.ice import PatientConnection

CONSENT_SECONDS = 0.6


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice, "CONSENT_INTERVAL", 0.05)
    monkeypatch.setattr(ice, "CONSENT_SECONDS", CONSENT_SECONDS)


class MutePeer(Connection):
    """Answers until it is connected, and no more, like FFmpeg's WHIP muxer."""

    mute = False

    def request_received(self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        if not self.mute:
            super().request_received(message, addr, protocol)

    async def ask(self) -> None:
        """A check of its own, as its own consent is."""
        [pair] = self._nominated.values()
        assert self.remote_password is not None
        await pair.protocol.request(
            self.build_request(pair, nominate=False),
            pair.remote_addr,
            integrity_key=self.remote_password.encode(),
            retransmissions=0,
        )


@asynccontextmanager
async def connected(
    kind: type[Connection] = PatientConnection,
) -> AsyncIterator[tuple[Connection, MutePeer, Callable[[], bool]]]:
    """:return: ours, the peer's, and whether ours is closed."""
    ours, theirs = kind(ice_controlling=False), MutePeer(ice_controlling=True)
    for connection in (ours, theirs):
        await connection.gather_candidates()
    for one, other in ((ours, theirs), (theirs, ours)):
        for candidate in other.local_candidates:
            await one.add_remote_candidate(candidate)
        await one.add_remote_candidate(None)
        one.remote_username, one.remote_password = other.local_username, other.local_password
    await asyncio.gather(ours.connect(), theirs.connect())
    closed = asyncio.create_task(ours.recv())
    try:
        yield ours, theirs, closed.done
    finally:
        await asyncio.gather(ours.close(), theirs.close())
        await asyncio.gather(closed, return_exceptions=True)


async def test_a_peer_that_answers_nothing_but_asks_is_there() -> None:
    async with connected() as (_, theirs, closed):
        theirs.mute = True
        for _ in range(20):
            await theirs.ask()
            await asyncio.sleep(CONSENT_SECONDS / 10)
        assert not closed()


async def test_aioice_alone_would_disconnect_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails, aioice does what PatientConnection is for."""
    monkeypatch.setattr("aioice.ice.CONSENT_INTERVAL", 0.02)
    async with connected(Connection) as (_, theirs, closed):
        theirs.mute = True
        async with asyncio.timeout(10):
            while not closed():
                with contextlib.suppress(stun.TransactionError):
                    await theirs.ask()


async def test_a_peer_that_only_answers_is_there() -> None:
    async with connected() as (_, _, closed):
        await asyncio.sleep(2 * CONSENT_SECONDS)
        assert not closed()


async def test_a_silent_peer_is_gone() -> None:
    async with connected() as (_, theirs, closed):
        theirs.mute = True
        async with asyncio.timeout(10):
            while not closed():  # noqa: ASYNC110 - it sends no event
                await asyncio.sleep(0.05)
