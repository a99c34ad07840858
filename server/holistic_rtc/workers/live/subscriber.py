"""A peer that receives a session's annotated video, its landmarks, or both."""

from collections.abc import Sequence
from typing import Any

from aiortc import RTCRtpTransceiver

from holistic_rtc.media.audio import AudioTrack, InboundAudio
from holistic_rtc.media.inbound import InboundTrack
from holistic_rtc.media.outbound import AnnotatedTrack
from holistic_rtc.wire.control import Configure, Configured
from holistic_rtc.workers.live.peer import Peer, PeerLimits


class Subscriber(Peer):
    """
    :param tracks: the session's tracks. They are assigned in order to the videos that the peer wants to receive.
    :param audio: the session's audio, if it has any.
    """

    CONFIGURABLE = ("parts", "max_persons")

    def __init__(
        self,
        name: str,
        ice_servers: list[dict[str, Any]],
        limits: PeerLimits,
        tracks: Sequence[InboundTrack],
        audio: InboundAudio | None,
    ) -> None:
        super().__init__(name, ice_servers, limits)
        self._untaken = list(tracks)
        self._audio = audio
        self._outputs: list[AnnotatedTrack | AudioTrack] = []

    async def close(self) -> None:
        for output in self._outputs:
            output.stop()
        await super().close()

    def _take(self, transceiver: RTCRtpTransceiver, offered: str) -> str:
        if offered not in ("sendrecv", "recvonly"):
            return "inactive"
        output = self._feed_audio() if transceiver.kind == "audio" else self._feed_video()
        if output is None:
            return "inactive"
        self._outputs.append(output)
        transceiver.sender.replaceTrack(output)
        return "sendonly"

    def _feed_video(self) -> AnnotatedTrack | None:
        if not self._untaken:
            return None
        video = AnnotatedTrack()
        self._untaken.pop(0).feed(video)
        return video

    def _feed_audio(self) -> AudioTrack | None:
        if self._audio is None:
            return None
        audio = AudioTrack()
        self._audio.feed(audio)
        return audio

    def _configure(self, message: Configure) -> Configured:
        self._choose_landmarks(message)
        return Configured(parts=sorted(self.parts), max_persons=self.max_persons)
