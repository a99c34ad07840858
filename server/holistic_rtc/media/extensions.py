"""RTP header extensions: which stream of a peer a packet belongs to, and which way up its video is."""

from typing import cast

from aiortc.rtcdtlstransport import RtpReceiver, RtpRouter
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, RtpPacket, unpack_header_extensions

ORIENTATION = "urn:3gpp:video-orientation"
EXTENSIONS = (
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    ORIENTATION,
)
"""Header extensions of video that aiortc doesn't negotiate"""
MAX_STREAMS = 32
"""Streams whose packets are told apart. Each packet of a peer may name another one"""


def negotiate(extensions: list[RTCRtpHeaderExtensionParameters]) -> None:
    """
    Add to the extensions that aiortc negotiates.

    :param extensions: those of video.
    """
    known = {extension.uri for extension in extensions}
    for number, uri in enumerate(EXTENSIONS, 4):
        if uri not in known:
            extensions.append(RTCRtpHeaderExtensionParameters(id=number, uri=uri))


class OrientedMap(HeaderExtensionsMap):
    """Also reads how a video is to be turned."""

    def __init__(self) -> None:
        super().__init__()
        self._orientation: int | None = None

    def configure(self, parameters: RTCRtpParameters) -> None:
        super().configure(parameters)
        for extension in parameters.headerExtensions:
            if extension.uri == ORIENTATION:
                self._orientation = extension.id

    def get(self, extension_profile: int, extension_value: bytes) -> HeaderExtensions:
        values = super().get(extension_profile, extension_value)
        if self._orientation is not None:
            for number, value in unpack_header_extensions(extension_profile, extension_value):
                if number == self._orientation and value:
                    values.orientation = value[0]  # type: ignore[attr-defined]
        return values


def orientation_of(packet: RtpPacket) -> int | None:
    """The last byte of CVO (3GPP TS 26.114, section 7.4.5) that came with the packet."""
    return cast("int | None", getattr(packet.extensions, "orientation", None))


class MidRouter(RtpRouter):
    """
    Routes streams that the offer doesn't announce by the mid in their packets. aiortc goes by the payload type only,
    which several videos share. The stream that was heard last the longest ago is forgotten first.
    """

    def route_rtp(self, packet: RtpPacket) -> RtpReceiver | None:
        before = len(self.ssrc_table)
        receiver = self.ssrc_table.pop(packet.ssrc, None) or self.mid_table.get(packet.extensions.mid or "")
        if receiver is not None:
            self.ssrc_table[packet.ssrc] = receiver
        routed = super().route_rtp(packet)
        if len(self.ssrc_table) > max(before, MAX_STREAMS):
            del self.ssrc_table[next(iter(self.ssrc_table))]
        return routed


class Layer:
    """
    The only layer of a simulcast that is accepted, by its id (RFC 8852).

    :param rid: its id; empty if there is no simulcast.
    """

    def __init__(self, rid: str) -> None:
        self._rid = rid
        self._rids: dict[int, str] = {}
        """By SSRC, the last one heard at the end: senders leave the id out once they know that it has arrived"""
        self.ssrc: int | None = None
        """Of its media, rather than of its retransmissions"""
        self.repairs: int | None = None
        """SSRC of its retransmissions"""

    def takes(self, packet: RtpPacket) -> bool:
        if not self._rid:
            return True
        media, repaired = packet.extensions.rtp_stream_id, packet.extensions.repaired_rtp_stream_id
        known = self._rids.pop(packet.ssrc, None)
        rid = repaired or media or known
        if rid is not None:
            self._rids[packet.ssrc] = rid
        if len(self._rids) > MAX_STREAMS:
            del self._rids[next(iter(self._rids))]
        if rid == self._rid and repaired:
            self.repairs = packet.ssrc
        elif rid == self._rid and media:
            self.ssrc = packet.ssrc
        return rid == self._rid
