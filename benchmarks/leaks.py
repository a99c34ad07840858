"""What 50 connects and disconnects leave behind."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from benchmarks import clip
from benchmarks.figure import Figure
from benchmarks.processes import Server, holistic_rtc

CONNECTS = 50
AT_ONCE = 3
# The first ones load what the front process loads only once.
WARM_UP = 3
DEADLINE = 30.0


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        try:
            with holistic_rtc("--max-sessions", str(2 * AT_ONCE)) as server:
                asyncio.run(_connect_often(server.url, WARM_UP))
                before = _settled(server, Path(folder))
                asyncio.run(_connect_often(server.url, CONNECTS))
                after = _settled(server, Path(folder), before)
        finally:
            del os.environ["TMPDIR"]
    grown = after.memory - before.memory
    return [
        Figure(f"{CONNECTS} connects: processes left", after.processes - before.processes, "", at_most=0),
        Figure(f"{CONNECTS} connects: threads left", after.threads - before.threads, "", at_most=0),
        Figure(f"{CONNECTS} connects: files and sockets left open", after.descriptors - before.descriptors, "", 0),
        Figure(f"{CONNECTS} connects: temporary files left", after.temporary - before.temporary, "", at_most=0),
        Figure("memory of the front process, before", before.memory / 1e6, "MB"),
        Figure(f"{CONNECTS} connects: growth of that memory", grown / 1e6, "MB", at_most=3),
    ]


@dataclass(frozen=True)
class _State:
    """
    :param processes: of the whole server; the others are of its front process.
    :param memory: resident, in bytes.
    """

    processes: int
    threads: int
    descriptors: int
    temporary: int
    memory: int


def _settled(server: Server, folder: Path, earlier: _State | None = None) -> _State:
    """The state once the last sessions are gone; when it doesn't get back to an earlier one, what it is after 10 s."""
    server.until_ready()
    deadline = time.monotonic() + 10
    while True:
        state = _State(
            processes=len(server.tree()),
            threads=server.process.num_threads(),
            descriptors=server.process.num_fds(),
            temporary=len(list(folder.rglob("*"))),
            memory=server.process.memory_info().rss,
        )
        if earlier is None:
            if state.processes == 2:
                return state
        elif all(now <= then for now, then in zip(astuple(state)[:-1], astuple(earlier)[:-1], strict=True)):
            return state
        if time.monotonic() > deadline:
            return state
        time.sleep(0.2)


async def _connect_often(url: str, times: int) -> None:
    left = iter(range(times))
    async with aiohttp.ClientSession(url) as http, asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(_connect_in_turn(http, left))


async def _connect_in_turn(http: aiohttp.ClientSession, left: Iterator[int]) -> None:
    for _ in left:
        async with asyncio.timeout(DEADLINE):
            await _connect(http)


async def _connect(http: aiohttp.ClientSession) -> None:
    """One session, until its first landmarks have come."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        peer.addTransceiver(_StillTrack(), direction="sendonly")
        tracked = asyncio.Event()
        landmarks = peer.createDataChannel("landmarks", ordered=False, maxRetransmits=0)
        landmarks.on("message", lambda message: tracked.set())
        await peer.setLocalDescription(await peer.createOffer())
        headers = {"Content-Type": "application/sdp"}
        async with http.post("/whip", data=peer.localDescription.sdp, headers=headers) as response:
            response.raise_for_status()
            await peer.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
        await tracked.wait()
        async with http.delete(response.headers["Location"]) as ended:
            ended.raise_for_status()
    finally:
        await peer.close()


class _StillTrack(MediaStreamTrack):
    """The first picture of the clip, 10 times a second."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._picture = clip.frames()[0]
        self._numbers = count()

    async def recv(self) -> VideoFrame:
        await asyncio.sleep(0.1)
        if self.readyState == "ended":
            raise MediaStreamError
        frame = VideoFrame.from_ndarray(self._picture, format="rgb24")
        frame.pts, frame.time_base = next(self._numbers), Fraction(1, 10)
        return frame
