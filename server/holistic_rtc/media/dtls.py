"""aiortc's DTLS, adapted to third-party peers and to paths that lose packets."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters, SRTPProtectionProfile, State
from OpenSSL import SSL

logger = logging.getLogger(__name__)

_ENCRYPTIONS = ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
CIPHERS = ":".join(f"ECDHE-{key}-{encryption}" for key in ("ECDSA", "RSA") for encryption in _ENCRYPTIONS)

RESEND_AFTER = (0.05, 0.1, 0.2, 0.4)
"""Seconds until a flight of the handshake is sent again, as in Chromium. OpenSSL does this after 1, 2, 4... s, too"""
MAX_FLIGHT = 1500
"""Bytes; with an ECDSA certificate, they are about 700 at most"""


class Certificate(RTCCertificate):
    """
    A certificate that is compatible with more peers than aiortc's.

    aiortc only accepts peers with ECDSA keys, but GStreamer's webrtcbin has an RSA key. It also offers one fingerprint
    per digest it supports, and libdatachannel, used by OBS, checks one against the digest of another.
    """

    def getFingerprints(self) -> list[RTCDtlsFingerprint]:  # noqa: N802 - W3C's name
        return [fingerprint for fingerprint in super().getFingerprints() if fingerprint.algorithm == "sha-256"]

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(CIPHERS.encode())
        return context


class InsistentTransport(RTCDtlsTransport):
    """
    Connects by a :class:`Handshake`.

    A peer that insists on being the DTLS server is left to OpenSSL's own timers: FFmpeg's WHIP muxer does so, and once
    it gets a copy after the handshake, it sends each frame only when it receives a packet, about one a second.
    """

    def __init__(self, transport: RTCIceTransport, certificates: list[RTCCertificate]) -> None:
        super().__init__(transport, certificates)
        self._handshake = Handshake(self)

    async def start(self, remoteParameters: RTCDtlsParameters) -> None:  # noqa: N803 - aiortc's name
        if remoteParameters.role == "server":
            self._handshake.resend_after = ()
        await super().start(remoteParameters)

    async def stop(self) -> None:
        self._handshake.stop()
        await super().stop()

    async def _do_handshake(self) -> None:
        await self._handshake.run()

    def _validate_peer_identity(self, remoteParameters: RTCDtlsParameters) -> None:  # noqa: N803 - aiortc's name
        super()._validate_peer_identity(remoteParameters)
        if self._state is State.FAILED:
            logger.info("the DTLS handshake failed: the peer's certificate doesn't have the fingerprint in its offer")


def insist(dtls: RTCDtlsTransport) -> None:
    """Let a transport that hasn't started yet connect by a :class:`Handshake`."""
    handshake, stop = Handshake(dtls), dtls.stop

    async def stop_both() -> None:
        handshake.stop()
        await stop()

    dtls._do_handshake, dtls.stop = handshake.run, stop_both  # type: ignore[method-assign]


class Handshake:
    """
    Sends a flight of the DTLS handshake again after a fraction of a second, and logs why a handshake fails.

    The last flight, which the DTLS server sends, is never acknowledged. It is therefore always repeated; a peer that
    has it drops the copies as replays.
    """

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        self.resend_after: tuple[float, ...] = RESEND_AFTER
        self._dtls = dtls
        self._flight = b""
        """The messages that were sent last"""
        self._pauses: Iterator[float] = iter(())
        """Seconds until they are sent again, and then again"""
        self._due: float | None = None
        """When they are, by the event loop's clock"""
        self._repeating: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """In place of aiortc's ``_do_handshake()``."""
        try:
            while not self._dtls.encrypted:
                try:
                    self._ssl.do_handshake()
                except SSL.WantReadError:
                    await self._send_flight()
                    await self._receive_next()
                else:
                    self._dtls.encrypted = True
                    if await self._send_flight():
                        self._repeating = asyncio.create_task(self._repeat(), name="dtls-last-flight")
        except SSL.Error as error:
            logger.info("the DTLS handshake failed: %s", _reasons(error))
            with contextlib.suppress(ConnectionError):
                await self._dtls._write_ssl()  # the alert
            self._dtls._set_state(State.FAILED)
        except ConnectionError:
            self._dtls._set_state(State.FAILED)

    def stop(self) -> None:
        """Repeat nothing any more."""
        if self._repeating:
            self._repeating.cancel()

    @property
    def _ssl(self) -> SSL.Connection:
        assert self._dtls._ssl is not None
        return self._dtls._ssl

    async def _send_flight(self) -> bool:
        """
        :return: whether OpenSSL has written one.
        """
        try:
            self._flight = self._ssl.bio_read(MAX_FLIGHT)
        except SSL.WantReadError:
            return False
        self._pauses = iter(self.resend_after)
        await self._send_again()
        return True

    async def _receive_next(self) -> None:
        """Pass on to OpenSSL what the peer sends, and do what is due meanwhile."""
        while True:
            timeout = self._ssl.DTLSv1_get_timeout()
            expires = None if timeout is None else _now() + timeout
            try:
                async with asyncio.timeout_at(min((at for at in (self._due, expires) if at is not None), default=None)):
                    data = await self._dtls.transport._recv()
            except TimeoutError:
                if self._due is not None and (expires is None or self._due <= expires):
                    await self._send_again()
                    continue
                self._ssl.DTLSv1_handle_timeout()
                return
            if 20 <= data[0] < 64:
                self._dtls._RTCDtlsTransport__rx_bytes += len(data)  # type: ignore[attr-defined]
                self._dtls._RTCDtlsTransport__rx_packets += 1  # type: ignore[attr-defined]
                self._ssl.bio_write(data)
                return

    async def _repeat(self) -> None:
        with contextlib.suppress(ConnectionError):
            while self._due is not None:
                await asyncio.sleep(self._due - _now())
                await self._send_again()

    async def _send_again(self) -> None:
        await self._dtls.transport._send(self._flight)
        self._dtls._RTCDtlsTransport__tx_bytes += len(self._flight)  # type: ignore[attr-defined]
        self._dtls._RTCDtlsTransport__tx_packets += 1  # type: ignore[attr-defined]
        pause = next(self._pauses, None)
        self._due = None if pause is None else _now() + pause


def _now() -> float:
    return asyncio.get_running_loop().time()


def _reasons(error: SSL.Error) -> str:
    """What OpenSSL says, without the names of its libraries and functions."""
    [errors, *_] = error.args or [[]]
    return ", ".join(reason for _, _, reason in errors) if isinstance(errors, list) else str(error)
