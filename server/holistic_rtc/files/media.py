"""A common interface to picture and video files: reading frames, and writing annotated ones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av import VideoFrame
from av.error import FFmpegError
from PIL import Image as Pillow

from holistic_rtc.errors import MediaError, NotAPictureError
from holistic_rtc.files.pictures import decode_picture
from holistic_rtc.files.video import VideoReader
from holistic_rtc.model.result import Image
from holistic_rtc.pipeline.clock import MediaClock
from holistic_rtc.pipeline.frames import COLOR_RANGE, COLORSPACE, FORMAT, from_rgb, to_rgb


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame, turned upright."""

    image: Image
    timestamp_ms: int
    frame: VideoFrame | None = None
    """For videos: the decoded frame, whose time the annotated frame gets"""


Write = Callable[[Shot, Image], None]
"""Called with a frame, and the image to write in its place"""


class Picture:
    """A picture file, opened by :func:`open_media`."""

    kind = "picture"
    suffixes = (".png", ".jpg", ".jpeg")
    """Suffixes of annotated pictures, the default first"""
    frame_count = 1
    damaged = False

    def __init__(self, source: Path, image: Image) -> None:
        self.source = source
        self._image = image

    def shots(self) -> Iterator[Shot]:
        yield Shot(self._image, 0)

    @contextmanager
    def writing(self, path: Path) -> Iterator[Write]:
        """
        :raises OSError: it can't be written.
        """
        yield lambda shot, image: Pillow.fromarray(image).save(path, quality=92)

    def close(self) -> None:
        pass


class Video:
    """A video file, opened by :func:`open_media`."""

    kind = "video"
    suffixes = (".mp4",)

    def __init__(self, reader: VideoReader) -> None:
        self.source = reader.source
        self.frame_count = reader.frame_count
        self._reader = reader

    @property
    def damaged(self) -> bool:
        return self._reader.damaged

    def shots(self) -> Iterator[Shot]:
        clock = MediaClock()
        for frame in self._reader.frames():
            image = np.ascontiguousarray(np.rot90(to_rgb(frame), round(frame.rotation / 90)))
            assert frame.pts is not None
            assert frame.time_base is not None
            yield Shot(image, clock.timestamp_ms(frame.pts, frame.time_base), frame)

    @contextmanager
    def writing(self, path: Path) -> Iterator[Write]:
        """
        :raises MediaError: it can't be written.
        """
        with _explained_errors(), av.open(path, "w", options={"movflags": "+faststart"}) as container:
            options = {"preset": "veryfast", "crf": "20"}
            stream = container.add_stream("libx264", rate=self._reader.rate, options=options)
            stream.pix_fmt = FORMAT
            stream.colorspace = COLORSPACE
            stream.color_range = COLOR_RANGE
            started = False

            def write(shot: Shot, image: Image) -> None:
                nonlocal started
                assert shot.frame is not None
                if min(image.shape[:2]) < 2:
                    raise MediaError("a video of frames less than 2 pixels wide or high can't be written")
                if not started:
                    started = True
                    stream.height, stream.width = image.shape[:2]
                    # Steps of 1 / rate would be too coarse for unevenly spaced frames.
                    stream.codec_context.time_base = cast(Fraction, shot.frame.time_base)
                # The encoder scales frames that differ in size from the first.
                container.mux(stream.encode(from_rgb(image, shot.frame)))

            yield write
            container.mux(stream.encode(None))

    def close(self) -> None:
        self._reader.close()


@contextmanager
def _explained_errors() -> Iterator[None]:
    try:
        yield
    except FFmpegError as error:
        raise MediaError(f"the output can't be written: {error.strerror}") from error


def open_media(source: Path) -> Picture | Video:
    """
    Open a picture or a video. Close it after use.

    :param source: a picture (JPEG, PNG, WebP, BMP) or any video that FFmpeg can read.
    :raises MediaError: it can't be read.
    """
    if not source.is_file():
        raise MediaError(f"{source} is not a file" if source.exists() else f"there is no file {source}")
    try:
        return Picture(source, decode_picture(source))
    except NotAPictureError:
        return Video(VideoReader(source, expected="a picture or a video"))
    except MediaError as error:
        raise MediaError(f"{source}: {error}") from error
