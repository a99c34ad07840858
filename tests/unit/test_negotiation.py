"""Offers and candidate fragments from anybody."""

import contextlib
from collections.abc import Callable

import pytest
import pytest_asyncio
from aiortc import RTCConfiguration, RTCPeerConnection
from hypothesis import given
from hypothesis import strategies as st
from synthetic import FUZZ

from holistic_rtc.errors import SignallingError
from holistic_rtc.worker.negotiation import MAX_CANDIDATES, MAX_TRACKS, Offer, advertise, parse_fragment

FRAGMENT = """a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
m=audio 9 RTP/AVP 0
a=mid:0
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1
m=video 9 RTP/AVP 96
a=mid:1
a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ srflx raddr 192.0.2.1 rport 61764
a=end-of-candidates
"""


async def make_offer(*transceivers: tuple[str, str], channel: bool = False) -> str:
    """
    :param transceivers: kind and direction of each.
    """
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind, direction in transceivers:
        pc.addTransceiver(kind, direction=direction)
    if channel:
        pc.createDataChannel("control")
    await pc.setLocalDescription(await pc.createOffer())
    sdp = pc.localDescription.sdp
    await pc.close()
    return sdp


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def offer() -> str:
    return await make_offer(("audio", "sendrecv"), ("video", "sendrecv"), ("video", "recvonly"), channel=True)


def refusal(sdp: str, require: Callable[[Offer], None] = Offer.require_sending) -> SignallingError:
    with pytest.raises(SignallingError) as caught:
        require(Offer.parse(sdp))
    return caught.value


def test_videos_are_taken_with_their_directions(offer: str) -> None:
    parsed = Offer.parse(offer)
    assert parsed.sdp == offer
    assert list(parsed.directions.values()) == ["sendrecv", "recvonly"]
    assert parsed.channels
    assert f"a=ice-ufrag:{parsed.ice_username}" in offer


@pytest.mark.parametrize("sdp", ["", "hello", "v=0", "v=0\r\nm=video", "m=video x y z", "\0" * 100, "v=0\r\n" * 1000])
def test_what_is_no_sdp_is_400(sdp: str) -> None:
    assert refusal(sdp).status == 400


@pytest.mark.parametrize(
    ("line", "words"),
    [("a=ice-ufrag", "ICE"), ("a=ice-pwd", "ICE"), ("a=fingerprint", "fingerprint")],
)
def test_an_offer_without_what_a_connection_needs_is_400(line: str, words: str, offer: str) -> None:
    refused = refusal("".join(kept for kept in offer.splitlines(True) if not kept.startswith(line)))
    assert refused.status == 400
    assert words in refused.detail


async def test_an_offer_that_sends_no_video_is_422() -> None:
    for transceivers in ([("audio", "sendrecv")], [("video", "recvonly")], [("video", "inactive")]):
        assert refusal(await make_offer(*transceivers)).status == 422
    assert refusal(await make_offer(channel=True)).status == 422


async def test_an_offer_that_receives_nothing_is_422_for_a_subscriber() -> None:
    for transceivers in ([("audio", "sendrecv")], [("video", "sendonly")], [("video", "inactive")]):
        assert refusal(await make_offer(*transceivers), Offer.require_receiving).status == 422
    Offer.parse(await make_offer(("video", "recvonly"))).require_receiving()
    Offer.parse(await make_offer(channel=True)).require_receiving()


async def test_an_offer_with_too_many_videos_is_422() -> None:
    assert len(Offer.parse(await make_offer(*[("video", "sendonly")] * MAX_TRACKS)).directions) == MAX_TRACKS
    refused = refusal(await make_offer(*[("video", "sendonly")] * (MAX_TRACKS + 1)))
    assert refused.status == 422
    assert str(MAX_TRACKS) in refused.detail


def test_an_offer_without_a_common_codec_is_422(offer: str) -> None:
    refused = refusal(offer.replace("VP8/90000", "VP9/90000").replace("H264/90000", "AV1/90000"))
    assert refused.status == 422
    assert "VP8 or H.264" in refused.detail


@FUZZ
@given(sdp=st.text())
def test_any_text_is_read_or_refused(sdp: str) -> None:
    with contextlib.suppress(SignallingError):
        Offer.parse(sdp)


# What is left of a line when it is cut somewhere and something is put behind it.
CHANGES = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 80), st.text(max_size=12)), min_size=1, max_size=6)


def change(text: str, changes: list[tuple[int, int, str]]) -> str:
    lines = text.splitlines()
    for number, cut, rest in changes:
        lines[number % len(lines)] = lines[number % len(lines)][:cut] + rest
    return "\r\n".join(lines) + "\r\n"


@FUZZ
@given(changes=CHANGES)
def test_a_changed_offer_is_read_or_refused(offer: str, changes: list[tuple[int, int, str]]) -> None:
    with contextlib.suppress(SignallingError):
        Offer.parse(change(offer, changes))


def test_candidates_are_read_with_their_sections() -> None:
    username, candidates = parse_fragment(FRAGMENT.replace("\n", "\r\n"))
    assert username == "EsAw"
    assert [(c.sdpMid, c.sdpMLineIndex, c.ip, c.port, c.type) for c in candidates] == [
        ("0", 0, "192.0.2.1", 61764, "host"),
        ("1", 1, "198.51.100.2", 61765, "srflx"),
    ]


def test_a_fragment_may_have_no_candidates() -> None:
    assert parse_fragment("a=end-of-candidates\r\n") == (None, [])
    assert parse_fragment("") == (None, [])


def test_too_many_candidates_are_400() -> None:
    line = "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"
    with pytest.raises(SignallingError) as caught:
        parse_fragment(line * (MAX_CANDIDATES + 1))
    assert caught.value.status == 400


@pytest.mark.parametrize("line", ["a=candidate:", "a=candidate:1 1 udp", "a=candidate:1 x udp y z w typ host"])
def test_a_candidate_that_cannot_be_read_is_400(line: str) -> None:
    with pytest.raises(SignallingError) as caught:
        parse_fragment(line)
    assert caught.value.status == 400


@FUZZ
@given(changes=CHANGES)
def test_a_changed_fragment_is_read_or_refused(changes: list[tuple[int, int, str]]) -> None:
    with contextlib.suppress(SignallingError):
        parse_fragment(change(FRAGMENT, changes))


ANSWER = """\
m=application 40000 UDP/DTLS/SCTP webrtc-datachannel
a=candidate:f1 1 udp 2130706431 172.17.0.2 40000 typ host
a=candidate:f2 1 udp 2130706175 fd00::2 40001 typ host
a=candidate:f3 1 udp 1694498815 198.51.100.1 40002 typ srflx raddr 172.17.0.2 rport 40000
a=end-of-candidates
"""


def test_an_advertised_address_is_added_for_each_host_candidate_of_its_family() -> None:
    answer = advertise(ANSWER.replace("\n", "\r\n"), "203.0.113.7")
    added = set(answer.splitlines()) - set(ANSWER.splitlines())
    assert added == {"a=candidate:f1a 1 udp 2130706430 203.0.113.7 40000 typ host"}
    assert [candidate.ip for candidate in parse_fragment(answer)[1]][:2] == ["172.17.0.2", "203.0.113.7"]
