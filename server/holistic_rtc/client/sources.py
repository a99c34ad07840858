"""Sources of published video: files, cameras, and async iterables of numpy arrays."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from holistic_rtc.client.newest import Newest
from holistic_rtc.errors import MediaError
from holistic_rtc.files.video import VideoReader
from holistic_rtc.model.result import Image
from holistic_rtc.pipeline.frames import encodable, from_rgb

VIDEO_CLOCK = 90_000
"""Ticks per second of RTP's clock for video (RFC 3551, section 5)."""

TIMEOUT = 5.0
"""Seconds to wait for data from a camera, or a file on a slow disk."""

Frames = AsyncIterable[Image | VideoFrame]
Source = str | Path | int | Frames


@dataclass(frozen=True)
class VideoFile:
    """
    A video that FFmpeg can read, played at its own speed, or slower if this machine can't encode that fast. It is
    turned, mirrored and stretched as a player does.

    :param path: the file.
    :param loop: whether to repeat it endlessly.

    Iterating it raises :class:`MediaError` if it can't be read.
    """

    path: str | Path
    loop: bool = False

    async def __aiter__(self) -> AsyncIterator[VideoFrame]:
        started: float | None = None
        async with aclosing(_on_thread(_decode(Path(self.path), loop=self.loop))) as frames:
            async for frame in frames:
                assert frame.time is not None
                if started is None:
                    yield frame
                    # The clock starts when the first frame has been sent, however long ago it was decoded.
                    started = time.monotonic() - frame.time
                else:
                    await asyncio.sleep(started + frame.time - time.monotonic())
                    yield frame


@dataclass(frozen=True)
class Camera:
    """
    A camera on Linux (V4L2). Frames that the encoder has no time for are dropped, so the video is always current.

    :param device: a path such as ``/dev/video0``, or its number.
    :param width: in pixels, like the height; the camera uses the nearest size that it supports.
    :param fps: frames per second; the camera may use another rate.

    Iterating it raises :class:`MediaError` if there is no such camera, or if it stops.
    """

    device: str | int = 0
    width: int = 640
    height: int = 480
    fps: int = 30

    async def __aiter__(self) -> AsyncIterator[VideoFrame]:
        device = Path(f"/dev/video{self.device}" if isinstance(self.device, int) else self.device)
        newest: Newest[VideoFrame] = Newest()
        options = {"video_size": f"{self.width}x{self.height}", "framerate": str(self.fps)}

        async def pump() -> None:
            try:
                async with aclosing(_on_thread(_decode(device, format="v4l2", options=options))) as frames:
                    async for frame in frames:
                        newest.put(frame)
            except MediaError as error:
                newest.end(error)
            else:
                newest.end(MediaError(f"the camera {device} has stopped"))

        pumping = asyncio.create_task(pump(), name=f"camera {device}")
        try:
            async for frame in newest:
                yield frame
        finally:
            pumping.cancel()
            await asyncio.gather(pumping, return_exceptions=True)


class SourceTrack(MediaStreamTrack):
    """
    Sends a source's frames to a peer connection. Images are timestamped on arrival; a ``VideoFrame`` keeps its own
    timestamp.

    :param source: the track ends when its iteration ends.
    """

    kind = "video"

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.ended: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        """Resolved when the track has ended: with the source's error, or with None."""
        frames = _frames_of(source)
        self._can_be_tried = isinstance(frames, VideoFile | Camera)
        self._frames = aiter(frames)
        self._first: VideoFrame | None = None
        self._started: float | None = None

    async def open(self) -> None:
        """
        Check that a file or camera can be read. Other sources aren't checked: they may depend on the connection.

        :raises MediaError: it can't be read.
        """
        if self._can_be_tried:
            self._first = await self._take()

    async def recv(self) -> VideoFrame:
        if self.ended.done():
            raise MediaStreamError
        try:
            frame, self._first = self._first or await self._take(), None
        except Exception as error:
            self.ended.set_result(error)
            raise MediaStreamError from error
        if frame is None:
            self.ended.set_result(None)
            raise MediaStreamError
        return frame

    async def close(self) -> None:
        """Close the source. Call this when nothing receives from the track any more."""
        self.stop()
        if isinstance(self._frames, AsyncGenerator):
            await self._frames.aclose()

    async def _take(self) -> VideoFrame | None:
        picture = await anext(self._frames, None)
        if picture is None:
            return None
        if isinstance(picture, VideoFrame):
            return await asyncio.to_thread(encodable, picture)
        now = time.monotonic()
        self._started = self._started or now
        frame = await asyncio.to_thread(from_rgb, _checked(picture))
        frame.pts = round((now - self._started) * VIDEO_CLOCK)
        frame.time_base = Fraction(1, VIDEO_CLOCK)
        return frame


def _frames_of(source: Source) -> Frames:
    match source:
        case int():
            return Camera(source)
        case str() if source.startswith("/dev/video"):
            return Camera(source)
        case str() | Path():
            return VideoFile(source)
    return source


def _checked(image: Image) -> Image:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or min(image.shape[:2]) < 2:
        raise MediaError(f"a frame is (height, width, 3) uint8 RGB, at least 2 x 2, not {image.shape} {image.dtype}")
    return np.ascontiguousarray(image)


async def _on_thread(frames: Generator[VideoFrame]) -> AsyncGenerator[VideoFrame]:
    """Run a blocking generator on its own thread."""
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decoder")
    try:
        while (frame := await loop.run_in_executor(thread, next, frames, None)) is not None:
            yield frame
    finally:
        await loop.run_in_executor(thread, frames.close)
        thread.shutdown(wait=False)


def _decode(
    path: Path, *, format: str | None = None, options: dict[str, str] | None = None, loop: bool = False
) -> Generator[VideoFrame]:
    """
    The frames as a player shows them, with times since the first one in ticks of the video clock.

    :raises MediaError: the file or device can't be read, or contains no video.
    """
    if not path.exists():
        raise MediaError(f"there is no {path}; see `ls {path.parent}`")
    last: int | None = None
    while True:
        with closing(VideoReader(path, format=format, options=options, timeout=TIMEOUT)) as video:
            begin = 0 if last is None else last + round(VIDEO_CLOCK / video.rate)
            for frame in video.frames(strict=True):
                assert frame.time is not None
                last = max(begin + round(frame.time * VIDEO_CLOCK), 0 if last is None else last + 1)
                frame = encodable(frame) if video.is_shown_as_it_is(frame) else from_rgb(video.shown(frame))
                frame.pts = last
                frame.time_base = Fraction(1, VIDEO_CLOCK)
                yield frame
        if last is None:
            raise MediaError(f"{path} has no frame that can be read")
        if not loop:
            return
