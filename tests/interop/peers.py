"""Programs that make other WebRTC stacks, and browsers, peers of the server."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np

from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.wire import as_flatbuffers

CONNECTS = int(os.environ.get("INTEROP_CONNECTS", "1"))
"""How many times each client connects in each role."""


class Driver:
    """A program that says, and may be told, lines of JSON, and ends when its standard input is closed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.rest = ""
        """Once it has ended: what it has said since."""
        self._process = process

    async def line(self) -> dict[str, Any]:
        """The next that it says."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the program ended; see its output above"
        said: dict[str, Any] = json.loads(line)
        return said

    def tell(self, line: dict[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def end(self, timeout: float) -> None:
        try:
            rest, _ = await asyncio.wait_for(self._process.communicate(b""), timeout)
        except TimeoutError:
            self._process.kill()
            raise
        self.rest = rest.decode()


@asynccontextmanager
async def driver(*command: str | Path, timeout: float) -> AsyncIterator[Driver]:
    """
    :param timeout: how many seconds it may take to end.
    """
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24
    )
    program = Driver(process)
    try:
        yield program
    finally:
        await program.end(timeout)
    assert process.returncode == 0


class Peer:
    """What ``node/driver.mjs`` and the like tell of one session, in the order it came."""

    def __init__(self, driver: Driver) -> None:
        self.location = ""
        self.control: list[dict[str, Any]] = []
        self.landmarks: list[LandmarkMessage] = []
        self.frames: list[av.VideoFrame] = []
        self._driver = driver
        self._decoder = av.CodecContext.create("vp8", "r")

    @property
    def session(self) -> str:
        return self.location.split("/")[2]

    async def until(self, condition: Callable[[], object], timeout: float = 60) -> None:
        """Read on until `condition` holds."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._take(**await self._driver.line())

    def _take(
        self,
        location: str | None = None,
        control: dict[str, Any] | None = None,
        landmarks: str | None = None,
        frame: str | None = None,
        picture: str | None = None,
        width: int = 0,
        height: int = 0,
    ) -> None:
        if location:
            self.location = location
        if control:
            self.control.append(control)
        if landmarks:
            self.landmarks.append(as_flatbuffers.decode(base64.b64decode(landmarks)))
        if frame:
            self.frames += self._decoder.decode(av.Packet(base64.b64decode(frame)))
        if picture:
            planes = np.frombuffer(base64.b64decode(picture), np.uint8).reshape(height * 3 // 2, width)
            self.frames.append(av.VideoFrame.from_ndarray(planes, format="yuv420p"))


@asynccontextmanager
async def peering(*command: str | Path) -> AsyncIterator[Peer]:
    """One that has its answer; at the end it deletes its session."""
    async with driver(*command, timeout=20) as program:
        peer = Peer(program)
        await peer.until(lambda: peer.location)
        yield peer
