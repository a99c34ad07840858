"""aiortc's DTLS, adapted to third-party peers."""

from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, SRTPProtectionProfile
from OpenSSL import SSL

_ENCRYPTIONS = ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
CIPHERS = ":".join(f"ECDHE-{key}-{encryption}" for key in ("ECDSA", "RSA") for encryption in _ENCRYPTIONS)


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
