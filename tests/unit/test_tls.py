"""The certificate that the server makes for itself."""

import datetime
import socket
import ssl
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from holistic_rtc import tls
from holistic_rtc.errors import ConfigError

LAN = ip_address("192.168.1.20")


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it is kept."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "holistic-rtc" / "self-signed.pem"


def test_it_is_kept_by_a_container_whose_own_name_is_another_each_time(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = []
    for name in ("3b1ce64817d3", "bf455a7048ef"):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        assert isinstance(tls.self_signed(LAN), ssl.SSLContext)
        kept.append(certificate.read_bytes())
    assert kept[0] == kept[1]


def test_it_is_made_anew_for_another_address_or_name_at_which_browsers_look_for_it(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = set()
    for advertised, name in ((LAN, "one"), (ip_address("192.168.1.21"), "one"), (None, "one"), (None, "other")):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        tls.self_signed(advertised)
        kept.add(certificate.read_bytes())
    # The third is the second, which has all of the machine's names.
    assert len(kept) == 3


def test_it_is_made_anew_in_time_before_it_expires(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tls, "LIFETIME", datetime.timedelta(days=6))
        tls.self_signed(LAN)
    tls.self_signed(LAN)
    until = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    assert until - datetime.datetime.now(datetime.UTC) > datetime.timedelta(days=390)


def test_where_it_can_not_be_kept_the_error_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match=r"self-signed\.pem can't be saved: .*set XDG_DATA_HOME"):
        tls.self_signed()
