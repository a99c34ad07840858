"""When a connection counts as gone."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast

import pytest
from aioice import Candidate, stun
from aioice.ice import CandidatePair, Connection, StunProtocol
from aiortc import RTCIceTransport

from holistic_rtc.media import ice
from holistic_rtc.media.ice import CheckBudget, PatientConnection, repeat_checks
from tests.kit.attacks import Victims

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


class DeafPeer(MutePeer):
    """Doesn't get the first check that is sent to each of its addresses."""

    def __init__(self, *, ice_controlling: bool) -> None:
        super().__init__(ice_controlling=ice_controlling)
        self._lost: set[StunProtocol] = set()

    def request_received(self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        if protocol in self._lost:
            super().request_received(message, addr, protocol)
        self._lost.add(protocol)


class UnheardPeer(MutePeer):
    """Begins the DTLS handshake although its nomination hasn't arrived."""

    def build_request(self, pair: CandidatePair, nominate: bool) -> stun.Message:
        return super().build_request(pair, nominate=False)

    async def connect(self) -> None:
        await super().connect()
        await self.send(b"\x16\xfe\xfd a ClientHello")


@asynccontextmanager
async def connected(
    kind: type[Connection] = PatientConnection, peer: type[MutePeer] = MutePeer
) -> AsyncIterator[tuple[Connection, MutePeer, Callable[[], bool]]]:
    """:return: ours, the peer's, and whether ours is closed."""
    ours, theirs = kind(ice_controlling=False), peer(ice_controlling=True)
    with pytest.MonkeyPatch.context() as patch:
        # With several, one path is open where a check on another is lost.
        patch.setattr("aioice.ice.get_host_addresses", lambda **_: ["127.0.0.1"])
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


class HurriedConnection(Connection):
    """As the client has it."""

    async def connect(self) -> None:
        transport = cast(RTCIceTransport, SimpleNamespace(_connection=self))
        await asyncio.gather(super().connect(), repeat_checks(transport))


@pytest.mark.parametrize(("kind", "soon"), [(Connection, False), (PatientConnection, True), (HurriedConnection, True)])
async def test_a_lost_check_is_repeated_soon(kind: type[Connection], soon: bool) -> None:
    started = time.monotonic()
    async with connected(kind, DeafPeer):
        assert (time.monotonic() - started < stun.RETRY_RTO) == soon


@pytest.mark.usefixtures("budgeted")
async def test_the_path_on_which_a_peer_begins_its_handshake_is_used_without_a_nomination() -> None:
    async with asyncio.timeout(10), connected(PatientConnection, UnheardPeer):
        pass


@pytest.fixture
def budgeted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioice.ice.StunProtocol", ice.BudgetedProtocol)


def test_checks_are_limited_by_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("holistic_rtc.media.ice.time.monotonic", lambda: now)
    budget = CheckBudget()
    assert [budget.spend(1) for _ in range(ice.BURST + 2)].count(True) == ice.BURST
    now += 1
    assert [budget.spend(1) for _ in range(ice.BURST + 2)].count(True) == ice.BURST
    spent = 0
    for _ in range(1000):
        now += 0.001
        spent += budget.spend(1)
    assert spent == pytest.approx(ice.CHECKS_PER_SECOND, abs=1)


def test_checks_that_nobody_answers_end_and_each_sign_of_the_peer_pays_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("holistic_rtc.media.ice.time.monotonic", lambda: now)
    budget = CheckBudget()

    def spend() -> bool:
        nonlocal now
        now += 1
        return budget.spend(100)

    most = ice.MAX_UNANSWERED // 100
    assert [spend() for _ in range(most + 5)].count(True) == most
    budget.earn(100)
    assert (spend(), spend()) == (True, False)
    for _ in range(1000):
        budget.earn(100)
    assert [spend() for _ in range(most + 5)].count(True) == most


@pytest.mark.usefixtures("budgeted")
async def test_checks_to_many_who_never_answer_are_limited_and_a_peer_still_connects() -> None:
    with Victims(40) as victims:
        ours, theirs = PatientConnection(ice_controlling=False), Connection(ice_controlling=True)
        for connection in (ours, theirs):
            await connection.gather_candidates()
        for port in victims.ports:
            await ours.add_remote_candidate(Candidate.from_sdp(f"1 1 udp 2130706431 {victims.address} {port} typ host"))
        for candidate in ours.local_candidates:
            await theirs.add_remote_candidate(candidate)
        await theirs.add_remote_candidate(None)
        theirs._local_username = "u" * 256
        ours.remote_username, ours.remote_password = theirs.local_username, theirs.local_password
        theirs.remote_username, theirs.remote_password = ours.local_username, ours.local_password
        connecting = asyncio.create_task(ours.connect())
        received = await victims.until_quiet(2)
        assert 0 < sum(map(len, received)) <= ice.MAX_UNANSWERED
        # The peer's own checks are worth as much as the server's to it cost.
        async with asyncio.timeout(20):
            await asyncio.gather(connecting, theirs.connect())
        await asyncio.gather(ours.close(), theirs.close())


async def test_a_peer_that_checks_from_ever_more_addresses_has_few_of_them() -> None:
    async with connected() as (ours, theirs, closed):
        [pair] = ours._nominated.values()
        [their_pair] = theirs._nominated.values()
        request = theirs.build_request(their_pair, nominate=False)
        with Victims(40) as victims:
            for port in victims.ports:
                ours.check_incoming(request, (victims.address, port), pair.protocol)
                learned = [candidate for candidate in ours.remote_candidates if candidate.type == "prflx"]
                assert len(learned) <= ice.MAX_LEARNED
                assert learned[-1].port == port
        assert ours._nominated == {1: pair}
        assert not closed()


@pytest.mark.usefixtures("budgeted")
async def test_a_stranger_gets_no_answer() -> None:
    async with connected() as (ours, _, _):
        request = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))
        with Victims(1) as victims:
            [stranger] = victims.sockets
            for candidate in ours.local_candidates:
                if candidate.host == victims.address:
                    stranger.sendto(request, (candidate.host, candidate.port))
            assert await victims.until_quiet(0.5) == []


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
