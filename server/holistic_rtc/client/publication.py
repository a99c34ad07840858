"""Publishing a session."""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import TypedDict, Unpack

from aiortc import RTCIceServer
from yarl import URL

from holistic_rtc.client.connection import Connection
from holistic_rtc.client.signalling import Server
from holistic_rtc.client.sources import SourceTrack
from holistic_rtc.model.parts import Part
from holistic_rtc.wire.control import Configure

TRAIL = 1.0
"""Seconds to wait for further landmarks after the last frame or the last landmarks."""


class Settings(TypedDict, total=False):
    """A publisher's settings. Omitted ones keep their value."""

    parts: Collection[Part | str]
    """The parts to receive, by the schema's names. Default: all except the rig"""
    max_persons: int | None
    """How many people to track at most; None for as many as the server tracks. Default: 1"""
    draw: bool
    """Whether to draw the landmarks on the returned video. Default: true"""
    smoothing: bool
    """Whether to smooth face and hands over time. Default: true"""
    max_fps: float | None
    """Maximum number of tracked frames per second, from 1 to 60. Default: None, no limit"""


class Publication(Connection):
    """
    Sends video and receives its landmarks and, optionally, the annotated video. When all sources have ended, the
    session ends, too, after the landmarks of the last frames have arrived. When a source fails, the
    session ends at once, and :meth:`wait_ended` and the iterations of :meth:`landmarks` and :meth:`video` raise its
    error: a :class:`MediaError` for files, cameras and unsuitable images, else what the source itself raised.

    :param tracks: the videos to send.
    :param video: whether to receive the annotated video.
    :param public: whether everyone may list and watch the session.
    :param name: a name for the session; None for none.
    :param key: with which the name can be taken over.
    """

    def __init__(
        self,
        server: Server,
        ice_servers: list[RTCIceServer],
        tracks: Sequence[SourceTrack],
        *,
        video: bool,
        public: bool,
        name: str | None,
        key: str,
    ) -> None:
        path = URL("/whip").joinpath(name) if name else URL("/whip")
        query = ({"public": "true"} if public else {}) | ({"key": key} if name else {})
        super().__init__(server, ice_servers, str(path.with_query(query)), landmarks=True)
        self._tracks = tracks
        for track in tracks:
            self._pc.addTransceiver(track, direction="sendrecv" if video else "sendonly")

    async def open(self) -> None:
        """
        Open the sources and connect.

        :raises MediaError: a file or camera can't be read.
        :raises ClientError: the server rejects the offer, or can't be reached.
        """
        for track in self._tracks:
            await track.open()
        await super().open()
        self._start(self._watch_tracks(), "sources")

    async def configure(self, **settings: Unpack[Settings]) -> None:
        """
        Change settings of the running session.

        :raises ControlError: the server rejects them; ``code`` says why. No setting is changed.
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
