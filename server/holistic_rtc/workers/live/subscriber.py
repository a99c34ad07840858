"""A peer that receives a session's annotated video, its landmarks, or both."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiortc import RTCRtpTransceiver

from holistic_rtc.errors import ControlError
from holistic_rtc.media.inbound import InboundTrack
from holistic_rtc.media.outbound import AnnotatedTrack
from holistic_rtc.workers.live.peer import Peer, parse_parts


class Subscriber(Peer):
    """
    :param tracks: the session's; the first video that the peer wants to receive is given the first of them, and so on.
    """

    def __init__(self, name: str, ice_servers: list[dict[str, Any]], tracks: Sequence[InboundTrack]) -> None:
        super().__init__(name, ice_servers)
        self._untaken = list(tracks)
        self._videos: list[AnnotatedTrack] = []

    async def close(self) -> None:
        for video in self._videos:
            video.stop()
        await super().close()

    def _take(self, transceiver: RTCRtpTransceiver, offered: str) -> str:
        if offered not in ("sendrecv", "recvonly") or not self._untaken:
            return "inactive"
        video = AnnotatedTrack()
        self._videos.append(video)
        self._untaken.pop(0).feed(video)
        transceiver.sender.replaceTrack(video)
        return "sendonly"

    def _configure(self, message: Mapping[str, Any]) -> dict[str, Any]:
        for name in message:
            if name not in ("type", "parts"):
                raise ControlError(f'a subscriber can configure "parts", not {name!r}', code="bad_value")
        if "parts" in message:
            self.parts = parse_parts(message["parts"])
        return {"parts": sorted(self.parts)}
