"""Receiving what somebody else publishes."""

from collections.abc import Collection
from urllib.parse import quote

from aiortc import RTCIceServer

from holistic_rtc.client.connection import Connection
from holistic_rtc.client.signalling import Server
from holistic_rtc.model.parts import Part
from holistic_rtc.wire.control import Configure


class Subscription(Connection):
    """
    Receives a session's landmarks, annotated video, or both.

    :param videos: how many of the session's videos to receive, from its first.
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
        Choose the landmarks to receive from now on, by the schema's names.

        :raises ControlError: one of them is unknown; the message names those that are known.
        """
        await self._configure(Configure(parts=list(parts)))
