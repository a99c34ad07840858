"""Publishing: a session of one's own."""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import TypedDict, Unpack

from aiortc import RTCIceServer

from holistic_rtc.client.connection import Connection
from holistic_rtc.client.signalling import Server
from holistic_rtc.client.sources import SourceTrack
from holistic_rtc.model.parts import Part
from holistic_rtc.wire.control import Configure

TRAIL = 1.0
"""Seconds that landmarks may follow the last frame."""


class Settings(TypedDict, total=False):
    """What a publisher can configure; what is left out stays as it is."""

    parts: Collection[Part | str]
    """Which landmarks to receive, by the schema's names; all but the rig at first"""
    draw: bool
    """Whether the video that comes back is annotated; true at first"""
    smoothing: bool
    """Whether face and hands are smoothed over time; true at first"""
    max_fps: float | None
    """Tracked frames a second at most, from 1 to 60; None, no limit, at first"""


class Publication(Connection):
    """
    Sends video and receives its landmarks, and the annotated video if wanted. When all sources have come to their end,
    so does the session, as soon as the landmarks of their last frames have come.

    :param tracks: what to send.
    :param video: whether to receive the annotated video.
    """

    def __init__(
        self, server: Server, ice_servers: list[RTCIceServer], tracks: Sequence[SourceTrack], *, video: bool
    ) -> None:
        super().__init__(server, ice_servers, "/whip", landmarks=True)
        self._tracks = tracks
        for track in tracks:
            self._pc.addTransceiver(track, direction="sendrecv" if video else "sendonly")

    async def open(self) -> None:
        for track in self._tracks:
            await track.open()
        await super().open()
        self._start(self._watch_tracks(), "sources")

    async def configure(self, **settings: Unpack[Settings]) -> None:
        """
        Change what the server does, from now on.

        :raises ControlError: it refuses, and nothing has changed; a ``code`` says why.
        """
        if "parts" in settings:
            settings["parts"] = list(settings["parts"])
        await self._configure(Configure(**settings))

    async def _watch_tracks(self) -> None:
        for ended in asyncio.as_completed([track.ended for track in self._tracks]):
            if error := await ended:
                self._end(error)
        last_frame = time.monotonic()
        left = TRAIL
        while left > 0:
            await asyncio.sleep(left)
            left = max(last_frame, self._last_landmarks) + TRAIL - time.monotonic()
        self._end(None)

    async def _close(self) -> None:
        await super()._close()
        for track in self._tracks:
            await track.close()
