"""Writes annotated videos: H.264 in MP4."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av import CodecContext, VideoFrame
from av.codec.context import Flags
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from holistic_rtc.errors import MediaError, UncuttableError
from holistic_rtc.files.seams import SEAMS, Seams
from holistic_rtc.model.result import Image
from holistic_rtc.pipeline.frames import COLOR_RANGE, COLORSPACE, FORMAT, from_rgb

MAX_VIDEO_SIDE = 16_384
"""Of x264"""
_CODEC = "libx264"
# With B-frames, unevenly spaced frames would make the duration in the file wrong.
_OPTIONS = {"preset": "veryfast", "crf": "20", "bf": "0"}
# The index first, so that a player can begin before it has the whole file. Without the bit rate, which a copy has from
# its sections.
_FORMAT = {"movflags": "+faststart", "write_btrt": "0"}


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame as a viewer shows it."""

    image: Image
    timestamp_ms: int
    frame: VideoFrame | None = None
    """For videos: the decoded frame, whose time the annotated frame gets"""


def open_output(path: Path) -> OutputContainer:
    """
    :return: an MP4, whatever its name.
    :raises FFmpegError: it can't be written.
    """
    return av.open(f"file:{path}", "w", format="mp4", options=_FORMAT)


Write = Callable[[Shot, Image], None]
"""Called with a frame, and the image to write in its place"""

Check = Callable[[], object]
"""Called again and again while a video is being finished. It may raise an exception to stop that."""


def unchecked() -> None:
    """Let it go on."""


@contextmanager
def writing_video(
    path: Path, rate: Fraction, seams: Seams = SEAMS, size: tuple[int, int] | None = None, *, from_zero: bool = False
) -> Iterator[Write]:
    """
    :param rate: frames a second, on average.
    :param seams: where another encoder begins, so that a chunk is encoded as it is within the whole.
    :param size: of all frames, width and height; that of the first one by default. Others are scaled.
    :param from_zero: whether the times in the file are those since its own first frame.
    :raises MediaError: it can't be written.
    """
    with explained_errors(), open_output(path) as container:
        stream = container.add_stream(_CODEC, rate=rate, options=_OPTIONS)
        assert isinstance(stream, VideoStream)
        mux = _Mux(container, stream)
        encoder: VideoCodecContext | None = None
        section = start = 0

        def encode(frame: VideoFrame | None) -> None:
            assert encoder is not None
            for packet in encoder.encode(frame):
                mux.add(packet, -start)

        def write(shot: Shot, image: Image) -> None:
            nonlocal encoder, section, size, start
            assert shot.frame is not None
            if min(image.shape[:2]) < 2 or max(image.shape) > MAX_VIDEO_SIDE:
                raise MediaError(f"an annotated video must be 2 to {MAX_VIDEO_SIDE:,} pixels wide and high")
            frame = from_rgb(image, shot.frame)
            if encoder is None:
                size = size or (frame.width, frame.height)
                start = cast(int, frame.pts) if from_zero else 0
                encoder = stream.codec_context
                # Steps of 1 / rate would be too coarse for unevenly spaced frames.
                _configure(encoder, size, cast(Fraction, shot.frame.time_base))
            elif seams.before(shot.timestamp_ms) != section:
                encode(None)
                encoder = _like(encoder)
            section = seams.before(shot.timestamp_ms)
            # The encoder scales frames that differ in size from the first.
            frame.duration = shot.frame.duration
            encode(frame)

        yield write
        if encoder is not None:
            encode(None)
        mux.flush()


class _Mux:
    """Writes packets, of which each lasts until the next: reordered frames have the durations of others."""

    def __init__(self, container: OutputContainer, stream: VideoStream) -> None:
        self._container = container
        self._stream = stream
        self._held: Packet[VideoStream] | None = None

    def add(self, packet: "Packet[VideoStream]", shift: int) -> None:
        """
        :param shift: is added to its time.
        """
        assert packet.pts is not None
        packet.stream = self._stream
        packet.pts = packet.dts = packet.pts + shift
        if self._held:
            assert self._held.pts is not None
            self._held.duration = packet.pts - self._held.pts
        self.flush()
        self._held = packet

    def flush(self) -> None:
        if self._held:
            self._container.mux(self._held)
        self._held = None


def _configure(encoder: VideoCodecContext, size: tuple[int, int], time_base: Fraction) -> None:
    encoder.width, encoder.height = size
    encoder.time_base = time_base
    encoder.pix_fmt = FORMAT
    encoder.colorspace = COLORSPACE
    encoder.color_range = COLOR_RANGE
    encoder.flags |= Flags.frame_duration


def _like(encoder: VideoCodecContext) -> VideoCodecContext:
    """:return: one that begins anew"""
    new = cast(VideoCodecContext, CodecContext.create(_CODEC, "w"))
    new.options = dict(_OPTIONS)
    new.framerate = encoder.framerate
    new.flags |= Flags.global_header
    assert encoder.time_base is not None
    _configure(new, (encoder.width, encoder.height), encoder.time_base)
    return new


@dataclass(frozen=True, slots=True)
class Section:
    """
    A file that :func:`writing_video` has written of a part of a video, from zero.

    :param start: seconds from the video's first frame to the file's.
    """

    path: Path
    start: Fraction


def join_videos(sections: Sequence[Section], path: Path) -> None:
    """
    Copy what was encoded, as it is.

    :raises UncuttableError: they were encoded in different ways.
    :raises MediaError: they can't be read, or the whole can't be written.
    """
    with explained_errors(), open_output(path) as whole:
        mux: _Mux | None = None
        for section in sections:
            with av.open(section.path) as container:
                (found,) = container.streams.video
                header = found.codec_context.extradata
                if mux is None:
                    mux, first_header = _Mux(whole, whole.add_stream_from_template(found)), header
                elif header != first_header:
                    raise UncuttableError("the machines have different encoders")
                start = round(section.start / cast(Fraction, found.time_base))
                for packet in container.demux(found):
                    if packet.pts is not None:  # which is the end
                        mux.add(packet, start)
        if mux:
            mux.flush()


@contextmanager
def explained_errors() -> Iterator[None]:
    try:
        yield
    except FFmpegError as error:
        raise unwritable(error) from error


def unwritable(error: FFmpegError) -> MediaError:
    return MediaError(f"the output can't be written: {error.strerror}")
