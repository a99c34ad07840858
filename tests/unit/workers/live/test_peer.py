"""A peer of the server, before it is connected."""

import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from holistic_rtc.log.writer import peer as address
from holistic_rtc.log.writer import trace_id
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.parts import ALL_PARTS
from holistic_rtc.model.stats import SessionStats
from holistic_rtc.sdp.offer import Offer
from holistic_rtc.workers.live.peer import Peer, PeerLimits
from holistic_rtc.workers.live.subscriber import Subscriber
from tests.kit.offers import make_offer


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    tokens = address.set("192.0.2.7"), trace_id.set("4bf9")
    peer = Subscriber("a subscriber", [], PeerLimits(ALL_PARTS, 3), [])
    address.reset(tokens[0])
    trace_id.reset(tokens[1])
    await peer.answer(Offer.parse(await make_offer(channel=True)))
    yield peer
    await peer.close()


async def test_a_peer_that_does_not_connect_in_time_is_ended(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Peer.CONNECT_DEADLINE == 10
    stats: SessionStats = {"session": "", "model": {"origin": None, "pose_model": None}, "tracks": []}
    peer.tick(stats)
    assert not peer.ended.done()
    monkeypatch.setattr(Peer, "CONNECT_DEADLINE", 0)
    peer.tick(stats)
    assert (await peer.ended).reason == "ice_failed"


async def test_what_the_log_says_of_a_peer_has_its_address_and_trace_wherever_it_is_noticed(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert address.get() is None
    peer.end(EndReason.ICE_FAILED, "no connection")
    [record] = [record for record in caplog.records if "no connection" in record.message]
    assert vars(record).items() >= {("peer", "192.0.2.7"), ("trace_id", "4bf9")}


async def test_a_candidate_that_comes_twice_counts_once(peer: Peer) -> None:
    one = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"
    for _ in range(50):
        await peer.add_candidates(one)
    assert peer._reached >= {("192.0.2.1", 5000)}
    await peer.add_candidates(one.replace("192.0.2.1", "192.0.2.2"))
    assert peer._reached >= {("192.0.2.1", 5000), ("192.0.2.2", 5000)}
