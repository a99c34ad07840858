import json
import time
from pathlib import Path

import pytest

from holistic_rtc.errors import ConfigError
from holistic_rtc.http.ice import ice_links
from holistic_rtc.sessions.ice_servers import IceServers, mint
from holistic_rtc.settings import IceServer, load_settings

TURN = "turn:turn.example:3478?transport=udp"
STUN = IceServer(urls=["stun:example.org"])


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


def test_a_credential_is_the_hmac_of_expiry_and_name() -> None:
    # printf 1700000000:a0KYsxLnt2EMm2E6Lb-XjA | openssl dgst -sha1 -hmac 'shared secret' -binary | base64
    username, credential = mint("shared secret", "a0KYsxLnt2EMm2E6Lb-XjA", 1700000000)
    assert username == "1700000000:a0KYsxLnt2EMm2E6Lb-XjA"
    assert credential == "mNPzNT0JXqM+5oluEKkzfMOP+Ck="


def test_each_peer_gets_credentials_of_its_own_beside_the_fixed_servers() -> None:
    before = int(time.time())
    servers = IceServers(
        load_settings(ice_servers=[STUN], turn_urls=[TURN], turn_secret="shared secret", turn_lifetime=600)
    )
    fixed, turn = servers.for_peer("somebody")
    assert fixed == STUN
    assert turn.urls == [TURN]
    assert turn.username is not None
    expiry, name = turn.username.split(":")
    assert before + 600 <= int(expiry) <= int(time.time()) + 600
    assert name == "somebody"
    assert (turn.username, turn.credential) == mint("shared secret", "somebody", int(expiry))


def test_without_turn_there_are_only_the_fixed_servers() -> None:
    assert IceServers(load_settings(ice_servers=[STUN])).for_peer("somebody") == [STUN]


def test_the_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("shared secret\n")
    (turn,) = IceServers(load_settings(turn_urls=[TURN], turn_secret_file=tmp_path / "secret")).for_peer("somebody")
    assert turn.username is not None
    assert turn.credential == mint("shared secret", "somebody", int(turn.username.split(":")[0]))[1]


def test_turn_without_a_secret_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="set HOLISTIC_TURN_SECRET or HOLISTIC_TURN_SECRET_FILE"):
        IceServers(load_settings(turn_urls=[TURN]))
    with pytest.raises(ConfigError, match=r"can't read .*secret"):
        IceServers(load_settings(turn_urls=[TURN], turn_secret_file=tmp_path / "secret"))
    (tmp_path / "secret").touch()
    with pytest.raises(ConfigError, match="empty"):
        IceServers(load_settings(turn_urls=[TURN], turn_secret_file=tmp_path / "secret"))


@pytest.mark.parametrize("url", ["turn:example.org", "turn:192.0.2.1:3478?transport=tcp", "turns:example.org:443"])
def test_turn_servers_are_given_by_their_addresses(url: str) -> None:
    assert load_settings(turn_urls=[url]).turn_urls == [url]


@pytest.mark.parametrize(
    "url", ["example.org", "stun:example.org", "turn://example.org", "turn:example.org?transport=sctp"]
)
def test_what_is_no_address_of_a_turn_server_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLISTIC_TURN_URLS", json.dumps([url]))
    with pytest.raises(ConfigError, match="HOLISTIC_TURN_URLS.*write turn:HOST"):
        load_settings()
