"""What is published, without a server."""

import asyncio
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame
from PIL import Image

from holistic_rtc.client.sources import SourceTrack, VideoFile
from holistic_rtc.errors import MediaError
from holistic_rtc.pipeline.frames import to_rgb
from tests.kit.colours import TAGGED, Colours, colourful, decoded, difference, h264, untagged
from tests.kit.publisher import Picture

MS = Fraction(1, 1000)


def write(path: Path, times_ms: list[int], *options: str) -> Path:
    """A video of grey frames 64x48, each a little lighter than the one before; the left half is black."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=20, options={"preset": "ultrafast", "bf": "0"})
        stream.width, stream.height = 64, 48
        stream.time_base = stream.codec_context.time_base = MS
        for number, time_ms in enumerate(times_ms):
            image = np.full((48, 64, 3), 100 + 10 * number, np.uint8)
            image[:, :32] = 0
            frame = VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time_ms, MS
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def time_ms(frame: VideoFrame) -> int:
    assert frame.time is not None
    return round(frame.time * 1000)


async def test_frames_of_a_file_come_in_order_each_at_its_time(tmp_path: Path) -> None:
    times = [0, 50, 70, 200]
    path = write(tmp_path / "uneven.mkv", [time + 500 for time in times])
    loop = asyncio.get_running_loop()
    frames, came = [], []
    async for frame in VideoFile(path):
        frames.append(frame)
        came.append(loop.time())
    assert [time_ms(frame) for frame in frames] == times
    assert [frame.time_base for frame in frames] == [Fraction(1, 90_000)] * 4
    # The clock is that of the second frame.
    assert all((at - came[0]) * 1000 >= time - 5 for at, time in zip(came, times, strict=True))
    levels = [frame.to_ndarray(format="gray")[24, 48] for frame in frames]
    assert levels == sorted(levels)


async def test_time_goes_on_where_a_file_begins_again(tmp_path: Path) -> None:
    path = write(tmp_path / "short.mp4", [0, 50])
    times = []
    async for frame in VideoFile(path, loop=True):
        times.append(time_ms(frame))
        if len(times) == 5:
            break
    assert times == [0, 50, 100, 150, 200]


async def test_a_video_of_a_phone_is_turned_upright(tmp_path: Path) -> None:
    path = write(tmp_path / "plain.mp4", [0])
    turned = tmp_path / "turned.mp4"
    # The matrix of the track header (ISO 14496-12, 8.3.2) that says: turn by a quarter, clockwise.
    data = path.read_bytes()
    identity = b"".join(number.to_bytes(4) for number in (65536, 0, 0, 0, 65536, 0, 0, 0, 0x40000000))
    quarter = b"".join(number.to_bytes(4) for number in (0, 65536, 0, 2**32 - 65536, 0, 0, 0, 0, 0x40000000))
    head, tail = data.split(b"tkhd")
    assert identity in tail
    turned.write_bytes(head + b"tkhd" + tail.replace(identity, quarter, 1))
    [frame] = [frame async for frame in VideoFile(turned)]
    assert (frame.width, frame.height) == (48, 64)
    picture = frame.to_ndarray(format="gray")
    # What was on the left is on top.
    assert picture[:28].max() < 30
    assert picture[36:].min() > 80


async def test_a_heic_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    pillow_heif.from_pillow(Image.new("RGB", (128, 128))).save(path, tile_size=64)
    with pytest.raises(MediaError, match="has no video in it"):
        [frame async for frame in VideoFile(path)]


async def test_arrays_are_timed_by_when_they_come() -> None:
    async def pictures() -> AsyncIterator[Picture]:
        for _ in range(3):
            await asyncio.sleep(0.02)
            # A view, as of a camera that gives BGR.
            yield np.zeros((48, 64, 3), np.uint8)[:, ::-1, ::-1]

    track = SourceTrack(pictures())
    frames = [await track.recv() for _ in range(3)]
    assert frames[0].pts == 0
    assert all(np.diff([time_ms(frame) for frame in frames]) >= 19)
    with pytest.raises(MediaStreamError):
        await track.recv()
    assert track.ended.result() is None
    with pytest.raises(MediaStreamError):
        await track.recv()


@pytest.mark.parametrize("colours", TAGGED, ids=str)
async def test_what_is_sent_has_the_colours_of_the_source(colours: Colours, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(h264(colours, colourful()))
    source = decoded(path.read_bytes())

    async def arrays() -> AsyncIterator[Picture]:
        yield to_rgb(source)

    async def frames() -> AsyncIterator[VideoFrame]:
        yield source

    for sent in (path, arrays(), frames()):
        frame = await SourceTrack(sent).recv()
        assert difference(untagged(frame), to_rgb(source))[0] < 2


async def test_frames_keep_their_own_time() -> None:
    async def frames() -> AsyncIterator[VideoFrame]:
        for pts in (7, 9):
            frame = VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = pts, MS
            yield frame

    track = SourceTrack(frames())
    assert [(await track.recv()).pts for _ in range(2)] == [7, 9]


async def test_a_source_is_closed_with_its_track() -> None:
    closed = False

    async def pictures() -> AsyncIterator[Picture]:
        nonlocal closed
        try:
            while True:
                yield np.zeros((48, 64, 3), np.uint8)
        finally:
            closed = True

    track = SourceTrack(pictures())
    await track.recv()
    await track.close()
    assert closed
