"""By which names a server may be asked."""

import socket

import pytest

from holistic_rtc.http.hosts import Hosts, is_loopback, name_in

LOOPBACK = Hosts("127.0.0.1", [])
ALL = Hosts("0.0.0.0", [])


@pytest.mark.parametrize(
    "host",
    [
        None,  # HTTP/1.0
        "localhost",
        "LOCALHOST:8080",
        "app.localhost:8080",
        "127.0.0.1:8080",
        "[::1]:8080",
        "192.168.1.20:8080",
        "203.0.113.7",
        "[2001:db8::1]",
        socket.gethostname(),
    ],
)
def test_addresses_and_the_names_of_this_machine_are_its_own(host: str | None) -> None:
    assert LOOPBACK.include(host)
    assert ALL.include(host)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example"]
)
def test_a_name_of_somebody_else_is_not(host: str) -> None:
    assert not LOOPBACK.include(host)
    assert not ALL.include(host)
    assert not ALL.include(f"{host}.")


@pytest.mark.parametrize(
    "host", ["mybox:8080", "mybox.local", "mybox.lan:8080", "app.internal", "app.x.svc.cluster.local"]
)
def test_names_of_the_local_network_are_for_servers_that_serve_it(host: str) -> None:
    assert ALL.include(host)
    assert not LOOPBACK.include(host)


def test_further_names_are_a_setting() -> None:
    hosts = Hosts("127.0.0.1", ["rtc.example.org", "*.example.net"])
    assert hosts.include("RTC.example.org:443")
    assert hosts.include("s1.example.net")
    assert not hosts.include("example.net")
    assert not hosts.include("xrtc.example.org")
    assert Hosts("127.0.0.1", ["*"]).include("anything.example")


@pytest.mark.parametrize(
    ("host", "name"),
    [("a.example:80", "a.example"), ("[::1]:80", "::1"), ("A.Example.", "a.example"), ("", ""), (None, ""), ("[", "")],
)
def test_the_name_is_without_the_port(host: str | None, name: str) -> None:
    assert name_in(host) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [("127.0.0.2", True), ("::1", True), ("::ffff:127.0.0.1", True), ("localhost", True)]
    + [("192.168.1.1", False), ("::ffff:10.0.0.1", False), ("mylocalhost", False), ("", False)],
)
def test_loopback_is_this_machine_only(name: str, expected: bool) -> None:
    assert is_loopback(name) is expected
