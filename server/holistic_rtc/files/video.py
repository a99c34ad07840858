"""Decodes video files and cameras with FFmpeg."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av import VideoFrame
from av.error import FFmpegError
from av.video.stream import VideoStream

from holistic_rtc.errors import MediaError

_TEXT_ART = ("tty", "bin", "xbin", "adf", "idf")
"""Formats of terminal art, which FFmpeg detects in text files, or by suffix, and renders as video"""


class VideoReader:
    """
    An open video. Close it after use.

    :param source: a file, or, if `format` is given, a device.
    :param format: FFmpeg's name of the format, if it can't be detected from the content.
    :param options: FFmpeg's options for the format.
    :param timeout: seconds to wait for data from a slow source.
    :param expected: what the source should be, for the error message.
    :raises MediaError: the source can't be read, or contains no video.
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
        """Whether some of the video couldn't be decoded because it is truncated or damaged"""
        self._expected = expected
        # With an explicit protocol, a file name that looks like a URL is still a file name.
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
        """Frames per second"""
        seconds = (self._container.duration or 0) / av.time_base
        self.frame_count = stream.frames or round(seconds * self.rate)
        """An estimate for some formats; 0 if unknown"""

    def frames(self, *, strict: bool = False) -> Iterator[VideoFrame]:
        """
        The frames in order. Their times start at 0 and are strictly increasing, as encoders require.

        :param strict: whether to raise an error for frames that can't be decoded, instead of skipping them.
        :raises MediaError: a frame can't be decoded, and `strict` is set.
        """
        first: int | None = None
        last = -1
        for frame in self._decode(strict):
            if frame.pts is None or frame.time_base is None:
                # In a stream without timestamps, only the rate is known.
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
