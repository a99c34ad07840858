"""Parts of videos that are read from a key frame in their middle."""

from collections.abc import Iterable
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from holistic_rtc.errors import UncuttableError
from holistic_rtc.files.annotated import Shot
from holistic_rtc.files.media import Video, opened

RATE = 25
OPEN = {"x264-params": "open-gop=1:keyint=20:bframes=3"}
REFRESHED = {"x264-params": "intra-refresh=1:keyint=20:bframes=0"}
HIDDEN = {"deadline": "good", "cpu-used": "8", "auto-alt-ref": "1", "lag-in-frames": "16", "g": "20"}


def make(path: Path, codec: str, options: dict[str, str], begin: int = 0) -> Path:
    """
    Four seconds, of which each frame is another one.

    :param begin: the number of frames that are missing before the first one.
    """
    image = np.random.default_rng(3).integers(0, 255, (30, 40, 3), np.uint8).repeat(4, 0).repeat(4, 1)
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=RATE, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(4 * RATE):
            frame = av.VideoFrame.from_ndarray(np.roll(image, 2 * number, axis=1), format="rgb24")
            frame.pts, frame.time_base = begin + number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def digests(shots: Iterable[Shot]) -> list[tuple[int, int, str]]:
    return [
        (shot.timestamp_ms, shot.frame.duration, sha256(shot.image.tobytes()).hexdigest())
        for shot in shots
        if shot.frame is not None
    ]


def read(path: Path, start_ms: int | None = None) -> list[tuple[int, int, str]]:
    with opened(path) as media:
        assert isinstance(media, Video)
        return digests(media.shots() if start_ms is None else media.excerpt(start_ms).shots())


@pytest.mark.parametrize(
    ("name", "codec", "options", "begin"),
    [
        ("open.mp4", "libx264", OPEN, 0),
        ("open.mkv", "libx264", OPEN, 0),
        ("hidden frames.webm", "libvpx-vp9", HIDDEN, 0),
        ("b-frames.mov", "mpeg4", {"g": "20", "bf": "2"}, 0),
        ("begins late.mp4", "libx264", {"g": "20"}, 100),
        ("begins late.mkv", "libx264", {"g": "20"}, 100),
    ],
)
def test_an_excerpt_is_the_same_as_that_part_of_the_whole(
    name: str, codec: str, options: dict[str, str], begin: int, tmp_path: Path
) -> None:
    source = make(tmp_path / name, codec, options, begin)
    whole = read(source)
    assert len(whole) == 4 * RATE
    for start_ms in (0, 1, 900, 1999, 2000, 3990):
        assert read(source, start_ms) == [frame for frame in whole if frame[0] >= start_ms]
    assert read(source, 60_000) == []


def test_a_video_without_whole_key_frames_in_its_middle_has_no_excerpts(tmp_path: Path) -> None:
    """Its picture is refreshed column by column."""
    source = make(tmp_path / "refreshed.mp4", "libx264", REFRESHED)
    with pytest.raises(UncuttableError, match="no key frame where its index says so"):
        read(source, 3000)
