"""A picture or a video file through the same tracking and drawing as a live track."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream
from PIL import Image as Pillow

from holistic_rtc.atomic import describe, obstacle, passes_through, replacing, same_output, streaming
from holistic_rtc.drawing.annotate import annotate
from holistic_rtc.errors import MediaError, NotAPictureError
from holistic_rtc.files.pictures import decode_picture
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import HolisticResult, Image
from holistic_rtc.pipeline.clock import MediaClock
from holistic_rtc.pipeline.frames import from_rgb, to_rgb
from holistic_rtc.pipeline.pipeline import Pipeline
from holistic_rtc.tracking.engine import Tracker
from holistic_rtc.wire import as_json

_TEXT_ART = ("tty", "bin", "xbin", "adf", "idf")
"""What FFmpeg takes a text file, or one with the suffix of such a format, for: a video of a terminal"""
_SMPTE170M = 6
"""FFmpeg's number of the colour space that :func:`from_rgb` converts to"""

Report = Callable[[int, int], None]
"""Called with the number of frames done and the number there are, 0 if that isn't known."""


@dataclass
class Tracked:
    """What came of a file."""

    annotated: Path | None
    landmarks: Path | None
    frames: int = 0
    seen: Counter[Part] = field(default_factory=Counter)
    """In how many frames each part was seen"""
    damaged: bool = False
    """Whether some of the video could not be decoded, as it is cut or broken"""


def track_file(
    source: Path,
    make_tracker: Callable[[], Tracker],
    annotated: Path | None,
    landmarks: Path | None,
    report: Report,
) -> Tracked:
    """
    Track every frame of a file.

    The outputs appear when all is done, and not at all when it fails or is interrupted; only landmarks that go to
    standard output, a device or a pipe are written as they come. With neither named, the annotated picture or video is
    put beside the source, as ``NAME-annotated.png`` or ``.mp4``. A frame keeps its time since the first one. The sound
    of a video is left out; of one that is cut or broken, what can be decoded is tracked.

    :param source: a picture (JPEG, PNG, WebP, BMP) or whatever video FFmpeg can read.
    :param make_tracker: called once the files are found to be right.
    :param annotated: a ``.png`` or ``.jpg`` for a picture, an ``.mp4`` (H.264) for a video.
        Standard output, a device or a pipe may have any name; the default is PNG or MP4.
    :param landmarks: gets one JSON message a line, one line a frame.
    :raises BrokenPipeError: the reader of an output has closed it.
    :raises MediaError: a file can't be read or written.
    :raises TrackerError: the tracker failed.
    """
    with closing(open_media(source)) as media:
        if annotated is None and landmarks is None:
            annotated = source.with_name(f"{source.stem}-annotated{media.suffixes[0]}")
        _check_outputs(source, media, annotated, landmarks)
        tracked = Tracked(annotated, landmarks)
        try:
            with closing(make_tracker()) as tracker, ExitStack() as outputs:
                part = annotated and outputs.enter_context(replacing(annotated, suffix=_suffix(media, annotated)))
                write = part and outputs.enter_context(media.writing(part))
                lines = landmarks and outputs.enter_context(streaming(landmarks))
                for shot, message in track_media(media, tracker, report):
                    if write:
                        write(shot, annotate(shot.image, message.result))
                    if lines:
                        lines.write(as_json.encode(message) + b"\n")
                    tracked.frames += 1
                    tracked.seen.update(message.seen().keys())
        except BrokenPipeError:
            raise
        except (OSError, FFmpegError) as error:
            # Trouble with reading has become a MediaError, or been counted as damage, where it happened.
            raise MediaError(f"the output can't be written: {error.strerror}") from error
        tracked.damaged = media.damaged
    return tracked


def track_media(
    media: "Picture | Video", tracker: Tracker, report: Report, *, rig: bool = False
) -> "Iterator[tuple[Shot, LandmarkMessage]]":
    """
    Each frame with its landmarks, smoothed.

    :param rig: whether to solve an avatar's pose, too.

    :raises MediaError: there is none.
    :raises TrackerError: the tracker failed.
    """

    def find(image: Image, timestamp_ms: int) -> HolisticResult:
        for i in range(media.passes):
            result = tracker.track(image, timestamp_ms + i)
        return result

    pipeline = Pipeline(find)
    done = 0
    for shot in media.shots():
        found = pipeline.process(shot.image, shot.timestamp_ms, smoothing=True, rig=rig)
        height, width = shot.image.shape[:2]
        yield shot, LandmarkMessage(done, shot.timestamp_ms, width, height, 0, found.result, found.rig)
        done += 1
        report(done, media.frames)
    if not done:
        raise MediaError(f"{media.source} has no frame that can be read")


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame, upright."""

    image: Image
    timestamp_ms: int
    frame: VideoFrame | None = None
    """Carries the time that the annotated frame is to have, in a video"""


_Write = Callable[[Shot, Image], None]


class Picture:
    """What :func:`open_media` finds in the file of a picture."""

    kind = "picture"
    suffixes = (".png", ".jpg", ".jpeg")
    # Measured on four stills: the landmarker's first pass misses a hand and puts a pose 40 pixels off, the second finds
    # everything, and from the third on faces stay within 0.1 pixels and poses and right hands within 7 and 2.
    passes = 3
    frames = 1
    damaged = False

    def __init__(self, source: Path, image: Image) -> None:
        self.source = source
        self._image = image

    def shots(self) -> Iterator[Shot]:
        yield Shot(self._image, 0)

    @contextmanager
    def writing(self, path: Path) -> Iterator[_Write]:
        yield lambda shot, image: Pillow.fromarray(image).save(path, quality=92)

    def close(self) -> None:
        pass


class Video:
    """What :func:`open_media` finds in the file of a video."""

    kind = "video"
    suffixes = (".mp4",)
    passes = 1

    def __init__(self, source: Path, container: InputContainer, stream: VideoStream) -> None:
        self.source = source
        self.damaged = False
        self._container = container
        self._stream = stream
        self._rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        seconds = (container.duration or 0) / av.time_base
        self.frames = stream.frames or round(seconds * self._rate)

    def shots(self) -> Iterator[Shot]:
        clock = MediaClock()
        first: int | None = None
        last = -1
        for frame in self._decode():
            if frame.pts is None or frame.time_base is None:
                # Of a stream that tells no times, only the rate is known.
                frame.pts, frame.time_base = last + 1, 1 / self._rate
            if first is None:
                first = frame.pts
            # Encoders refuse a time that doesn't increase.
            frame.pts = last = max(frame.pts - first, last + 1)
            image = np.ascontiguousarray(np.rot90(to_rgb(frame), round(frame.rotation / 90)))
            yield Shot(image, clock.timestamp_ms(frame.pts, frame.time_base), frame)

    @contextmanager
    def writing(self, path: Path) -> Iterator[_Write]:
        with av.open(path, "w", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=self._rate, options={"preset": "veryfast", "crf": "20"})
            stream.pix_fmt = "yuv420p"
            stream.colorspace = _SMPTE170M
            started = False

            def write(shot: Shot, image: Image) -> None:
                nonlocal started
                assert shot.frame is not None
                if min(image.shape[:2]) < 2:
                    raise MediaError("a video of frames less than 2 pixels wide or high can't be written")
                if not started:
                    started = True
                    stream.height, stream.width = image.shape[:2]
                    # Steps of 1 / rate would be too coarse for frames that don't come evenly.
                    stream.codec_context.time_base = cast(Fraction, shot.frame.time_base)
                # The encoder scales a frame whose size differs from that of the first.
                container.mux(stream.encode(from_rgb(image, shot.frame)))

            yield write
            container.mux(stream.encode(None))

    def close(self) -> None:
        self._container.close()

    def _decode(self) -> Iterator[VideoFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            except FFmpegError:
                self.damaged = True
            else:
                yield from frames


def open_media(source: Path) -> Picture | Video:
    """
    To be closed.

    :param source: a picture (JPEG, PNG, WebP, BMP) or whatever video FFmpeg can read.
    :raises MediaError: it can't be read.
    """
    if not source.is_file():
        raise MediaError(f"{source} is not a file" if source.exists() else f"there is no file {source}")
    try:
        return Picture(source, decode_picture(source))
    except NotAPictureError:
        return _open_video(source)
    except MediaError as error:
        raise MediaError(f"{source}: {error}") from error


def _open_video(source: Path) -> Video:
    try:
        # With the protocol named, a file name that looks like an address is still a file.
        container = av.open(f"file:{source}", metadata_errors="replace")
    except FFmpegError as error:
        raise MediaError(f"{source} is neither a picture nor a video that can be read: {error.strerror}") from error
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or container.format.name in _TEXT_ART:
        container.close()
        raise MediaError(f"{source} has no video in it")
    return Video(source, container, stream)


def _suffix(media: Picture | Video, annotated: Path) -> str:
    return annotated.suffix if annotated.suffix.lower() in media.suffixes else media.suffixes[0]


def _check_outputs(source: Path, media: Picture | Video, annotated: Path | None, landmarks: Path | None) -> None:
    if annotated is not None and annotated.suffix != _suffix(media, annotated) and not passes_through(annotated):
        raise MediaError(
            f"an annotated {media.kind} can't be written as {annotated.name}; end the name in "
            f"{' or '.join(media.suffixes)}"
        )
    for output in filter(None, (annotated, landmarks)):
        if reason := obstacle(output, source):
            raise MediaError(reason)
    if annotated is not None and landmarks is not None and same_output(annotated, landmarks):
        raise MediaError(f"both outputs are to be written to {describe(annotated)}")
