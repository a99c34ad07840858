"""A peer that receives a session's annotated video, its landmarks, or both."""

from collections.abc import Sequence
from typing import Any

from aiortc import RTCRtpTransceiver

from holistic_rtc.media.inbound import Demand, InboundTrack
from holistic_rtc.media.outbound import AnnotatedTrack
from holistic_rtc.wire.control import Configure, Configured
from holistic_rtc.workers.live.peer import Peer


class Subscriber(Peer):
    """
    :param limits: see :class:`.peer.Peer`.
    :param tracks: the session's tracks. They are assigned in order to the videos that the peer wants to receive.
    """

    CONFIGURABLE = ("parts", "max_persons")

    def __init__(
        self, name: str, ice_servers: list[dict[str, Any]], limits: Demand, tracks: Sequence[InboundTrack]
    ) -> None:
        super().__init__(name, ice_servers, limits)
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

    def _configure(self, message: Configure) -> Configured:
        self._choose_landmarks(message)
        return Configured(parts=sorted(self.parts), max_persons=self.max_persons)
