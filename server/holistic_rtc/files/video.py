"""Decodes video files and cameras with FFmpeg."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import chain
from math import ceil
from pathlib import Path

import av
from av import VideoFrame
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from holistic_rtc.errors import MediaError, UncuttableError
from holistic_rtc.files.audio import Audio
from holistic_rtc.files.display import is_shown_as_it_is, shown, square_pixels
from holistic_rtc.files.jpeg import is_motion_jpeg
from holistic_rtc.files.timeline import may_jump, timed
from holistic_rtc.model.result import Image

_TEXT_ART = ("tty", "bin", "xbin", "adf", "idf")
"""Formats of terminal art, which FFmpeg detects in text files, or by suffix, and renders as video"""
_SELF_CONTAINED = "asf,avi,flv,gif,h264,hevc,ivf,matroska,mjpeg,mov,mp4,mpeg,mpegts,mpegvideo,mxf,ogg,webm,yuv4mpegpipe"
"""Formats that refer to no other files, which playlists such as HLS do"""
_INDEXED = ("matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2")
_SUFFIXES = frozenset(
    {".3g2", ".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4"}
    | {".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"}
)
_STILL_BRANDS = ("avif", "heic", "heim", "heis", "heix", "mif1")
"""Of pictures, of which FFmpeg would read one tile"""


def has_video_suffix(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES


class VideoReader:
    """
    An open video. Close it after use.

    :param source: a file, or, if `format` is given, a device.
    :param format: FFmpeg's name of the format, if it can't be detected from the content.
    :param options: FFmpeg's options for the format.
    :param max_pixels: maximum width times height, of a file that comes from a stranger: one that refers to other files
        isn't read either. None for any file.
    :param timeout: seconds to wait for data from a slow source.
    :param expected: what the source should be, for the error message.
    :param name: what to call it in messages; its path by default.
    :raises MediaError: the source can't be read, or contains no video.
    """

    def __init__(
        self,
        source: Path,
        *,
        format: str | None = None,
        options: dict[str, str] | None = None,
        timeout: float | None = None,
        max_pixels: int | None = None,
        expected: str = "a video",
        name: str | None = None,
    ) -> None:
        self.name = name or str(source)
        self.damaged = False
        """Whether some of the video couldn't be decoded because it is truncated or damaged"""
        self._expected = expected
        # With an explicit protocol, a file name that looks like a URL is still a file name.
        options = dict(options or {})
        if max_pixels is not None:
            options["format_whitelist"] = _SELF_CONTAINED
        url = str(source) if format else f"file:{source}"
        try:
            if format is None and source.is_file() and is_motion_jpeg(source):
                # FFmpeg would detect a picture.
                format = "mjpeg"
            open_again = partial(
                av.open, url, format=format, options=options, timeout=timeout, metadata_errors="replace"
            )
            self._container = open_again()
        except (FFmpegError, OSError) as error:
            raise self._unreadable(error) from error
        stream = self._container.streams.best("video")
        if (
            not isinstance(stream, VideoStream)
            or stream.disposition & Disposition.attached_pic
            or self._container.format.name in _TEXT_ART
            or self._container.metadata.get("major_brand") in _STILL_BRANDS
        ):
            self._container.close()
            raise MediaError(f"{self.name} has no video in it")
        if max_pixels is not None:
            self._limit(stream, max_pixels)
        self._stream = stream
        self.is_still = self._container.format.name.endswith("_pipe")
        """Whether it is a picture in a format that FFmpeg can read"""
        self._pixel_aspect = square_pixels(stream.sample_aspect_ratio)
        self.rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        """Frames per second"""
        self.seconds = (self._container.duration or 0) / av.time_base
        """Its duration, 0 if unknown"""
        self.frame_count = stream.frames or round(self.seconds * self.rate)
        """An estimate for some formats; 0 if unknown"""
        self._shifts: list[Fraction] = []
        self.audio = Audio(open_again, self._shifts) if self._container.streams.audio else None
        """The audio, once the frames have been read"""

    def frames(self, *, strict: bool = False) -> Iterator[VideoFrame]:
        """
        The frames in order. Their times are as :func:`timed` describes, so they suit an encoder.

        :param strict: whether to raise an error for frames that can't be decoded, instead of skipping them.
        :raises MediaError: a frame can't be decoded, and `strict` is set.
        """
        return timed(self._decode(strict), self.rate, may_jump=may_jump(self._container), shifts=self._shifts)

    @property
    def has_index(self) -> bool:
        """Whether its format says exactly where each key frame is."""
        return self._container.format.name in _INDEXED

    def frames_from(self, start_ms: int) -> tuple[VideoFrame, Iterator[VideoFrame]]:
        """
        The first frame, and those from some time on, as :meth:`frames` gives them, without decoding all that is before.

        :param start_ms: since the first frame.
        :raises UncuttableError: it isn't certain that they are the same, with the same times; also while reading them.
        """
        frames = self._decode(strict=False)
        first = next(frames, None)
        if first is None or first.pts is None or first.time_base is None:
            raise UncuttableError(f"{self.name} has no frame with a time at its beginning")
        self._shifts.append(-first.pts * first.time_base)
        start = ceil(Fraction(start_ms, 1000) / first.time_base)
        frames = self._sought(first.pts + start, first.pts, first.time_base) if start else chain([first], frames)
        return first, self._in_order(frames, first.pts, first.time_base, start)

    def _in_order(
        self, frames: Iterator[VideoFrame], origin: int, time_base: Fraction, start: int
    ) -> Iterator[VideoFrame]:
        last = -1
        for frame in frames:
            if frame.pts is None or frame.time_base != time_base or frame.pts - origin <= last:
                raise UncuttableError(f"{self.name} has times that aren't in order")
            frame.pts = last = frame.pts - origin
            frame.duration = frame.duration or round(1 / self.rate / time_base)
            if frame.pts >= start:
                yield frame

    def is_shown_as_it_is(self, frame: VideoFrame) -> bool:
        return is_shown_as_it_is(frame, self._pixel_aspect)

    def shown(self, frame: VideoFrame) -> Image:
        """
        The frame as a player shows it: turned, mirrored, and with square pixels.

        :return: ``(height, width, 3)`` uint8 RGB.
        """
        return shown(frame, self._pixel_aspect)

    def close(self) -> None:
        self._container.close()

    def _sought(self, start: int, origin: int, time_base: Fraction) -> Iterator[VideoFrame]:
        """
        From a key frame on that is shown at this time or before.

        :raises UncuttableError: there is none where the index says so.
        """
        try:
            # Some formats have an index of the times at which frames are decoded, which is earlier.
            self._container.seek(max(start - ceil(1 / time_base), origin), stream=self._stream)
        except FFmpegError as error:
            raise UncuttableError(f"{self.name} can't be sought: {error.strerror}") from error
        frames = self._decode(strict=False)
        for frame in frames:
            if frame.pts is None or frame.pts > start:
                break
            # What is shown before the key frame may refer to what was before it.
            if frame.key_frame:
                return chain([frame], frames)
        raise UncuttableError(f"{self.name} has no key frame where its index says so")

    def _decode(self, strict: bool) -> Iterator[VideoFrame]:
        packets = self._container.demux(self._stream)
        first_dts = lag = None
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                first_dts = packet.dts if first_dts is None else first_dts
                frames = packet.decode()
            except FFmpegError as error:
                if strict:
                    raise self._unreadable(error) from error
                self.damaged = True
            else:
                for frame in frames:
                    if self._container.format.name == "avi":
                        # What FFmpeg gives as presentation times of an AVI is wrong if frames are reordered. Its other
                        # times are later by the frames that the decoder waits for.
                        lag = (frame.dts or 0) - (first_dts or 0) if lag is None else lag
                        frame.pts = None if frame.dts is None else frame.dts - lag
                    yield frame

    def _limit(self, stream: VideoStream, max_pixels: int) -> None:
        """
        :raises MediaError: the frames are larger.
        """
        if stream.width * stream.height > max_pixels:
            self._container.close()
            raise MediaError(
                f"{self.name} has frames of {stream.width}x{stream.height}; the maximum is {max_pixels:,} pixels"
            )
        # Of frames that differ from what the file says.
        stream.codec_context.options = {"max_pixels": str(max_pixels)}

    def _unreadable(self, error: FFmpegError | OSError) -> MediaError:
        return MediaError(f"{self.name} can't be read as {self._expected}: {error.strerror}")
