"""A legitimate session beside an attack, which must not notice it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import psutil
from av import VideoFrame

from .abuse import client_at
from .pictures import grace_hopper
from .publisher import PictureTrack, Publisher
from .serving import Server

SHARE = 0.9
"""Of the frames that the session keeps without an attack, it keeps at least so many during one"""
TOLERANCE = 2
"""Frames that may be missing besides, since more may be on their way at the end of a count than at its start"""
LEAST = 25
"""Frames to count"""
FPS = 8
"""So few that even a busy machine tracks each: that an attack takes CPU time is no harm"""


class _CountedTrack(PictureTrack):
    sent = 0

    async def recv(self) -> VideoFrame:
        frame = await super().recv()
        self.sent += 1
        return frame


@dataclass
class Count:
    """
    :param sent: how many frames the publisher has sent.
    :param kept: how many of them have come back as landmarks.
    """

    sent: int = 0
    kept: int = 0

    @property
    def share(self) -> float:
        return min(1.0, self.kept / self.sent)


class Bystander:
    """
    :ivar publisher: of the session, which comes from another address than the attacks.
    :ivar worker: the session's process.
    """

    def __init__(self, publisher: Publisher, track: _CountedTrack, worker: psutil.Process) -> None:
        self.publisher = publisher
        self.worker = worker
        self._track = track
        self._alone = Count()

    @classmethod
    @asynccontextmanager
    async def joining(cls, server: Server) -> AsyncIterator[Self]:
        """The only session of a server."""
        async with client_at("203.0.113.200") as http, Publisher(server.url, http) as publisher:
            track = _CountedTrack(grace_hopper(320, 240), FPS)
            publisher.pc.addTransceiver(track, direction="sendonly")
            publisher.open_landmarks()
            await publisher.connect()
            await publisher.until_landmarks(5)
            # A process that starts takes as much CPU time as it gets.
            await server.until_ready()
            bystander = cls(publisher, track, await server.busy_worker())
            async with bystander.counting() as bystander._alone:
                pass
            yield bystander

    @asynccontextmanager
    async def unharmed(self) -> AsyncIterator[None]:
        """During the attack in this block, the session must keep its frames."""
        async with self.counting() as count:
            yield
        least = SHARE * self._alone.share * count.sent - TOLERANCE
        assert count.kept >= least, f"{count}, and without the attack, {self._alone}"
        assert not self.publisher.received("end")

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[Count]:
        """
        For the time of the block, and until there are enough frames.

        :return: complete when it is over.
        """
        count = Count()
        sent, kept = self._track.sent, len(self.publisher.landmarks)
        yield count
        await self.publisher.until(lambda: self._track.sent - sent >= LEAST)
        count.sent, count.kept = self._track.sent - sent, len(self.publisher.landmarks) - kept
