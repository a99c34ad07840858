"""Debian's coturn, configured and started by turn/entrypoint.sh."""

import asyncio
import base64
import hashlib
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

CERTIFICATE = "fullchain.pem"
ENTRYPOINT = Path(__file__).parents[2] / "turn" / "entrypoint.sh"


@dataclass
class Coturn:
    port: int
    tls_port: int
    folder: Path

    @property
    def key_hash(self) -> str:
        """Of its certificate's public key, as Chromium's ``--ignore-certificate-errors-spki-list`` takes it."""
        key = x509.load_pem_x509_certificate((self.folder / CERTIFICATE).read_bytes()).public_key()
        digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
        return base64.b64encode(digest).decode()

    @property
    def secret_file(self) -> Path:
        return self.folder / "secret"

    @property
    def secret(self) -> str:
        return self.secret_file.read_text()

    @property
    def config(self) -> str:
        return (self.folder / "turnserver.conf").read_text()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


@asynccontextmanager
async def coturn(folder: Path, *arguments: str, **environment: str) -> AsyncIterator[Coturn]:
    """On 127.0.0.1 and free ports, once it takes connections; ended at the end."""
    server = Coturn(free_port(), free_port(), folder)
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            ENTRYPOINT,
            *arguments,
            env=variables(
                folder,
                **{
                    "TURN_LISTENING_IP": "127.0.0.1",
                    "TURN_PORT": str(server.port),
                    "TURN_TLS_PORT": str(server.tls_port),
                    **environment,
                },
            ),
            stdout=log,
            stderr=log,
        )
    try:
        async with asyncio.timeout(10):
            while not await _listens(server.port):
                assert process.returncode is None, server.log
                await asyncio.sleep(0.02)
        yield server
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def render(folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """What the entrypoint makes of the environment, with a coturn that does nothing."""
    (folder / "turnserver").write_text("#!/bin/sh\n")
    (folder / "turnserver").chmod(0o755)
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(
        [ENTRYPOINT], env={**variables(folder, **environment), **path}, capture_output=True, text=True, timeout=10
    )


def variables(folder: Path, **environment: str) -> Mapping[str, str]:
    """Nothing that the tests' own environment may have set."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("TURN_")}
    return {**others, "TURN_DIR": str(folder), **environment}


def make_certificate(folder: Path, address: str = "127.0.0.1") -> tuple[Path, Path]:
    """:return: the files of the certificate and its key, for everybody to read"""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / CERTIFICATE, folder / "privkey.pem"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for path in paths:
        path.chmod(0o644)
    return paths


def own_addresses() -> str:
    """Those at which a server on this machine can be reached, as TURN_APP_NETWORK takes them."""
    return " ".join(str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
