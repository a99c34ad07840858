import pytest

from holistic_rtc.errors import Refusal
from holistic_rtc.sdp.restart import Credentials, answer_restart, read_credentials

USERNAME, PASSWORD = "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901"
ANSWER = """v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 0 UDP/TLS/RTP/SAVPF 111
a=mid:2
m=video 40000 UDP/TLS/RTP/SAVPF 96
c=IN IP4 192.0.2.1
a=mid:0
a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host
a=end-of-candidates
a=ice-ufrag:old
a=ice-pwd:old
m=application 40000 UDP/DTLS/SCTP webrtc-datachannel
a=mid:1
a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host
"""


def test_credentials_may_be_repeated_in_each_section() -> None:
    fragment = "\r\n".join([USERNAME, PASSWORD, "m=video 9 UDP/TLS/RTP/SAVPF 96", USERNAME, PASSWORD, ""])
    assert read_credentials(fragment) == Credentials("abcd", "0123456789012345678901")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([USERNAME], "0 different lines a=ice-pwd"),
        ([PASSWORD], "0 different lines a=ice-ufrag"),
        ([USERNAME, f"{USERNAME}e", PASSWORD], "2 different lines a=ice-ufrag"),
        ([USERNAME, "a=ice-pwd:short"], "has 5 characters"),
        ([USERNAME, f"{PASSWORD}\x00"], "characters that RFC 8839 doesn't allow"),
    ],
)
def test_a_restart_needs_one_pair_of_them(lines: list[str], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        read_credentials("\n".join(lines))


def test_only_at_the_start_of_a_line_does_m_begin_a_section() -> None:
    answer = ANSWER.replace("a=mid:0\n", "a=mid:0m=1\n").replace("BUNDLE 0 1", "BUNDLE 0m=1 1")
    lines = answer_restart(answer, Credentials("new", "secret")).splitlines()
    assert lines[:2] == ["a=group:BUNDLE 0m=1 1", "m=video 40000 UDP/TLS/RTP/SAVPF 96"]
    assert "a=mid:0m=1" in lines


def test_the_fragment_has_the_servers_candidates_and_its_new_credentials() -> None:
    assert answer_restart(ANSWER, Credentials("new", "secret")).splitlines() == [
        "a=group:BUNDLE 0 1",
        "m=video 40000 UDP/TLS/RTP/SAVPF 96",
        "a=ice-ufrag:new",
        "a=ice-pwd:secret",
        "a=mid:0",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host",
        "a=end-of-candidates",
    ]
