"""aiortc's encryption, set for peers that nobody here wrote."""

from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, SRTPProtectionProfile
from OpenSSL import SSL

_ENCRYPTIONS = ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
CIPHERS = ":".join(f"ECDHE-{key}-{encryption}" for key in ("ECDSA", "RSA") for encryption in _ENCRYPTIONS)


class Certificate(RTCCertificate):
    """
    A certificate that more peers connect with than with aiortc's.

    aiortc takes peers whose key is ECDSA only, but that of GStreamer's webrtcbin is RSA. And it names a fingerprint for
    each digest that it knows, of which libdatachannel, in OBS, checks one with the digest of another.
    """

    def getFingerprints(self) -> list[RTCDtlsFingerprint]:  # noqa: N802 - W3C's name
        return [fingerprint for fingerprint in super().getFingerprints() if fingerprint.algorithm == "sha-256"]

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(CIPHERS.encode())
        return context
