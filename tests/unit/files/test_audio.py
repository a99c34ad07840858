"""The audio of videos made here, with a flash and a beep at the same time, in their annotated videos."""

import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from holistic_rtc.errors import MediaError
from holistic_rtc.model.chunk import Cut
from holistic_rtc.model.quality import Quality
from holistic_rtc.workers.job.chunk import Files, join_chunks, track_chunk
from tests.unit.files.test_media import NOBODY, track

RATE = 48_000
SIZE = (64, 48)
TIMES = [number / 25 for number in range(50)]
FLASH = 1.0
"""Seconds after the first frame at which a white frame and a beep begin"""


def write_clip(
    path: Path,
    codec: str,
    *,
    video: str = "libx264",
    times: Sequence[float] = TIMES,
    starts: float = 0,
    audio: tuple[float, float] = (0, 2),
    gap: tuple[float, float] = (0, 0),
    layout: str = "stereo",
    rate: int = RATE,
) -> Path:
    """
    :param times: of the frames, in seconds after the first.
    :param starts: the time of the first frame in the file.
    :param audio: from when to when there is audio, in the same times.
    :param gap: where audio is missing.
    """
    with av.open(path, "w") as container:
        pictures = container.add_stream(video, rate=25)
        assert isinstance(pictures, av.VideoStream)
        pictures.width, pictures.height = SIZE
        pictures.pix_fmt = "yuv420p"
        pictures.codec_context.time_base = Fraction(1, 25 if path.suffix == ".avi" else 1000)
        sound = container.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(sound, av.AudioStream)
        container.start_encoding()
        packets = []
        for time in times:
            white = time >= FLASH - 0.001
            frame = av.VideoFrame.from_ndarray(np.full((*SIZE[::-1], 3), 255 * white, np.uint8), format="rgb24")
            frame.pts, frame.time_base = round((starts + time) * 1000), Fraction(1, 1000)
            packets += pictures.encode(frame)
        packets += pictures.encode(None)
        step = sound.codec_context.frame_size or 1024
        begins = range(round(audio[0] * rate), round(audio[1] * rate), step)
        resampler = av.AudioResampler(sound.format.name, layout, rate)
        for begin in (begin for begin in begins if not gap[0] * rate <= begin < gap[1] * rate - step):
            at = (begin + np.arange(step)) / rate
            wave = np.where(at >= FLASH, np.sin(at * 2 * np.pi * 1000) / 2, 0).astype(np.float32)
            samples = np.repeat(wave[:, None], len(av.AudioLayout(layout).channels), axis=1).reshape(1, -1)
            heard = av.AudioFrame.from_ndarray(samples, format="flt", layout=layout)
            heard.sample_rate, heard.time_base = rate, Fraction(1, rate)
            heard.pts = begin + round(starts * rate)
            for one in resampler.resample(heard):
                packets += sound.encode(one)
        packets += sound.encode(None)
        for packet in sorted(packets, key=lambda packet: (packet.dts or 0) * (packet.time_base or 0)):
            container.mux(packet)
    return path


@dataclass
class Heard:
    codec: str
    begin: float
    end: float
    beep: float
    """When it becomes loud, in seconds"""
    flash: float
    """When the picture becomes white"""
    seconds: float
    """Of the video"""


def perceive(path: Path) -> Heard:
    """What a player shows and plays, and when."""
    with av.open(path) as container:
        stream = container.streams.audio[0]
        codec, frames = stream.codec.canonical_name, list(container.decode(stream))
    begin = beep = end = None
    for frame in frames:
        assert frame.time is not None
        loud = np.abs(frame.to_ndarray().astype(np.float64)).reshape(len(frame.layout.channels), -1, order="F").max(0)
        peak = 32768 if frame.format.name.startswith("s16") else 2**31 if frame.format.name.startswith("s32") else 1
        begin = frame.time if begin is None else begin
        end = frame.time + frame.samples / frame.sample_rate
        if beep is None and (where := np.flatnonzero(loud > 0.25 * peak)).size:
            beep = frame.time + where[0] / frame.sample_rate
    with av.open(path) as container:
        video = container.streams.video[0]
        assert video.duration is not None
        assert video.time_base is not None
        seconds = float(video.duration * video.time_base)
        flash = next(frame.time for frame in container.decode(video) if frame.to_ndarray(format="gray").mean() > 128)
    assert None not in (begin, end, beep, flash)
    return Heard(codec, begin, end, beep, flash, seconds)  # type: ignore[arg-type]


def annotated(source: Path) -> Heard:
    tracked = track(source, source.with_name("annotated.mp4"))
    assert not tracked.damaged
    return perceive(source.with_name("annotated.mp4"))


def packets_of(path: Path) -> list[bytes]:
    with av.open(path) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.parametrize(
    ("name", "codec", "expected"),
    [
        ("clip.mp4", "aac", "aac"),
        ("clip.ts", "aac", "aac"),
        ("clip.mp4", "libmp3lame", "mp3"),
        ("clip.avi", "libmp3lame", "mp3"),
        ("clip.mkv", "libopus", "opus"),
        ("clip.mkv", "ac3", "ac3"),
        ("clip.mkv", "eac3", "eac3"),
        ("clip.mkv", "flac", "flac"),
        ("clip.mp4", "alac", "alac"),
        ("clip.mkv", "mp2", "aac"),
        ("clip.mov", "pcm_s16le", "aac"),
        ("clip.avi", "pcm_s16le", "aac"),
    ],
)
def test_audio_is_kept_and_in_sync(name: str, codec: str, expected: str, tmp_path: Path) -> None:
    source = write_clip(tmp_path / name, codec)
    heard = annotated(source)
    assert heard.codec == expected
    assert heard.flash == pytest.approx(FLASH, abs=0.001)
    assert heard.beep == pytest.approx(heard.flash, abs=0.03)
    assert heard.seconds == pytest.approx(2, abs=0.001)
    assert heard.end == pytest.approx(2, abs=0.06)
    if expected != "aac" or codec == "aac":
        kept = packets_of(tmp_path / "annotated.mp4")
        assert len(kept) > 15
        if name != "clip.ts":  # whose packets have a header each
            assert set(kept) <= set(packets_of(source))


@pytest.mark.parametrize("codec", ["aac", "libopus", "pcm_s16le"])
@pytest.mark.parametrize(
    ("starts", "begin", "end"),
    [(5, 0, 2), (0, 0.7, 2), (3, -0.5, 2), (0, 0, 4), (0, 0, 1.5)],
    ids=["later in the file", "audio later", "audio earlier", "audio longer", "audio shorter"],
)
def test_audio_that_begins_or_ends_elsewhere_stays_in_sync(
    starts: float, begin: float, end: float, codec: str, tmp_path: Path
) -> None:
    source = write_clip(tmp_path / "clip.mkv", codec, starts=starts, audio=(begin, end))
    heard = annotated(source)
    assert heard.flash == pytest.approx(FLASH, abs=0.001)
    assert heard.beep == pytest.approx(FLASH, abs=0.03)
    assert heard.begin == pytest.approx(max(begin, 0) if codec != "pcm_s16le" else 0, abs=0.03)
    assert heard.end == pytest.approx(min(end, 2), abs=0.06)


@contextmanager
def taking_at_most(megabytes: float) -> Iterator[None]:
    """The memory of this process may grow by this much in between."""

    def peak() -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

    Path("/proc/self/clear_refs").write_text("5")  # the peak is what it has now
    before = peak()
    yield
    assert (peak() - before) / 1000 < megabytes


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_after_a_gap_of_an_hour_audio_ends_with_the_video(codec: str, tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mkv", codec, audio=(0, 3601), gap=(1.2, 3600))
    with taking_at_most(100):
        track(source, tmp_path / "annotated.mp4")
    heard = perceive(tmp_path / "annotated.mp4")
    assert heard.beep == pytest.approx(FLASH, abs=0.03)
    assert heard.end < 2.06


def test_a_long_gap_within_the_video_is_filled_piece_by_piece(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mkv", "pcm_s16le", times=[0, 1, 250], audio=(0, 250), gap=(1.2, 249))
    with taking_at_most(25):
        track(source, tmp_path / "annotated.mp4")
    heard = perceive(tmp_path / "annotated.mp4")
    assert heard.beep == pytest.approx(FLASH, abs=0.03)
    assert heard.end == pytest.approx(250, abs=0.06)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_audio_is_in_sync_with_unevenly_spaced_frames(codec: str, tmp_path: Path) -> None:
    times = [0, 0.01, 0.3, 0.31, 0.97, 1.0, 1.5, 1.9]
    heard = annotated(write_clip(tmp_path / "clip.mkv", codec, times=times))
    assert heard.flash == pytest.approx(1, abs=0.001)
    assert heard.beep == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("codec", ["aac", "mp2"])
def test_where_audio_is_missing_the_rest_stays_in_sync(codec: str, tmp_path: Path) -> None:
    heard = annotated(write_clip(tmp_path / "clip.mkv", codec, gap=(0.2, 0.8)))
    assert heard.flash == pytest.approx(1, abs=0.001)
    assert heard.beep == pytest.approx(1, abs=0.03)


def test_the_audio_of_recordings_that_were_joined_follows_their_video(tmp_path: Path) -> None:
    silence = write_clip(tmp_path / "silence.ts", "aac", times=[number / 25 for number in range(20)], audio=(0, 0.8))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(silence.read_bytes() + write_clip(tmp_path / "clip.ts", "aac").read_bytes())
    heard = annotated(joined)
    assert heard.flash == pytest.approx(1.8, abs=0.001)
    assert heard.beep == pytest.approx(1.8, abs=0.05)


@pytest.mark.parametrize(
    ("layout", "rate", "kept"), [("mono", 44_100, 44_100), ("5.1", 48_000, 48_000), ("mono", 8_000, 48_000)]
)
def test_encoded_audio_keeps_its_channels(layout: str, rate: int, kept: int, tmp_path: Path) -> None:
    annotated(write_clip(tmp_path / "clip.mov", "pcm_s16le", layout=layout, rate=rate))
    with av.open(tmp_path / "annotated.mp4") as container:
        stream = container.streams.audio[0]
        assert (stream.layout.name, stream.rate) == (layout, kept)


def test_audio_whose_rate_and_channels_change_stays_in_sync(tmp_path: Path) -> None:
    silence = write_clip(tmp_path / "silence.ts", "mp2", times=TIMES[:20], audio=(0, 0.8), layout="mono", rate=32_000)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(silence.read_bytes() + write_clip(tmp_path / "clip.ts", "mp2").read_bytes())
    heard = annotated(joined)
    assert heard.flash == pytest.approx(1.8, abs=0.001)
    assert heard.beep == pytest.approx(1.8, abs=0.05)
    assert heard.end == pytest.approx(2.8, abs=0.06)


def test_damaged_audio_leaves_the_video_whole_and_is_told_of(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mkv", "aac")
    data = bytearray(source.read_bytes())
    middle = packets_of(source)[40:60]
    for packet in middle:
        at = data.index(packet)
        data[at : at + len(packet)] = b"\xff" * len(packet)
    source.write_bytes(data)
    tracked = track(source, tmp_path / "annotated.mp4")
    assert tracked.damaged
    assert tracked.frames == 50
    heard = perceive(tmp_path / "annotated.mp4")
    assert heard.flash == pytest.approx(FLASH, abs=0.001)
    assert heard.seconds == pytest.approx(2, abs=0.001)
    assert not set(packets_of(tmp_path / "annotated.mp4")) & {b"\xff" * len(packet) for packet in middle}


def test_audio_that_cannot_be_decoded_at_all_leaves_the_video_whole(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mkv", "aac")
    data = source.read_bytes()
    assert data.count(b"A_AAC") == 1
    source.write_bytes(data.replace(b"A_AAC", b"A_XYZ"))
    tracked = track(source, tmp_path / "annotated.mp4")
    assert tracked.damaged
    with av.open(tmp_path / "annotated.mp4") as container:
        assert not container.streams.audio
        assert len(list(container.decode(video=0))) == 50


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """:param size: in bytes. Writing more fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_without_room_for_the_audio_the_output_is_an_error_and_the_source_is_not_damaged(
    codec: str, tmp_path: Path
) -> None:
    source = write_clip(tmp_path / "clip.mkv", codec)
    annotated(source)
    with av.open(tmp_path / "annotated.mp4") as container:
        of_audio = sum(packet.size for packet in container.demux(audio=0))
    output = tmp_path / "annotated.mp4"
    size = output.stat().st_size
    output.unlink()
    with files_of_at_most(size - of_audio // 2), pytest.raises(MediaError, match="can't be written: File too large"):
        track(source, output)
    assert list(tmp_path.iterdir()) == [source]


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_whoever_tracks_a_file_can_be_stopped_while_the_audio_is_added(codec: str, tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mkv", codec)
    reported = []

    def report(done: int, total: int) -> None:
        reported.append(done)
        # Once all frames are done, and half of the packets
        if reported.count(len(TIMES)) > 50:
            raise StoppedError

    with pytest.raises(StoppedError):
        track(source, tmp_path / "annotated.mp4", report=report)
    assert list(tmp_path.iterdir()) == [source]


def test_the_joining_of_chunks_can_be_stopped_while_the_audio_is_added(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mkv", "aac")
    files = Files(tmp_path / "chunk.mp4", None)
    chunk = track_chunk(
        source, NOBODY, Quality.BALANCED, Cut(0, 1, 0), 0, files, lambda done, total: None, goes_on=False
    )

    def report(done: int, total: int) -> None:
        assert done == total == len(TIMES)
        raise StoppedError

    with pytest.raises(StoppedError):
        join_chunks(source, [(chunk, files)], Files(tmp_path / "joined.mp4", None), report)
    assert set(tmp_path.iterdir()) == {source, files.annotated}


def test_nothing_is_left_beside_the_annotated_video(tmp_path: Path) -> None:
    annotated(write_clip(tmp_path / "clip.mkv", "aac"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["annotated.mp4", "clip.mkv"]
