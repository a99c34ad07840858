"""HTTPS, which browsers require to give pages from other machines access to the camera."""

import datetime
import socket
import ssl
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from platformdirs import user_data_path

from holistic_rtc.atomic import replacing
from holistic_rtc.errors import ConfigError

LIFETIME = datetime.timedelta(days=397)
"""Browsers reject certificates that are valid for longer."""
RENEWAL = datetime.timedelta(days=7)


def make_context(
    own: bool, certificate: Path | None, key: Path | None, advertised: IPv4Address | IPv6Address | None
) -> ssl.SSLContext | None:
    """
    :param own: whether to use a self-signed certificate, see :func:`self_signed`.
    :return: None if HTTPS isn't configured.
    :raises ConfigError: the certificate can't be used.
    """
    if own and not (certificate or key):
        return self_signed(advertised)
    if not (own or certificate or key):
        return None
    if own or not (certificate and key):
        raise ConfigError("give both --tls-cert and --tls-key, or --tls self-signed alone")
    return load(certificate, key)


def load(certificate: Path, key: Path) -> ssl.SSLContext:
    """
    :param certificate: PEM file, followed by the certificates of its issuers.
    :param key: PEM file, without a password.
    :raises ConfigError: the files can't be read, or don't belong together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificate {certificate} can't be used with the key {key}: {error}; "
            "both must be PEM files that belong together"
        ) from error
    return context


def self_signed(advertised: IPv4Address | IPv6Address | None = None) -> ssl.SSLContext:
    """
    Use a self-signed certificate for the names and addresses of this machine. It is kept, so that browsers have to
    accept it only once.

    :param advertised: an additional address of this machine.
    :raises ConfigError: the certificate can't be stored.
    """
    path = user_data_path("holistic-rtc") / "self-signed.pem"
    names = _names(advertised)
    # A container's own name and address change with each start, and browsers don't use them.
    if not _is_good(path, [x509.IPAddress(advertised)] if advertised else names):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The file contains the private key.
            with replacing(path, private=True) as part:
                part.write_bytes(_make(names))
        except OSError as error:
            raise ConfigError(
                f"the self-signed certificate {path} can't be saved: {error.strerror}; "
                "set XDG_DATA_HOME to a writable folder"
            ) from error
    return load(path, path)


def _names(advertised: IPv4Address | IPv6Address | None) -> list[x509.GeneralName]:
    found = {ip.ip if isinstance(ip.ip, str) else ip.ip[0] for adapter in ifaddr.get_adapters() for ip in adapter.ips}
    addresses = {ip_address(address.partition("%")[0]) for address in found} | ({advertised} if advertised else set())
    hosts = sorted({"localhost", socket.gethostname()})
    return [*map(x509.DNSName, hosts), *map(x509.IPAddress, sorted(addresses, key=str))]


def _is_good(path: Path, names: list[x509.GeneralName]) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    now = datetime.datetime.now(datetime.UTC)
    return set(named) >= set(names) and certificate.not_valid_after_utc > now + RENEWAL


def _make(names: list[x509.GeneralName]) -> bytes:
    """:return: PEM, the key and the certificate"""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "holistic-rtc, self-signed")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
