"""DTLS with other kinds of peers, on paths that lose packets."""

import asyncio
import contextlib
import datetime
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsParameters, SRTPProtectionProfile
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL

from holistic_rtc.media.dtls import RESEND_AFTER, Certificate, InsistentTransport, insist

SOON = 0.5
"""Seconds; OpenSSL waits for 1 s"""


class RsaCertificate(RTCCertificate):
    """As GStreamer's webrtcbin has one."""

    @classmethod
    def generateCertificate(cls) -> "RsaCertificate":  # noqa: N802 - W3C's name
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "peer")])
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
        return cls(cast(Any, key), builder.sign(key, hashes.SHA256()))

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256")
        return context


class Strict(RTCCertificate):
    """Uses what we don't."""

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(b"ECDHE-ECDSA-AES256-GCM-SHA384")
        return context


class Pair:
    """
    Our transport and that of a peer, without ICE.

    :ivar sent: when we sent something, in seconds.
    """

    def __init__(
        self,
        *,
        server: bool = True,
        ours: type[RTCDtlsTransport] = InsistentTransport,
        peer: type[RTCDtlsTransport] = RTCDtlsTransport,
        certificate: type[RTCCertificate] = RTCCertificate,
        loses: Callable[[int], bool] = lambda number: False,
    ) -> None:
        self.sent: list[float] = []
        to_us, to_peer = asyncio.Queue[bytes](), asyncio.Queue[bytes]()

        async def send(data: bytes) -> None:
            self.sent.append(time.monotonic())
            if not loses(len(self.sent) - 1):
                await to_peer.put(data)

        self.certificates = Certificate.generateCertificate(), certificate.generateCertificate()
        self.ours = ours(cast(Any, SimpleNamespace(_send=send, _recv=to_us.get)), [self.certificates[0]])
        self.peer = peer(cast(Any, SimpleNamespace(_send=to_us.put, _recv=to_peer.get)), [self.certificates[1]])
        self.ours._set_role("server" if server else "client")
        self.peer._set_role("client" if server else "server")

    async def connect(self) -> float:
        """
        :return: seconds until both are connected, or have failed.
        """
        started = time.monotonic()
        ours, peers = (RTCDtlsParameters(certificate.getFingerprints()) for certificate in self.certificates)
        async with asyncio.timeout(10):
            await asyncio.gather(self.ours.start(peers), self.peer.start(ours))
        return time.monotonic() - started


class InsistingTransport(RTCDtlsTransport):
    """As the client has it."""

    def __init__(self, transport: RTCIceTransport, certificates: list[RTCCertificate]) -> None:
        super().__init__(transport, certificates)
        insist(self)


@asynccontextmanager
async def connected(pair: Pair) -> AsyncIterator[float]:
    try:
        seconds = await pair.connect()
        assert (pair.ours.state, pair.peer.state) == ("connected", "connected")
        yield seconds
    finally:
        await asyncio.gather(pair.ours.stop(), pair.peer.stop())


@pytest.mark.parametrize("kind", [InsistentTransport, InsistingTransport])
@pytest.mark.parametrize("server", [False, True], ids=["client", "server"])
@pytest.mark.parametrize("flight", [0, 1], ids=["first flight", "last flight"])
async def test_a_lost_flight_is_sent_again_soon(kind: type[RTCDtlsTransport], server: bool, flight: int) -> None:
    pair = Pair(ours=kind, server=server, loses=lambda number: number == flight)
    async with connected(pair) as seconds:
        assert seconds < SOON
        assert pair.sent[flight + 1] - pair.sent[flight] < SOON


async def test_a_peer_that_insists_on_being_the_server_gets_no_copies() -> None:
    pair = Pair(server=False)
    parameters = RTCDtlsParameters(pair.certificates[1].getFingerprints(), role="server")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SOON):
            await pair.ours.start(parameters)
    await pair.ours.stop()
    assert len(pair.sent) == 1


async def test_the_peer_may_send_its_last_flight_again() -> None:
    """Ours, which has got lost all the time, answers it."""
    last_flight = range(1, 2 + len(RESEND_AFTER))
    pair = Pair(loses=lambda number: number in last_flight)
    async with connected(pair):
        assert len(pair.sent) == last_flight.stop + 1


async def test_aiortc_alone_waits_for_openssl() -> None:
    """When this fails, aiortc does what InsistentTransport is for."""
    async with connected(Pair(ours=RTCDtlsTransport, loses=lambda number: number == 0)) as seconds:
        assert seconds > 0.9


@pytest.mark.parametrize("server", [False, True], ids=["client", "server"])
async def test_a_peer_may_have_an_rsa_key(server: bool) -> None:
    async with connected(Pair(server=server, certificate=RsaCertificate)):
        pass


async def test_the_log_says_that_the_peer_has_another_certificate_than_its_offer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "holistic_rtc")
    pair = Pair()
    pair.certificates = pair.certificates[0], Certificate.generateCertificate()
    await pair.connect()
    assert pair.ours.state == "failed"
    [record] = caplog.records
    assert "doesn't have the fingerprint in its offer" in record.getMessage()
    await pair.peer.stop()


@pytest.mark.parametrize("server", [False, True], ids=["client", "server"])
async def test_the_log_says_why_a_handshake_failed(server: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "holistic_rtc")
    pair = Pair(server=server, certificate=Strict)
    await pair.connect()
    assert (pair.ours.state, pair.peer.state) == ("failed", "failed")
    [record] = caplog.records
    assert "the DTLS handshake failed: " in record.getMessage()
    assert ("no shared cipher" if server else "handshake failure") in record.getMessage()
