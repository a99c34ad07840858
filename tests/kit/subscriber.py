"""A subscriber of a session, as a bare peer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from .peer import Peer


@asynccontextmanager
async def subscribing(
    url: str, session: str, *, videos: int = 1, protocol: str | None = "holistic.v1.fb"
) -> AsyncIterator[Peer]:
    """A connected one, closed at the end without a word to the server."""
    async with aiohttp.ClientSession() as http, Peer(url, http) as subscriber:
        for _ in range(videos):
            subscriber.pc.addTransceiver("video", direction="recvonly")
        if protocol:
            subscriber.open_landmarks(protocol)
        await subscriber.negotiate(f"/whep/{session}")
        yield subscriber
