"""A peer of the server, before it is connected."""

import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiortc import rtcicetransport

from holistic_rtc.log.writer import peer as address
from holistic_rtc.log.writer import trace_id
from holistic_rtc.media.ice import PatientConnection
from holistic_rtc.media.inbound import Demand
from holistic_rtc.media.tracker_thread import TrackerThread
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.parts import ALL_PARTS
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.stats import SessionStats
from holistic_rtc.sdp.offer import Offer
from holistic_rtc.workers.live.peer import Peer, PeerLimits
from holistic_rtc.workers.live.publisher import Publisher
from holistic_rtc.workers.live.subscriber import Subscriber
from tests.kit.offers import make_offer
from tests.kit.persons import Crowd


@pytest.fixture(autouse=True)
def connections_that_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtcicetransport, "Connection", PatientConnection)


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    tokens = address.set("192.0.2.7"), trace_id.set("4bf9")
    peer = Subscriber("a subscriber", [], PeerLimits(ALL_PARTS, 3), [], None)
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


def fragment(username: str, address: str) -> str:
    lines = [f"a=ice-ufrag:{username}", "a=ice-pwd:a-password-of-22-or-more"]
    media = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", f"a=candidate:1 1 udp 1 {address} 5000 typ host"]
    return "\r\n".join([*media, *lines, ""])


async def test_candidates_of_a_rejected_section_are_ignored() -> None:
    peer = Subscriber("a subscriber", [], PeerLimits(ALL_PARTS, 3), [], None)
    offer = await make_offer(channel=True)
    transport = [line for line in offer.splitlines() if line.startswith("a=fingerprint")]
    refused = ["m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:pcmu", "a=rtcp-mux", *transport, "a=setup:actpass"]
    refused += ["a=ice-ufrag:other", "a=ice-pwd:another-password-of-22"]
    await peer.answer(Offer.parse("\r\n".join([*offer.splitlines(), *refused, ""])))
    [own] = peer._usernames
    assert await peer.add_candidates(fragment("other", "192.0.2.1")) is None
    assert await peer.add_candidates(fragment("other", "192.0.2.1") + fragment(own, "192.0.2.2")) is None
    assert {address for address, _ in peer._reached} & {"192.0.2.1", "192.0.2.2"} == {"192.0.2.2"}
    assert peer._usernames == {own}
    assert await peer.add_candidates(fragment("other", "192.0.2.1") + fragment("fresh", "192.0.2.3"))
    assert peer._usernames == {"fresh"}
    await peer.close()


async def test_late_candidates_of_a_former_session_do_not_restart_it(peer: Peer) -> None:
    [first] = peer._usernames
    assert await peer.add_candidates(fragment("second", "192.0.2.2"))
    assert await peer.add_candidates(fragment(first, "192.0.2.1")) is None
    assert peer._reached == {("192.0.2.2", 5000)}
    assert peer._usernames == {"second"}
    assert await peer.add_candidates(fragment("third", "192.0.2.3"))
    for late in (first, "second"):
        assert await peer.add_candidates(fragment(late, "192.0.2.1")) is None
    assert peer._usernames == {"third"}


@pytest.mark.parametrize(("passed_on", "direction"), [(True, "recvonly"), (False, "inactive")])
async def test_audio_is_taken_unless_it_is_turned_off(passed_on: bool, direction: str) -> None:
    publisher = Publisher(
        *("a publisher", [], TrackerThread(Crowd), lambda: TrackerThread(Crowd), Quality.BALANCED),
        *(PeerLimits(audio=passed_on), Demand, lambda messages: None),
    )
    answer = await publisher.answer(Offer.parse(await make_offer(("audio", "sendrecv"), ("video", "sendonly"))))
    audio, video = answer.split("m=audio")[1].split("m=video")
    assert f"a={direction}\r\n" in audio
    assert "a=recvonly\r\n" in video
    await publisher.close()
