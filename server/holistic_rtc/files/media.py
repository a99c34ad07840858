"""A common interface to picture and video files: reading frames, and writing annotated ones."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from av import VideoFrame

from holistic_rtc.errors import MediaError, NotAPictureError, UncuttableError
from holistic_rtc.files.annotated import Check, Section, Shot, Write, join_videos, unchecked, writing_video
from holistic_rtc.files.jpeg import is_motion_jpeg
from holistic_rtc.files.pictures import MAX_PIXELS, decode_picture, is_moving, save_picture, suffix_of
from holistic_rtc.files.seams import SEAMS, Seams
from holistic_rtc.files.source import name_of, seekable
from holistic_rtc.files.video import VideoReader
from holistic_rtc.model.picture_format import PICTURE_TYPES
from holistic_rtc.model.result import Image
from holistic_rtc.pipeline.clock import MediaClock
from holistic_rtc.pipeline.frames import from_rgb

VIDEO = ".mp4"
"""Suffix of annotated videos"""
PICTURE_SECONDS = 1
"""How long a video of a picture lasts"""


class Picture:
    """A picture file, opened by :func:`opened`."""

    kind = "picture"
    stills = tuple(PICTURE_TYPES)
    frame_count = 1
    damaged = False

    def __init__(self, name: str, image: Image, suffix: str = stills[0]) -> None:
        self.name = name
        self.suffixes = (suffix, *(other for other in self.stills if other != suffix), VIDEO)
        """Suffixes of annotated pictures, that of its own format first; the last one is for a video of one frame"""
        self._image = image

    def shots(self) -> Iterator[Shot]:
        yield Shot(self._image, 0)

    @contextmanager
    def writing(self, path: Path, seams: Seams = SEAMS, check: Check = unchecked) -> Iterator[Write]:
        """
        :param seams: a picture has none.
        :param check: not called.
        :raises MediaError: its format can't hold the picture.
        :raises OSError: it can't be written.
        """
        if path.suffix.lower() not in self.stills:
            times = VideoFrame(2, 2)
            times.pts, times.time_base, times.duration = 0, Fraction(PICTURE_SECONDS), 1
            with writing_video(path, 1 / times.time_base) as write:
                yield lambda shot, image: write(replace(shot, frame=times), image)
            return
        yield lambda shot, image: save_picture(image, path)

    def close(self) -> None:
        pass


class Video:
    """A video file, opened by :func:`opened`."""

    kind = "video"
    suffixes = (VIDEO,)

    def __init__(self, reader: VideoReader) -> None:
        self.name = reader.name
        self.frame_count = reader.frame_count
        self._reader = reader

    @property
    def damaged(self) -> bool:
        return self._reader.damaged or bool(self._reader.audio and self._reader.audio.damaged)

    def shots(self) -> Iterator[Shot]:
        clock = MediaClock()
        for frame in self._reader.frames():
            assert frame.pts is not None
            assert frame.time_base is not None
            yield Shot(self._reader.shown(frame), clock.timestamp_ms(frame.pts, frame.time_base), frame)

    @contextmanager
    def writing(self, path: Path, seams: Seams = SEAMS, check: Check = unchecked) -> Iterator[Write]:
        """
        An annotated video, with the audio of this one.

        :param seams: see :func:`.annotated.writing_video`.
        :param check: called while the audio is added.
        :raises MediaError: it can't be written.
        """
        with self._joining(path, check) as video, writing_video(video, self._reader.rate, seams) as write:
            yield write

    def join(self, sections: Sequence[Section], path: Path, check: Check = unchecked) -> None:
        """
        Write the same from sections of it.

        :param check: called while the audio is added.
        :raises UncuttableError: see :func:`.annotated.join_videos`.
        :raises MediaError: they can't be read, or the whole can't be written.
        """
        # Tells when the first frame is shown.
        self._reader.frames_from(0)
        with self._joining(path, check) as video:
            join_videos(sections, video)

    def _joining(self, path: Path, check: Check) -> AbstractContextManager[Path]:
        audio = self._reader.audio
        return audio.joining(path, check) if audio else nullcontext(path)

    @property
    def seconds(self) -> float:
        """Its duration as its header says, if it may be read from the middle; 0 otherwise."""
        return self._reader.seconds if self._reader.has_index else 0

    def excerpt(self, start_ms: int) -> "Excerpt":
        """
        The frames from some time on, which are the same as those of :meth:`shots`.

        :param start_ms: since the first frame.
        :raises UncuttableError: it isn't certain that they are.
        """
        return Excerpt(self._reader, start_ms)

    def close(self) -> None:
        self._reader.close()


class Excerpt:
    """
    A video from some time on. The size of its annotated frames is that of the video's first frame.

    :raises UncuttableError: see :meth:`Video.excerpt`.
    """

    suffixes = Video.suffixes

    def __init__(self, reader: VideoReader, start_ms: int) -> None:
        self._reader = reader
        self._start_ms = start_ms
        # Their times are rounded.
        first, self._frames = reader.frames_from(max(start_ms - 1, 0))
        shown = from_rgb(reader.shown(first))
        self._size = shown.width, shown.height

    def shots(self) -> Iterator[Shot]:
        """
        :raises UncuttableError: see :meth:`Video.excerpt`.
        """
        last = -1
        for frame in self._frames:
            assert frame.pts is not None
            assert frame.time_base is not None
            timestamp = round(frame.pts * frame.time_base * 1000)
            if timestamp <= last:
                raise UncuttableError(f"{self._reader.name} has frames that are less than a millisecond apart")
            last = timestamp
            if timestamp >= self._start_ms:
                yield Shot(self._reader.shown(frame), timestamp, frame)

    @contextmanager
    def writing(self, path: Path, seams: Seams = SEAMS, check: Check = unchecked) -> Iterator[Write]:
        """
        :param path: gets a :class:`.annotated.Section`.
        :param check: not called.
        :raises MediaError: it can't be written.
        """
        with writing_video(path, self._reader.rate, seams, self._size, from_zero=True) as write:
            yield write


@contextmanager
def opened(
    source: Path, *, still: bool = False, name: str | None = None, max_pixels: int | None = None
) -> Iterator[Picture | Video]:
    """
    A picture or a video.

    :param source: any picture that Pillow can read, or any video that FFmpeg can read. ``-`` is standard input.
    :param still: whether an animation is a picture of its first frame, not a video.
    :param name: what to call it in messages; its path by default.
    :param max_pixels: maximum width times height, of a file that comes from a stranger; None for any file.
    :raises MediaError: it can't be read.
    """
    name = name or name_of(source)
    with seekable(source, name) as file:
        media = _open(file, name, still, max_pixels)
        try:
            yield media
        finally:
            media.close()


def _open(file: Path, name: str, still: bool, max_pixels: int | None) -> Picture | Video:
    try:
        if still or not (is_motion_jpeg(file) or is_moving(file)):
            return Picture(name, decode_picture(file, max_pixels or MAX_PIXELS), suffix_of(file))
    except NotAPictureError:
        pass
    except MediaError as error:
        raise MediaError(f"{name}: {error}") from error
    except OSError as error:
        raise MediaError(f"{name} can't be read: {error.strerror}") from error
    reader = VideoReader(file, expected="a picture or a video", name=name, max_pixels=max_pixels)
    if not reader.is_still:
        return Video(reader)
    with closing(reader):
        for frame in reader.frames():
            return Picture(name, reader.shown(frame))
    raise MediaError(f"{name} can't be read")
