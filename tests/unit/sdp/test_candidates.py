"""Candidates that trickle in, from anybody."""

import contextlib

import pytest
from hypothesis import given

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.sdp.candidates import MAX_LINES, read_candidates, read_fragment
from tests.kit.offers import CHANGES, change
from tests.kit.synthetic import FUZZ

FRAGMENT = """a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
m=audio 9 RTP/AVP 0
a=mid:0
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1
m=video 9 RTP/AVP 96
a=mid:1
a=candidate:3471623853 1 UDP 2122194687 2001:db8::2 61765 typ srflx raddr 192.0.2.1 rport 61764
a=end-of-candidates
"""


def refusal(fragment: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read_fragment(fragment)
    return caught.value


def test_candidates_are_read() -> None:
    usernames, candidates = read_fragment(FRAGMENT.replace("\n", "\r\n"))
    assert usernames == {"EsAw"}
    assert [(found.address, found.port) for found in candidates] == [("192.0.2.1", 61764), ("2001:db8::2", 61765)]


@pytest.mark.parametrize("rest", ["raddr 192.0.2.1 rport x", "generation", "rport", "tcptype active raddr"])
def test_what_follows_the_type_of_a_candidate_does_not_reach_the_stack(rest: str) -> None:
    [candidate] = read_candidates([f"1 1 udp 1 192.0.2.1 9 typ host {rest}"])
    assert candidate.text == "1 1 udp 1 192.0.2.1 9 typ host"


def test_a_fragment_may_have_no_candidates() -> None:
    assert read_fragment("a=end-of-candidates\r\n") == (set(), [])
    assert read_fragment("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n") == (set(), [])


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello world",
        "candidate:1 1 udp 1 192.0.2.1 50000 typ host",
        "a=mid:0\ncandidate:1 1 udp 1 192.0.2.1 50000 typ host",
        '{"candidate": "candidate:1 1 udp 1 192.0.2.1 50000 typ host"}',
    ],
)
def test_what_is_no_fragment_is_400_and_says_what_to_write(body: str) -> None:
    refused = refusal(body)
    assert refused.code is Code.BAD_CANDIDATES
    assert "a=candidate:" in refused.detail


def test_too_many_candidates_are_400() -> None:
    line = "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"
    assert refusal(line * (MAX_LINES + 1)).code is Code.BAD_CANDIDATES


@pytest.mark.parametrize(
    "line",
    [
        "a=ice-ufrag:" + "u" * 257,
        "a=ice-ufrag:" + "u" * 3,
        "a=ice-ufrag:\u00fc\u00fc\u00fc\u00fc",
    ],
)
def test_a_username_fragment_that_cannot_be_used_is_400(line: str) -> None:
    assert refusal(line).code is Code.BAD_CANDIDATES


@pytest.mark.parametrize(
    "value",
    [
        "1 1 udp 1 00000000-0000-4000-8000-000000000001.local 50000 typ host",
        "1 1 udp 1 host.example 50000 typ host",
        "1 1 udp 1 192.0.2 50000 typ host",
        "1 1 udp 1 fe80::1%eth0 50000 typ host",
        "1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
        "1 2 udp 1 192.0.2.1 50000 typ host",
        "1 1 udp 1 239.1.2.3 50000 typ host",
        "1 1 udp 1 ff02::1 50000 typ host",
        "1 1 udp 1 255.255.255.255 50000 typ host",
        "1 1 udp 1 0.0.0.0 50000 typ host",
        "1 1 udp 1 :: 50000 typ host",
        "1 1 udp 1 ::ffff:10.0.0.1 50000 typ host",
        "1 1 udp 1 ::ffff:a00:1 50000 typ host",
        "1 1 udp 1 192.0.2.1 0 typ host",
        "1 1 udp 1 192.0.2.1 65536 typ host",
        "",
        "1 1 udp",
        "1 x udp y z w typ host",
    ],
    ids=[
        *("mDNS", "name", "half an address", "zone", "TCP", "RTCP", "multicast", "IPv6 multicast", "broadcast"),
        *("unspecified", "IPv6 unspecified", "IPv4-mapped", "IPv4-mapped in hexadecimal"),
        *("port 0", "port 65536", "empty", "half a candidate", "words for numbers"),
    ],
)
def test_a_candidate_that_cannot_be_used_is_left_out(value: str) -> None:
    good = "1 1 udp 1 192.0.2.1 50000 typ host"
    assert [found.text for found in read_candidates([value, good])] == [good]
    assert [found.text for found in read_fragment(f"a=candidate:{value}\na=candidate:{good}\n")[1]] == [good]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *[(address, False) for address in ("10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254")],
        *[(address, False) for address in ("100.64.0.1", "192.0.2.1", "240.0.0.1", "::1", "fd00::1", "fe80::1")],
        *[(address, False) for address in ("fec0::1", "2001:db8::1")],
        *[(address, True) for address in ("8.8.8.8", "172.15.0.1", "172.32.0.1", "2600::1")],
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    [candidate] = read_candidates([f"1 1 udp 1 {address} 50000 typ host"])
    assert candidate.is_public == public


@FUZZ
@given(changes=CHANGES)
def test_a_changed_fragment_is_read_or_refused(changes: list[tuple[int, int, str]]) -> None:
    with contextlib.suppress(Refusal):
        read_fragment(change(FRAGMENT, changes))
