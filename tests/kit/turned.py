"""A publisher whose camera is turned, as a phone's, and that says so instead of turning its pictures."""

from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, pack_header_extensions, unpack_header_extensions

from .publisher import PictureTrack, Publisher

ID = 9


class _Orientation(HeaderExtensionsMap):
    def __init__(self, value: int) -> None:
        super().__init__()
        self._value = value

    def set(self, values: HeaderExtensions) -> tuple[int, bytes]:
        return pack_header_extensions([*unpack_header_extensions(*super().set(values)), (ID, bytes([self._value]))])


class TurnedPublisher(Publisher):
    """
    Sends one video, and wants none back.

    :param value: of ``urn:3gpp:video-orientation`` in each packet.
    """

    def send(self, track: PictureTrack, value: int) -> None:
        sender = self.pc.addTransceiver(track, direction="sendonly").sender
        sender._RTCRtpSender__rtp_header_extensions_map = _Orientation(value)  # type: ignore[attr-defined]

    async def offer(self) -> str:
        extension = f"a=extmap:{ID} urn:3gpp:video-orientation\r\n"
        return (await super().offer()).replace("a=mid:0\r\n", f"a=mid:0\r\n{extension}")
