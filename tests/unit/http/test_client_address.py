import logging
from collections.abc import Sequence
from ipaddress import ip_network

import pytest
from aiohttp import hdrs
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from holistic_rtc.http.client_address import ClientAddresses, parse_address

PROXIES = [ip_network(text) for text in ("127.0.0.0/8", "::1/128", "10.0.0.0/8")]


def key(peer: str, *headers: tuple[str, str], proxies: Sequence[str] | None = None) -> str | None:
    request = make_mocked_request("GET", "/", CIMultiDict(headers)).clone(remote=peer)
    trusted = PROXIES if proxies is None else [ip_network(text) for text in proxies]
    return ClientAddresses(trusted).of(request).key


def x(value: str) -> tuple[str, str]:
    return hdrs.X_FORWARDED_FOR, value


def f(value: str) -> tuple[str, str]:
    return hdrs.FORWARDED, value


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("10.0.0.1", "10.0.0.1"),
        # This machine isn't limited.
        ("127.0.0.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
    ],
)
def test_an_address_stands_for_a_client_and_ipv6_networks_for_one(peer: str, expected: str | None) -> None:
    assert key(peer) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([x("203.0.113.9")], "203.0.113.9"),
        ([x("203.0.113.9:5123")], "203.0.113.9"),
        ([x("[2001:db8::1]:5123")], "2001:db8::/64"),
        # The client claims what comes before its own address.
        ([x("198.51.100.1, 203.0.113.9")], "203.0.113.9"),
        ([x("127.0.0.1, 203.0.113.9")], "203.0.113.9"),
        ([x("198.51.100.1"), x("203.0.113.9")], "203.0.113.9"),
        # Further proxies are skipped.
        ([x("198.51.100.1, 203.0.113.9, 10.1.2.3")], "203.0.113.9"),
        ([x("203.0.113.9, unknown, 10.1.2.3")], "10.1.2.3"),
        ([x("10.1.2.3")], "10.1.2.3"),
        ([f("for=203.0.113.9")], "203.0.113.9"),
        ([f('For="[2001:db8::1]:4711"')], "2001:db8::/64"),
        ([f("for=198.51.100.1;proto=https, for=203.0.113.9;by=10.0.0.1")], "203.0.113.9"),
        ([f('for="x, for="[2001:db8::1]"')], "2001:db8::/64"),
        ([f('by=", for=203.0.113.9')], "203.0.113.9"),
        ([f("for=_hidden")], "127.0.0.1"),
        # Both headers, of which a proxy may know one only.
        ([x("203.0.113.9"), f("for=203.0.113.9")], "203.0.113.9"),
        ([x("203.0.113.9"), f("for=198.51.100.1")], "127.0.0.1"),
        # Who claims to be this machine is limited nevertheless.
        ([x("127.0.0.1")], "127.0.0.1"),
        ([x("nonsense")], "127.0.0.1"),
    ],
)
def test_a_trusted_proxy_tells_whom_it_serves(headers: list[tuple[str, str]], expected: str) -> None:
    assert key("127.0.0.1", *headers) == expected


def test_the_whole_address_is_kept_for_logs() -> None:
    request = make_mocked_request("GET", "/", CIMultiDict([x("2001:db8::1, 2001:db8::2")])).clone(remote="127.0.0.1")
    client = ClientAddresses(PROXIES).of(request)
    assert (client.address, client.key) == ("2001:db8::2", "2001:db8::/64")


def test_nobody_else_is_believed() -> None:
    assert key("203.0.113.9", x("198.51.100.1"), f("for=198.51.100.1")) == "203.0.113.9"
    assert key("127.0.0.1", x("198.51.100.1"), proxies=[]) == "127.0.0.1"


def test_a_proxy_on_the_network_that_is_not_trusted_is_pointed_out_once(caplog: pytest.LogCaptureFixture) -> None:
    addresses = ClientAddresses(PROXIES)
    with caplog.at_level(logging.WARNING):
        for peer in ("1.2.3.4", "192.168.1.2", "192.168.1.2"):
            request = make_mocked_request("GET", "/", CIMultiDict([x("198.51.100.1")])).clone(remote=peer)
            assert addresses.of(request).address == peer
    [line] = caplog.messages
    assert "from 192.168.1.2" in line
    assert "HOLISTIC_TRUSTED_PROXIES" in line


def test_connections_of_proxies_and_of_this_machine_are_not_limited() -> None:
    addresses = ClientAddresses(PROXIES)
    assert [
        addresses.of_connection(host) for host in ("127.0.0.1", "::1", "10.0.0.1", "203.0.113.9", "2001:db8::1")
    ] == [
        *(None, None, None),
        "203.0.113.9",
        "2001:db8::/64",
    ]


def test_what_is_no_address_is_none() -> None:
    assert [parse_address(text) for text in ("", "unknown", "_x", "1.2.3", "[::1", "1.2.3.4.5", "a:b:c")] == [
        *(None, None, None, None),
        parse_address("::1"),
        *(None, None),
    ]
