"""What turn/entrypoint.sh makes of its environment."""

import stat
from pathlib import Path

import pytest

from tests.kit.coturn import coturn, render


def rendered(folder: Path, **environment: str) -> list[str]:
    result = render(folder, **environment)
    assert result.returncode == 0, result.stderr
    return (folder / "turnserver.conf").read_text().splitlines()


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    lines = rendered(tmp_path)
    assert {
        "use-auth-secret",
        "realm=holistic-rtc",
        "listening-port=3478",
        "min-port=61000",
        "max-port=61999",
        "user-quota=40",
        "total-quota=1000",
        "max-bps=1000000",
        "bps-capacity=1000000000",
        "no-tls",
    } <= set(lines)
    names = {line.split("=")[0] for line in lines}
    assert not names & {"user", "no-auth", "lt-cred-mech", "allowed-peer-ip", "allow-loopback-peers", "external-ip"}


def test_each_variable_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").touch()
    (tmp_path / "key.pem").touch()
    lines = rendered(
        tmp_path,
        TURN_SECRET="shared",
        TURN_REALM="example.org",
        TURN_PORT="3479",
        TURN_TLS_PORT="443",
        TURN_LISTENING_IP="10.0.0.5 fd00::5",
        TURN_EXTERNAL_IP="192.0.2.7/10.0.0.5",
        TURN_MIN_PORT="50000",
        TURN_MAX_PORT="50009",
        TURN_USER_QUOTA="3",
        TURN_TOTAL_QUOTA="10",
        TURN_MAX_BPS="500000",
        TURN_BPS_CAPACITY="5000000",
        TURN_TLS_CERT=str(tmp_path / "cert.pem"),
        TURN_TLS_KEY=str(tmp_path / "key.pem"),
    )
    assert {
        "static-auth-secret=shared",
        "realm=example.org",
        "listening-port=3479",
        "tls-listening-port=443",
        "listening-ip=10.0.0.5",
        "listening-ip=fd00::5",
        "external-ip=192.0.2.7/10.0.0.5",
        "min-port=50000",
        "max-port=50009",
        "user-quota=3",
        "total-quota=10",
        "max-bps=500000",
        "bps-capacity=5000000",
        f"cert={tmp_path}/cert.pem",
        f"pkey={tmp_path}/key.pem",
    } <= set(lines)
    assert "no-tls" not in lines


@pytest.mark.parametrize(
    ("network", "allowed"),
    [
        ("172.28.0.0/16", ["172.28.0.0-172.28.255.255"]),
        ("172.28.5.9/29, 10.0.0.8", ["172.28.5.8-172.28.5.15", "10.0.0.8"]),
        ("192.168.1.7/32", ["192.168.1.7-192.168.1.7"]),
        ("10.1.0.0-10.1.0.9 fd00::1-fd00::9", ["10.1.0.0-10.1.0.9", "fd00::1-fd00::9"]),
    ],
)
def test_the_network_of_the_app_is_allowed_in_the_words_that_coturn_takes(
    tmp_path: Path, network: str, allowed: list[str]
) -> None:
    lines = rendered(tmp_path, TURN_APP_NETWORK=network)
    assert [line.removeprefix("allowed-peer-ip=") for line in lines if line.startswith("allowed-peer-ip=")] == allowed


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = rendered(tmp_path)
    secret = (tmp_path / "secret").read_text()
    assert len(secret) == 64
    assert int(secret, 16)
    assert f"static-auth-secret={secret}" in first
    assert rendered(tmp_path) == first
    for name in ("secret", "turnserver.conf"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_secret_that_is_set_is_kept_nowhere_else(tmp_path: Path) -> None:
    assert "static-auth-secret=shared" in rendered(tmp_path, TURN_SECRET="shared")
    assert not (tmp_path / "secret").exists()


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("TURN_PORT", "stun", "TURN_PORT must be a number, not 'stun'"),
        ("TURN_MIN_PORT", "62000", "TURN_MIN_PORT must be at most TURN_MAX_PORT"),
        ("TURN_REALM", "a\nno-auth", "TURN_REALM must be one line"),
        ("TURN_TLS_CERT", "/some/cert.pem", "TURN_TLS_CERT and TURN_TLS_KEY"),
        ("TURN_APP_NETWORK", "fd00::/64", "FIRST-LAST, but not fd00::/64"),
        ("TURN_APP_NETWORK", "172.28.0.0/33", "but not 172.28.0.0/33"),
        ("TURN_APP_NETWORK", "172.28.0/16", "but not 172.28.0/16"),
        ("TURN_APP_NETWORK", "app", "but not app"),
    ],
)
def test_a_value_that_cannot_be_is_named(tmp_path: Path, variable: str, value: str, words: str) -> None:
    result = render(tmp_path, **{variable: value})
    assert result.returncode != 0
    assert words in result.stderr


async def test_coturn_takes_every_line_and_logs_no_secret(tmp_path: Path) -> None:
    async with coturn(tmp_path, "--verbose", TURN_APP_NETWORK="172.28.0.0/16") as turn:
        assert "Bad configuration format" not in turn.log
        assert "WARNING" not in turn.log
        assert turn.secret not in turn.log
