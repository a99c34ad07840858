"""Opening and decoding what FFmpeg can read as a video: files and cameras."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av import VideoFrame
from av.error import FFmpegError
from av.video.stream import VideoStream

from holistic_rtc.errors import MediaError

_TEXT_ART = ("tty", "bin", "xbin", "adf", "idf")
"""What FFmpeg takes a text file, or one with the suffix of such a format, for: a video of a terminal"""


class VideoReader:
    """
    An open video. To be closed.

    :param source: a file, or with a `format` a device.
    :param format: FFmpeg's name of it, if it can't be told from the content.
    :param options: FFmpeg's, for the format.
    :param timeout: seconds to wait for a slow source to give anything.
    :param expected: what the source should be, in words, for the error.
    :raises MediaError: it can't be read, or has no video.
    """

    def __init__(
        self,
        source: Path,
        *,
        format: str | None = None,
        options: dict[str, str] | None = None,
        timeout: float | None = None,
        expected: str = "a video",
    ) -> None:
        self.source = source
        self.damaged = False
        """Whether some of it could not be decoded, as it is cut or broken"""
        self._expected = expected
        # With the protocol named, a file name that looks like an address is still a file.
        name = str(source) if format else f"file:{source}"
        try:
            self._container = av.open(
                name, format=format, options=options or {}, timeout=timeout, metadata_errors="replace"
            )
        except FFmpegError as error:
            raise self._unreadable(error) from error
        stream = self._container.streams.best("video")
        if not isinstance(stream, VideoStream) or self._container.format.name in _TEXT_ART:
            self._container.close()
            raise MediaError(f"{source} has no video in it")
        self._stream = stream
        self.rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        """Frames a second"""
        seconds = (self._container.duration or 0) / av.time_base
        self.frame_count = stream.frames or round(seconds * self.rate)
        """0 if it isn't known; a guess for some formats"""

    def frames(self, *, strict: bool = False) -> Iterator[VideoFrame]:
        """
        The frames in order. Their times count from the first one, and increase as encoders want them to.

        :param strict: whether to fail on what can't be decoded, instead of leaving it out.
        :raises MediaError: the video can't be decoded, and `strict` is set.
        """
        first: int | None = None
        last = -1
        for frame in self._decode(strict):
            if frame.pts is None or frame.time_base is None:
                # Of a stream without times, only the rate is known.
                frame.pts, frame.time_base = last + 1, 1 / self.rate
            if first is None:
                first = frame.pts
            frame.pts = last = max(frame.pts - first, last + 1)
            yield frame

    def close(self) -> None:
        self._container.close()

    def _decode(self, strict: bool) -> Iterator[VideoFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except FFmpegError as error:
                if strict:
                    raise self._unreadable(error) from error
                self.damaged = True
            else:
                yield from frames

    def _unreadable(self, error: FFmpegError) -> MediaError:
        return MediaError(f"{self.source} can't be read as {self._expected}: {error.strerror}")
