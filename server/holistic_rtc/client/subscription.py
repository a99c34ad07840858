"""Subscribing to a session."""

from collections.abc import Collection
from typing import TypedDict, Unpack
from urllib.parse import quote

from aiortc import RTCIceServer

from holistic_rtc.client.connection import Connection
from holistic_rtc.client.signalling import Server
from holistic_rtc.model.parts import Part
from holistic_rtc.wire.control import Configure


class SubscriberSettings(TypedDict, total=False):
    """What a subscriber can choose. What is left out stays as it is."""

    parts: Collection[Part | str]
    """The parts to receive, by the schema's names. Default: all except the rig"""
    max_persons: int | None
    """How many of the people in a frame to receive; None for all that the server tracks. Default: 1"""


class Subscription(Connection):
    """
    Receives a session's landmarks, its annotated video, or both.

    :param session: the session's id.
    :param key: its viewing key; None if it isn't needed.
    :param videos: how many of the session's video tracks to receive, starting with the first.
    :param audio: whether to receive the publisher's audio.
    :param landmarks: whether to receive landmarks.
    """

    def __init__(
        self,
        server: Server,
        ice_servers: list[RTCIceServer],
        session: str,
        key: str | None,
        *,
        videos: int,
        audio: bool,
        landmarks: bool,
    ) -> None:
        path = f"/whep/{quote(session, safe='')}"
        if key:
            path += f"?key={quote(key, safe='')}"
        super().__init__(server, ice_servers, path, landmarks=landmarks)
        for _ in range(videos):
            self._pc.addTransceiver("video", direction="recvonly")
        if audio:
            self._pc.addTransceiver("audio", direction="recvonly")

    async def configure(self, **settings: Unpack[SubscriberSettings]) -> None:
        """
        Choose what to receive from now on. Of parts that the server knows but doesn't track, and of more people than it
        tracks, nothing is sent; ``configuration`` tells what is.

        :raises ControlError: a part is unknown; the message lists those that there are.
        """
        if "parts" in settings:
            settings["parts"] = list(settings["parts"])
        await self._configure(Configure(**settings))
