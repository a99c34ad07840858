"""Subscribing to a session."""

from collections.abc import Collection
from urllib.parse import quote

from aiortc import RTCIceServer

from holistic_rtc.client.connection import Connection
from holistic_rtc.client.signalling import Server
from holistic_rtc.model.parts import Part
from holistic_rtc.wire.control import Configure


class Subscription(Connection):
    """
    Receives a session's landmarks, its annotated video, or both.

    :param session: the session's id.
    :param videos: how many of the session's video tracks to receive, starting with the first.
    :param landmarks: whether to receive landmarks.
    """

    def __init__(
        self, server: Server, ice_servers: list[RTCIceServer], session: str, *, videos: int, landmarks: bool
    ) -> None:
        super().__init__(server, ice_servers, f"/whep/{quote(session, safe='')}", landmarks=landmarks)
        for _ in range(videos):
            self._pc.addTransceiver("video", direction="recvonly")

    async def configure(self, *, parts: Collection[Part | str]) -> None:
        """
        Choose the parts to receive from now on.

        :param parts: by the schema's names.
        :raises ControlError: a part is unknown; the message lists the known ones.
        """
        await self._configure(Configure(parts=list(parts)))
