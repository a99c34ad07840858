from holistic_rtc.config import IceServer
from holistic_rtc.http.ice import ice_links


def test_each_address_is_a_link() -> None:
    servers = [IceServer(urls=["stun:example.org", "stun:[2001:db8::1]:3478"]), IceServer(urls=["stun:example.net"])]
    assert list(ice_links(servers)) == [
        '<stun:example.org>; rel="ice-server"',
        '<stun:[2001:db8::1]:3478>; rel="ice-server"',
        '<stun:example.net>; rel="ice-server"',
    ]


def test_credentials_are_quoted() -> None:
    (link,) = ice_links([IceServer(urls=["turn:example.org?transport=udp"], username='a"b', credential="c\\d")])
    assert link == (
        '<turn:example.org?transport=udp>; rel="ice-server"; username="a\\"b"; credential="c\\\\d"; '
        'credential-type="password"'
    )


def test_no_servers_no_links() -> None:
    assert list(ice_links([])) == []
