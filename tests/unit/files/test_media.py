"""Pictures and videos from files made here, through the real tracker where landmarks matter."""

import csv
import io
import os
import socket
import struct
import zlib
from collections.abc import Callable, Iterable
from contextlib import closing
from fractions import Fraction
from itertools import repeat
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
from av.error import FFmpegError
from av.stream import Disposition
from PIL import Image

from holistic_rtc.atomic import STDOUT
from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import MediaError
from holistic_rtc.files.media import Video, opened
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import ALL_PARTS, Part, parse_parts
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import Persons
from holistic_rtc.motion.refine import Refiner
from holistic_rtc.pipeline.frames import to_rgb
from holistic_rtc.tracking.engine import Model
from holistic_rtc.tracking.mediapipe.engine import MediaPipeModel
from holistic_rtc.wire import as_json
from holistic_rtc.workers.job.track import Tracked, track_file
from tests.kit.clips import make_long
from tests.kit.colours import LIMITED, TAGGED, Colours, colourful, difference, h264
from tests.kit.outputs import is_null, make_null, reading
from tests.kit.persons import Crowd, Made, Memoryless, first_of
from tests.kit.pictures import grace_hopper

Picture = np.ndarray[Any, np.dtype[np.uint8]]
MEDIAPIPE = MediaPipeModel(find(PoseModel.LITE).path)


class Spectator(Memoryless):
    """A tracker that keeps what it is shown, and sees nobody."""

    def __init__(self) -> None:
        self.shown: list[Picture] = []

    def track(
        self, image: Picture, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        return self.detect(image)

    def detect(self, image: Picture, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1) -> Persons:
        self.shown.append(image.copy())
        return {}


NOBODY = Made(Spectator)


def track(
    source: Path,
    annotated: Path | None = None,
    landmarks: Path | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
    model: Model = NOBODY,
    max_persons: int = 1,
) -> Tracked:
    return track_file(source, model, Quality.BALANCED, annotated, [landmarks] if landmarks else [], report, max_persons)


def test_a_strangers_file_may_not_refer_to_other_files_nor_be_too_large(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", [grace_hopper(64, 48)] * 2)
    playlist = tmp_path / "list"
    playlist.write_text(f"ffconcat version 1.0\nfile {clip.name}\n")
    with opened(playlist) as media:
        assert isinstance(media, Video)
    with pytest.raises(MediaError, match="can't be read"), opened(playlist, max_pixels=64 * 48):
        pass
    with opened(clip, max_pixels=64 * 48) as media:
        assert len(list(media.shots())) == 2
    with (
        pytest.raises(MediaError, match="64x48; the maximum is 3,071"),
        opened(clip, max_pixels=3071),
    ):
        pass


def refuse(source: Path, annotated: Path | None = None, landmarks: Path | None = None) -> str:
    """:return: what the error says"""

    def make_tracker() -> Spectator:
        raise AssertionError("no tracker is needed to see that this can't be done")

    with pytest.raises(MediaError) as caught:
        track(source, annotated, landmarks, model=Made(make_tracker))
    return str(caught.value)


def write_video(
    path: Path,
    pictures: Iterable[Picture],
    *,
    times: Iterable[int] | None = None,
    matrix: tuple[int, int, int, int] | None = None,
    pixel_aspect: Fraction | None = None,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    title: str = "",
) -> Path:
    """
    :param times: of the frames in milliseconds; 25 a second if not given.
    :param matrix: the upper left part of the display matrix.
    :param pixel_aspect: a pixel's width divided by its height.
    """
    pictures = list(pictures)
    with av.open(path, "w") as container:
        container.metadata["title"] = title
        stream = container.add_stream(codec, rate=25, options=options or {})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        # An AVI has a frame for each step.
        stream.codec_context.time_base = Fraction(1, 25 if path.suffix == ".avi" else 1000)
        if matrix:
            a, b, c, d = (65_536 * number for number in matrix)
            stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
        if pixel_aspect:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        for picture, time in zip(pictures, times or range(0, 40 * len(pictures), 40), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def read_image(path: Path) -> Picture:
    with Image.open(path) as picture:
        return np.asarray(picture)


def read_video(path: Path) -> list[av.VideoFrame]:
    with av.open(path) as container:
        return list(container.decode(video=0))


def duration_ms(path: Path) -> int:
    with av.open(path) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        return round(1000 * stream.duration * stream.time_base)


def read_lines(path: Path) -> list[LandmarkMessage]:
    return [as_json.decode(line) for line in path.read_bytes().splitlines()]


def nose(message: LandmarkMessage) -> tuple[float, float]:
    """The tip of the nose in pixels."""
    face = message.result.face_landmarks
    assert face is not None
    return float(face[1, 0] * message.width), float(face[1, 1] * message.height)


@pytest.fixture
def portrait() -> Picture:
    return grace_hopper(400, 480)


def assert_is_upright(shown: Picture, portrait: Picture) -> None:
    """In greys, since some formats have no more, and where the person is: around it may be transparent."""
    assert shown.shape == portrait.shape
    greys = [np.asarray(Image.fromarray(picture).convert("L"))[:, 60:340].astype(int) for picture in (shown, portrait)]
    assert np.abs(greys[0] - greys[1]).mean() < 8


def test_a_picture_gives_an_annotated_picture_and_one_line(portrait: Picture, tmp_path: Path) -> None:
    source = tmp_path / "portrait.png"
    Image.fromarray(portrait).save(source)
    reports: list[tuple[int, int]] = []
    tracked = track(
        source,
        tmp_path / "out.png",
        tmp_path / "out.jsonl",
        lambda done, total: reports.append((done, total)),
        MEDIAPIPE,
    )
    assert (tracked.frames, tracked.damaged, reports) == (1, False, [(1, 1)])
    assert tracked.seen[Part.FACE] == tracked.seen[Part.POSE] == 1
    (message,) = read_lines(tmp_path / "out.jsonl")
    assert (message.seq, message.timestamp_ms, message.width, message.height, message.track) == (0, 0, 400, 480, 0)
    annotated = read_image(tmp_path / "out.png")
    assert annotated.shape == portrait.shape
    difference = np.abs(annotated.astype(int) - portrait)
    x, y = map(round, nose(message))
    assert difference[y - 40 : y + 40, x - 40 : x + 40].mean() > 5
    assert difference[:40, :40].max() == 0


@pytest.mark.parametrize("size", [(640, 480), (81, 61)])
def test_a_picture_gives_a_video_of_one_frame_if_one_is_named(size: tuple[int, int], tmp_path: Path) -> None:
    source, annotated, landmarks = tmp_path / "in.heic", tmp_path / "out.mp4", tmp_path / "out.jsonl"
    Image.fromarray(grace_hopper(*size)).save(source, "HEIF")
    tracked = track(source, annotated, landmarks)
    assert (tracked.frames, len(landmarks.read_text().splitlines())) == (1, 1)
    with av.open(annotated) as container:
        assert container.duration == 1_000_000
        [frame] = container.decode(video=0)
    assert (frame.width, frame.height) == tuple(side // 2 * 2 for side in size)


def test_one_pass_writes_several_outputs(tmp_path: Path) -> None:
    source = write_video(tmp_path / "clip.mp4", [grace_hopper(64, 48)] * 3)
    outputs = [tmp_path / f"out{suffix}" for suffix in (".jsonl", ".csv", ".npz", ".parquet")]
    spectator = Crowd(size=2)
    tracked = track_file(
        *(source, Made(lambda: spectator), Quality.BALANCED, tmp_path / "out.mp4", outputs, lambda done, total: None),
        max_persons=2,
    )
    assert tracked.landmarks == outputs
    messages = read_lines(outputs[0])
    assert [(message.seq, message.person) for message in messages] == [(seq, who) for seq in range(3) for who in (0, 1)]
    with outputs[1].open(newline="") as file:
        rows = list(csv.DictReader(file))
    with np.load(outputs[2]) as arrays:
        assert "rig_rotations" not in arrays
        npz = list(zip(arrays["time_ms"].tolist(), arrays["person"].tolist(), strict=True))
    table = pq.read_table(outputs[3])
    assert npz == [(message.timestamp_ms, message.person) for message in messages]
    assert npz == [(int(row["time_ms"]), int(row["person"])) for row in rows]
    assert npz == list(zip(table["time_ms"].to_pylist(), table["person"].to_pylist(), strict=True))
    assert table.column_names == list(rows[0])
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "out.mp4", *(path.name for path in outputs)}


def test_only_the_wanted_parts_are_found_drawn_and_written(tmp_path: Path) -> None:
    source = tmp_path / "portrait.png"
    Image.fromarray(grace_hopper(64, 48)).save(source)
    wanted = parse_parts("pose,hands")
    asked: list[frozenset[Part]] = []

    class Asked(Crowd):
        def detect(self, image: Picture, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1) -> Persons:
            asked.append(parts)
            return super().detect(image, parts, max_persons)

    model = Made(Asked)
    for landmarks in ([tmp_path / "out.jsonl"], []):
        tracked = track_file(
            *(source, model, Quality.BALANCED, tmp_path / "out.png", landmarks, lambda done, total: None), parts=wanted
        )
        assert set(tracked.seen) == wanted
    assert asked == [wanted, wanted]
    assert set(read_lines(tmp_path / "out.jsonl")[0].seen()) == wanted


def test_with_no_output_named_the_annotated_one_is_put_beside_the_source(portrait: Picture, tmp_path: Path) -> None:
    source = tmp_path / "portrait.bmp"
    Image.fromarray(portrait).save(source)
    assert track(source).annotated == tmp_path / "portrait-annotated.bmp"
    assert {path.name for path in tmp_path.iterdir()} == {"portrait.bmp", "portrait-annotated.bmp"}


FORMATS = ["PNG", "JPEG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "JPEG2000"]


@pytest.mark.parametrize(
    ("name", "saved", "end", "kept"),
    [
        *((f"portrait.{kind}", kind, end, kind) for kind, end in zip(
            FORMATS, ("png", "jpg", "webp", "avif", "heic", "tiff", "bmp", "jp2"), strict=True
        )),
        # By its content, whatever it is called.
        ("portrait.png", "WEBP", "webp", "WEBP"),
        ("portrait.gif", "GIF", "png", "PNG"),
        ("portrait.ppm", "PPM", "png", "PNG"),
    ],
)  # fmt: skip
def test_an_annotated_picture_keeps_its_format(
    name: str, saved: str, end: str, kept: str, portrait: Picture, tmp_path: Path
) -> None:
    Image.fromarray(portrait).save(tmp_path / name, saved)
    assert track(tmp_path / name).annotated == tmp_path / f"portrait-annotated.{end}"
    with Image.open(tmp_path / f"portrait-annotated.{end}") as picture:
        assert picture.format == kept
    assert_is_upright(read_image(tmp_path / f"portrait-annotated.{end}"), portrait)


@pytest.mark.parametrize(
    ("name", "kind"), [("out.JPEG", "JPEG"), ("out.webp", "WEBP"), ("out.heic", "HEIF"), ("out.tif", "TIFF")]
)
def test_the_suffix_of_the_output_names_the_format_of_a_picture(
    name: str, kind: str, portrait: Picture, tmp_path: Path
) -> None:
    Image.fromarray(portrait).save(tmp_path / "portrait.png")
    track(tmp_path / "portrait.png", tmp_path / name)
    with Image.open(tmp_path / name) as picture:
        assert picture.format == kind


def test_the_default_name_of_an_output_fits(tmp_path: Path) -> None:
    source = tmp_path / ("あ" * 83 + ".png")
    Image.fromarray(grace_hopper(64, 48)).save(source)
    annotated = track(source).annotated
    assert annotated == tmp_path / ("あ" * 80 + "-annotated.png")
    assert set(tmp_path.iterdir()) == {source, annotated}


def test_no_output_is_put_beside_a_pipe(tmp_path: Path) -> None:
    picture, _ = small_sources(tmp_path)
    source, sink = os.pipe()
    os.write(sink, picture.read_bytes())
    os.close(sink)
    with pytest.raises(MediaError, match=f"name the output for /dev/fd/{source} with -o"):
        track(Path(f"/dev/fd/{source}"))
    os.close(source)


def test_nobody_is_no_error(tmp_path: Path) -> None:
    source = tmp_path / "grey.png"
    Image.new("RGB", (321, 121), "grey").save(source)
    tracked = track(source, tmp_path / "out.jpg", tmp_path / "out.jsonl", model=MEDIAPIPE)
    assert tracked.seen.total() == 0
    assert read_image(tmp_path / "out.jpg").shape == (121, 321, 3)
    assert read_lines(tmp_path / "out.jsonl")[0].result.pose_landmarks is None


def cut_out(picture: Image.Image) -> Image.Image:
    """The person stays; around it, transparent and of a colour that would be seen if transparency was ignored."""
    alpha = Image.new("L", picture.size, 0)
    alpha.paste(255, (60, 0, 340, 480))
    picture = picture.copy()
    picture.putalpha(alpha)
    return picture


@pytest.mark.parametrize(
    ("name", "convert", "options"),
    [
        ("plain.jpg", lambda p: p, {}),
        ("small.webp", lambda p: p, {}),
        ("plain.bmp", lambda p: p, {}),
        ("grey.png", lambda p: p.convert("L"), {}),
        ("deep_grey.png", lambda p: Image.fromarray(np.asarray(p.convert("L")).astype(np.uint16) * 257), {}),
        ("palette.png", lambda p: p.quantize(128), {}),
        ("alpha.png", cut_out, {}),
        ("ink.jpg", lambda p: p.convert("CMYK"), {}),
        # 6: the camera was held so that the picture has to be turned by 90 degrees clockwise.
        ("turned.jpg", lambda p: p.transpose(Image.Transpose.ROTATE_90), {"exif": {0x0112: 6}}),
    ],
)
def test_every_kind_of_picture_is_read_upright(
    name: str,
    convert: Callable[[Image.Image], Image.Image],
    options: dict[str, Any],
    portrait: Picture,
    tmp_path: Path,
) -> None:
    if "exif" in options:
        exif = Image.Exif()
        exif.update(options["exif"])
        options = {"exif": exif}
    convert(Image.fromarray(portrait)).save(tmp_path / name, **options)
    spectator = Spectator()
    track(tmp_path / name, landmarks=tmp_path / "out.jsonl", model=Made(lambda: spectator))
    (message,) = read_lines(tmp_path / "out.jsonl")
    assert (message.width, message.height) == (400, 480)
    assert_is_upright(spectator.shown[0], portrait)


def test_what_is_transparent_becomes_white(portrait: Picture, tmp_path: Path) -> None:
    cut_out(Image.fromarray(portrait)).save(tmp_path / "alpha.png")
    track(tmp_path / "alpha.png", tmp_path / "out.png")
    assert read_image(tmp_path / "out.png")[5, 5].tolist() == [255, 255, 255]


def test_a_video_keeps_its_frames_and_their_uneven_times(portrait: Picture, tmp_path: Path) -> None:
    times = [0, 40, 47, 130, 1130, 1163]
    source = write_video(tmp_path / "clip.mkv", [portrait] * len(times), times=times)
    reports: list[tuple[int, int]] = []
    tracked = track(
        source,
        tmp_path / "out.mp4",
        tmp_path / "out.jsonl",
        lambda done, total: reports.append((done, total)),
        MEDIAPIPE,
    )
    assert tracked.frames == tracked.seen[Part.FACE] == len(times)
    assert [done for done, _ in reports] == [1, 2, 3, 4, 5, 6]
    messages = read_lines(tmp_path / "out.jsonl")
    assert [message.seq for message in messages] == [0, 1, 2, 3, 4, 5]
    assert [message.timestamp_ms for message in messages] == times
    frames = read_video(tmp_path / "out.mp4")
    assert [round(frame.time * 1000) for frame in frames] == times
    assert (frames[0].width, frames[0].height, frames[0].format.name) == (400, 480, "yuv420p")


def test_annotated_videos_are_h264_with_the_index_first_and_in_the_colours_of_the_source(
    portrait: Picture, tmp_path: Path
) -> None:
    source = write_video(tmp_path / "clip.mp4", [portrait] * 3)
    track(source, tmp_path / "out.mp4")
    with av.open(tmp_path / "out.mp4") as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert not container.streams.audio
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    corner = slice(0, 40), slice(0, 40)
    before, after = (read_video(path)[0].to_ndarray(format="rgb24") for path in (source, tmp_path / "out.mp4"))
    assert np.abs(after[corner].astype(int) - before[corner]).mean() < 3


@pytest.mark.parametrize("colours", TAGGED, ids=str)
def test_an_annotated_video_has_the_colours_of_the_source_where_nothing_is_drawn(
    colours: Colours, tmp_path: Path
) -> None:
    source = tmp_path / "clip.mp4"
    source.write_bytes(h264(colours, colourful(), frames=3))
    track(source, tmp_path / "out.mp4")
    annotated = read_video(tmp_path / "out.mp4")[0]
    assert annotated.color_range == LIMITED
    assert difference(to_rgb(annotated), to_rgb(read_video(source)[0]))[0] < 2.5


def test_the_landmarks_of_a_video_are_smoothed_and_tell_the_heads_pose_as_those_of_a_stream(
    portrait: Picture, tmp_path: Path
) -> None:
    shifted = [np.roll(portrait, 3 * i, axis=1) for i in range(4)]
    source = write_video(tmp_path / "clip.avi", shifted, codec="ffv1", pix_fmt="bgr0")
    track(source, landmarks=tmp_path / "out.jsonl", model=MEDIAPIPE)
    refiner = Refiner()
    with closing(MEDIAPIPE.tracker()) as tracker:
        for picture, message in zip(shifted, read_lines(tmp_path / "out.jsonl"), strict=True):
            found = first_of(tracker.track(picture, message.timestamp_ms))
            expected = refiner.refine(found, 400, 480, message.timestamp_ms, smoothing=True)
            for name, tolerance in (("face_landmarks", 1e-4), ("face_transform", 0.01)):
                np.testing.assert_allclose(getattr(message.result, name), getattr(expected, name), atol=tolerance)
    assert np.abs(found.face_landmarks - expected.face_landmarks).max() > 1e-3  # type: ignore[operator]


def test_each_person_in_a_frame_is_a_line_and_is_drawn(portrait: Picture, tmp_path: Path) -> None:
    source = write_video(tmp_path / "clip.mkv", [portrait] * 2)
    pictures = []
    for max_persons in (1, 2):
        annotated, landmarks = tmp_path / f"{max_persons}.mp4", tmp_path / f"{max_persons}.jsonl"
        tracked = track(source, annotated, landmarks, model=Made(Crowd), max_persons=max_persons)
        assert tracked.frames == tracked.seen[Part.LEFT_HAND] == 2
        lines = [(message.seq, message.person) for message in read_lines(landmarks)]
        assert lines == [(seq, person) for seq in range(2) for person in range(max_persons)]
        pictures.append(read_video(annotated)[0].to_ndarray(format="rgb24"))
    assert (pictures[0] != pictures[1]).any()


def test_a_video_that_begins_late_begins_at_once_when_annotated(portrait: Picture, tmp_path: Path) -> None:
    source = write_video(tmp_path / "clip.mkv", [portrait] * 3, times=[90_000, 90_040, 90_080])
    track(source, tmp_path / "out.mp4", tmp_path / "out.jsonl")
    assert [message.timestamp_ms for message in read_lines(tmp_path / "out.jsonl")] == [0, 40, 80]
    assert [round(frame.time * 1000) for frame in read_video(tmp_path / "out.mp4")] == [0, 40, 80]


def test_a_video_without_times_goes_by_its_rate(portrait: Picture, tmp_path: Path) -> None:
    source = write_video(tmp_path / "clip.h264", [portrait] * 3, options={"x264-params": "bframes=0"})
    track(source, tmp_path / "out.mp4", tmp_path / "out.jsonl")
    times = [message.timestamp_ms for message in read_lines(tmp_path / "out.jsonl")]
    assert times == [0, 40, 80]
    assert len(read_video(tmp_path / "out.mp4")) == 3


# The display matrix, without its last column and row, and what was done to the frames before.
@pytest.mark.parametrize(
    ("matrix", "stored"),
    [
        ((1, 0, 0, 1), lambda p: p),
        ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
        ((1, 0, 0, -1), lambda p: p[::-1]),
        ((-1, 0, 0, -1), lambda p: p[::-1, ::-1]),
        ((0, 1, -1, 0), lambda p: np.rot90(p)),
        ((0, -1, 1, 0), lambda p: np.rot90(p, -1)),
        ((0, 1, 1, 0), lambda p: p.transpose(1, 0, 2)),
        ((0, -1, -1, 0), lambda p: np.rot90(p.transpose(1, 0, 2), 2)),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_videos_are_turned_and_mirrored_as_a_player_does(
    suffix: str,
    matrix: tuple[int, int, int, int],
    stored: Callable[[Picture], Picture],
    portrait: Picture,
    tmp_path: Path,
) -> None:
    frames = [np.ascontiguousarray(stored(portrait))] * 2
    source = write_video(tmp_path / f"phone{suffix}", frames, matrix=matrix)
    spectator = Spectator()
    track(source, tmp_path / "out.mp4", tmp_path / "out.jsonl", model=Made(lambda: spectator))
    message = read_lines(tmp_path / "out.jsonl")[-1]
    assert (message.width, message.height) == (400, 480)
    assert_is_upright(spectator.shown[-1], portrait)
    frame = read_video(tmp_path / "out.mp4")[0]
    assert (frame.width, frame.height, frame.rotation) == (400, 480, 0)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.avi"])
@pytest.mark.parametrize(
    ("aspect", "stored", "size"),
    [
        (Fraction(2), (200, 480), (400, 480)),
        (Fraction(4, 3), (300, 480), (400, 480)),
        (Fraction(1, 2), (400, 240), (400, 480)),
        (Fraction(100), (400, 480), (400, 480)),
    ],
)
def test_pixels_become_square(
    name: str, aspect: Fraction, stored: tuple[int, int], size: tuple[int, int], portrait: Picture, tmp_path: Path
) -> None:
    squeezed = np.asarray(Image.fromarray(portrait).resize(stored))
    source = write_video(tmp_path / name, [squeezed] * 2, pixel_aspect=aspect)
    spectator = Spectator()
    track(source, tmp_path / "out.mp4", model=Made(lambda: spectator))
    assert_is_upright(spectator.shown[-1], portrait)
    frame = read_video(tmp_path / "out.mp4")[0]
    assert (frame.width, frame.height) == size


def test_a_joined_video_lasts_as_long_as_its_parts(portrait: Picture, tmp_path: Path) -> None:
    part = write_video(tmp_path / "part.ts", [portrait] * 25)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part.read_bytes() * 3)
    track(joined, tmp_path / "out.mp4", tmp_path / "out.jsonl")
    assert [message.timestamp_ms for message in read_lines(tmp_path / "out.jsonl")] == list(range(0, 3000, 40))
    assert duration_ms(tmp_path / "out.mp4") == 3000


@pytest.mark.parametrize("times", [[0, 40, 80], [0, 1000, 1033, 4000], [0, 5000]])
def test_the_duration_in_the_annotated_file_counts_the_last_frame(
    times: list[int], portrait: Picture, tmp_path: Path
) -> None:
    source = write_video(tmp_path / "clip.mkv", [portrait] * len(times), times=times)
    track(source, tmp_path / "out.mp4")
    assert duration_ms(tmp_path / "out.mp4") == times[-1] + 40


def test_the_duration_in_the_annotated_file_is_right_after_a_pause_among_reordered_frames(tmp_path: Path) -> None:
    times = [*range(0, 1000, 40), *range(4000, 5000, 40)]
    source = make_long(tmp_path / "paused.mp4", repeat(grace_hopper()), times)
    track(source, tmp_path / "annotated.mp4")
    with av.open(tmp_path / "annotated.mp4") as container:
        assert container.duration == pytest.approx(5_000_000, abs=80_000)


def test_an_avi_of_reordered_frames_keeps_their_times(portrait: Picture, tmp_path: Path) -> None:
    # Moving, so that the encoder finds a use for B-frames.
    frames = [np.roll(portrait, shift, axis=1) for shift in range(20)]
    source = write_video(tmp_path / "clip.avi", frames, options={"x264-params": "bframes=3:b-adapt=0"})
    track(source, landmarks=tmp_path / "out.jsonl")
    assert [message.timestamp_ms for message in read_lines(tmp_path / "out.jsonl")] == list(range(0, 800, 40))


def test_the_cover_of_a_song_is_no_video(portrait: Picture, tmp_path: Path) -> None:
    with av.open(tmp_path / "song.m4a", "w", format="mp4") as container:
        song, cover = container.add_stream("aac", rate=48_000), container.add_stream("mjpeg")
        assert isinstance(song, av.AudioStream)
        assert isinstance(cover, av.VideoStream)
        cover.height, cover.width = portrait.shape[:2]
        cover.pix_fmt = "yuvj420p"
        cover.disposition = Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(portrait, format="rgb24")))
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 48_000
        container.mux(song.encode(sound))
        container.mux(song.encode(None))
    assert "has no video in it" in refuse(tmp_path / "song.m4a")


def test_a_picture_that_only_ffmpeg_can_read_is_a_picture(portrait: Picture, tmp_path: Path) -> None:
    with av.open(tmp_path / "portrait.exr", "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("exr")
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = portrait.shape[:2]
        stream.pix_fmt = "gbrpf32le"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(portrait, format="rgb24").reformat(format="gbrpf32le")))
        container.mux(stream.encode(None))
    assert track(tmp_path / "portrait.exr").annotated == tmp_path / "portrait-annotated.png"


def test_odd_sizes_lose_a_row_or_column(portrait: Picture, tmp_path: Path) -> None:
    source = write_video(tmp_path / "odd.avi", [portrait[:241, :321]] * 2, codec="ffv1", pix_fmt="bgr0")
    track(source, tmp_path / "out.mp4", tmp_path / "out.jsonl")
    frame = read_video(tmp_path / "out.mp4")[0]
    message = read_lines(tmp_path / "out.jsonl")[0]
    assert (frame.width, frame.height) == (message.width, message.height) == (320, 240)


def test_a_title_in_an_old_encoding_does_no_harm(portrait: Picture, tmp_path: Path) -> None:
    source = write_video(tmp_path / "clip.avi", [portrait] * 2, title="Bj?rn")
    source.write_bytes(source.read_bytes().replace(b"Bj?rn", "Bjørn".encode("latin-1")))
    assert track(source, landmarks=tmp_path / "out.jsonl").frames == 2


@pytest.mark.parametrize("name", ["clip.gif", "clip.avif"])
def test_an_animation_is_a_video_unless_a_picture_is_wanted(name: str, portrait: Picture, tmp_path: Path) -> None:
    source = tmp_path / name
    still, mirrored = Image.fromarray(portrait), Image.fromarray(portrait[:, ::-1])
    still.save(source, save_all=True, append_images=[mirrored], duration=100)
    tracked = track(source)
    assert tracked.annotated == tmp_path / "clip-annotated.mp4"
    assert tracked.frames == 2
    assert track(source, tmp_path / "first.png").frames == 1
    assert_is_upright(read_image(tmp_path / "first.png"), portrait)
    still.save(source)
    assert track(source).annotated == tmp_path / f"clip-annotated{'.png' if name == 'clip.gif' else '.avif'}"


def as_jpeg(picture: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("name", ["clip.mjpeg", "clip.jpg", "clip"])
@pytest.mark.parametrize("gap", [0, 5])
def test_jpegs_one_after_the_other_are_a_video(name: str, gap: int, portrait: Picture, tmp_path: Path) -> None:
    source = tmp_path / name
    frame, mirrored = (as_jpeg(Image.fromarray(image)) + bytes(gap) for image in (portrait, portrait[:, ::-1]))
    source.write_bytes(frame + mirrored + frame)
    tracked = track(source, landmarks=tmp_path / "clip.jsonl", annotated=tmp_path / "clip.mp4")
    assert tracked.frames == 3
    assert not tracked.damaged
    assert duration_ms(tmp_path / "clip.mp4") == 120
    assert track(source, tmp_path / "first.png").frames == 1
    assert_is_upright(read_image(tmp_path / "first.png"), portrait)


@pytest.mark.parametrize("following", ["another eye's", "smaller", "described", "video", "garbage"])
def test_a_jpeg_with_something_appended_is_a_picture(following: str, portrait: Picture, tmp_path: Path) -> None:
    source, picture = tmp_path / "photo.jpg", Image.fromarray(portrait)
    exif = Image.Exif()
    exif[0x010F] = "maker"
    if following == "another eye's":
        picture.save(source, "MPO", save_all=True, append_images=[picture])
    else:
        whole = as_jpeg(picture)
        source.write_bytes(
            {
                "smaller": whole + as_jpeg(picture.resize((80, 60))),
                "described": as_jpeg(picture, exif=exif) + whole,
                "video": whole + write_video(tmp_path / "motion.mp4", [portrait] * 2).read_bytes(),
                "garbage": whole + os.urandom(1000),
            }[following]
        )
    tracked = track(source)
    assert (tracked.frames, tracked.annotated) == (1, tmp_path / "photo-annotated.jpg")


def test_what_looks_like_a_heic_but_cannot_be_read_is_not_a_video(portrait: Picture, tmp_path: Path) -> None:
    source = tmp_path / "photo.heic"
    Image.fromarray(portrait).save(source, tile_size=256)
    data = source.read_bytes()
    source.write_bytes(data.replace(b"iprp", b"iprq"))
    assert "the HEIF picture can't be read; convert it" in refuse(source)


@pytest.mark.parametrize("end", ["jpg", "webp", "avif", "heic"])
def test_a_picture_larger_than_a_format_can_hold_is_refused_in_it(end: str, tmp_path: Path) -> None:
    source = tmp_path / "scroll.png"
    Image.new("RGB", (66_000, 2)).save(source)
    with pytest.raises(MediaError, match=r"at most [\d,]+ pixels .* end the name in .png"):
        track(source, tmp_path / f"out.{end}")
    assert not (tmp_path / f"out.{end}").exists()
    assert track(source, tmp_path / "out.png").frames == 1


def test_a_video_of_one_dot_is_tracked_but_not_written(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.gif", save_all=True, append_images=[Image.new("RGB", (1, 1), "red")])
    assert track(tmp_path / "dot.gif", landmarks=tmp_path / "out.jsonl").frames == 2
    with pytest.raises(MediaError, match="must be 2 to 16,384 pixels"):
        track(tmp_path / "dot.gif", tmp_path / "out.mp4")


def test_a_video_wider_than_an_encoder_takes_is_tracked_but_not_written(tmp_path: Path) -> None:
    source = write_video(tmp_path / "wide.avi", [np.zeros((16, 17_000, 3), np.uint8)] * 2, codec="ffv1", pix_fmt="bgr0")
    assert track(source, landmarks=tmp_path / "out.jsonl").frames == 2
    with pytest.raises(MediaError, match="must be 2 to 16,384 pixels"):
        track(source, tmp_path / "out.mp4")


def test_of_a_video_cut_at_its_end_what_can_be_read_is_tracked(portrait: Picture, tmp_path: Path) -> None:
    # Without prediction between frames all of them have about the same size.
    whole = write_video(tmp_path / "whole.avi", [portrait] * 8, codec="mjpeg", pix_fmt="yuvj420p")
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    tracked = track(cut, tmp_path / "out.mp4", tmp_path / "out.jsonl")
    assert 2 <= tracked.frames <= 5
    assert len(read_lines(tmp_path / "out.jsonl")) == len(read_video(tmp_path / "out.mp4")) == tracked.frames


def test_a_video_damaged_in_its_middle_is_tracked_on_and_told_of(portrait: Picture, tmp_path: Path) -> None:
    source = write_video(tmp_path / "clip.avi", [portrait] * 5, codec="ffv1", pix_fmt="bgr0", options={"slicecrc": "1"})
    with av.open(source) as container:
        packets = [bytes(packet) for packet in container.demux(video=0)]
    data = source.read_bytes()
    damaged = data.replace(packets[2], b"\xff" * len(packets[2]))
    assert damaged != data
    source.write_bytes(damaged)
    tracked = track(source, landmarks=tmp_path / "out.jsonl")
    assert tracked.damaged
    assert tracked.frames >= 2


def test_a_video_of_which_nothing_can_be_read_is_refused_and_nothing_is_left(portrait: Picture, tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4", [portrait] * 3, options={"movflags": "+faststart"})
    data = whole.read_bytes()
    start = data.index(b"mdat") + 4
    whole.unlink()
    (tmp_path / "empty.mp4").write_bytes(data[:start])
    with pytest.raises(MediaError, match="no frame that can be read|can't be read as"):
        track(tmp_path / "empty.mp4", tmp_path / "out.mp4", tmp_path / "out.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["empty.mp4"]


@pytest.mark.parametrize("name", ["clip.mp4", "portrait.png"])
def test_an_interrupted_run_leaves_the_old_outputs_as_they_were(name: str, portrait: Picture, tmp_path: Path) -> None:
    source = tmp_path / name
    write_video(source, [portrait] * 3) if name.endswith("mp4") else Image.fromarray(portrait).save(source)
    annotated = tmp_path / f"out{source.suffix}"
    annotated.write_text("old")

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        track(source, annotated, tmp_path / "out.jsonl", interrupt)
    assert annotated.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {name, annotated.name}


def test_inputs_that_are_no_pictures_or_videos_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary\n" * 50)
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(1).bytes(5000))
    (tmp_path / "empty.jpg").write_bytes(b"")
    with av.open(tmp_path / "sound.wav", "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    assert "there is no file" in refuse(tmp_path / "absent.mp4")
    assert "is not a file" in refuse(tmp_path)
    assert "no video in it" in refuse(tmp_path / "notes.txt")
    assert "can't be read as a picture or a video" in refuse(tmp_path / "noise.mp4")
    assert refuse(tmp_path / "empty.jpg").endswith("empty.jpg is empty")
    assert "no video in it" in refuse(tmp_path / "sound.wav")


def test_a_cut_picture_is_refused(portrait: Picture, tmp_path: Path) -> None:
    for name in ("portrait.png", "portrait.jpg"):
        file = io.BytesIO()
        Image.fromarray(portrait).save(file, format="PNG" if name.endswith("png") else "JPEG")
        (tmp_path / name).write_bytes(file.getvalue()[:-5000])
        assert "can't be read" in refuse(tmp_path / name)


@pytest.mark.parametrize("side", [9_500, 14_000])
def test_a_picture_too_large_for_memory_is_refused(side: int, tmp_path: Path) -> None:
    Image.new("1", (1, 1)).save(tmp_path / "bomb.png")
    data = bytearray((tmp_path / "bomb.png").read_bytes())
    # The size that its header tells, and the header's checksum.
    struct.pack_into(">II", data, 16, side, side)
    struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    (tmp_path / "bomb.png").write_bytes(data)
    assert "too large" in refuse(tmp_path / "bomb.png")


def test_outputs_that_cannot_be_written_are_refused_before_any_work(portrait: Picture, tmp_path: Path) -> None:
    picture, video = tmp_path / "portrait.png", write_video(tmp_path / "clip.mp4", [portrait])
    Image.fromarray(portrait).save(picture)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "link.png").symlink_to(picture)
    assert "must end in .png, .jpg, .jpeg, .webp" in refuse(picture, tmp_path / "out.avi")
    assert "must end in .mp4" in refuse(video, tmp_path / "out.avi")
    assert "must end in .mp4" in refuse(video, tmp_path / "out")
    assert "there is no folder" in refuse(video, tmp_path / "absent" / "out.mp4")
    assert "is a folder" in refuse(picture, tmp_path / "folder.png")
    assert "overwrite the input" in refuse(picture, picture)
    assert "overwrite the input" in refuse(picture, tmp_path / "link.png")
    assert "overwrite the input" in refuse(video, landmarks=video)
    assert "two outputs" in refuse(picture, tmp_path / "out.png", tmp_path / "out.png")
    (tmp_path / "other.png").symlink_to("out.png")
    (tmp_path / "astray.png").symlink_to("absent/out.png")
    (tmp_path / "stdout").symlink_to("/proc/self/fd/1")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "out.sock"))
    assert "two outputs" in refuse(picture, tmp_path / "out.png", tmp_path / "other.png")
    assert "two outputs would go to standard output" in refuse(picture, STDOUT, STDOUT)
    assert "two outputs" in refuse(picture, STDOUT, tmp_path / "stdout")
    assert "there is no folder" in refuse(picture, tmp_path / "astray.png")
    assert "is a socket" in refuse(picture, landmarks=tmp_path / "out.sock")


def small_sources(folder: Path) -> tuple[Path, Path]:
    """A picture and a video, of which all that comes fits into a pipe."""
    picture = grace_hopper(64, 48)
    Image.fromarray(picture).save(folder / "portrait.png")
    return folder / "portrait.png", write_video(folder / "clip.mp4", [picture] * 3)


def test_a_motion_is_not_landmarks(tmp_path: Path) -> None:
    Image.fromarray(grace_hopper(64, 48)).save(tmp_path / "portrait.png")
    assert "use `holistic-rtc record" in refuse(tmp_path / "portrait.png", landmarks=tmp_path / "out.bvh")


def test_devices_stay_and_need_no_suffix(tmp_path: Path) -> None:
    null, other = make_null(tmp_path / "null"), make_null(tmp_path / "other.dat")
    for source in small_sources(tmp_path):
        assert track(source, null, other).frames
    assert is_null(null)
    assert is_null(other)


def test_the_reader_of_a_pipe_gets_each_line_at_once(tmp_path: Path) -> None:
    _, video = small_sources(tmp_path)
    got: list[LandmarkMessage] = []
    with reading(tmp_path / "pipe") as pipe:
        track(
            video,
            landmarks=tmp_path / "pipe",
            report=lambda done, total: got.append(as_json.decode(os.read(pipe, 65_536).rstrip())),
        )
        assert os.read(pipe, 1) == b""
    assert [message.seq for message in got] == [0, 1, 2]


@pytest.mark.parametrize(("name", "kind"), [("pipe", "PNG"), ("pipe.jpg", "JPEG"), ("pipe.dat", "PNG")])
def test_the_reader_of_a_pipe_gets_the_annotated_picture(name: str, kind: str, tmp_path: Path) -> None:
    picture, _ = small_sources(tmp_path)
    with reading(tmp_path / name) as pipe:
        track(picture, tmp_path / name)
        data = os.read(pipe, 65_536)
    with Image.open(io.BytesIO(data)) as annotated:
        assert (annotated.format, annotated.size) == (kind, (64, 48))


def test_the_reader_of_a_pipe_gets_the_annotated_video(tmp_path: Path) -> None:
    _, video = small_sources(tmp_path)
    with reading(tmp_path / "pipe") as pipe:
        track(video, tmp_path / "pipe")
        (tmp_path / "got.mp4").write_bytes(os.read(pipe, 65_536))
    assert len(read_video(tmp_path / "got.mp4")) == 3


def test_an_interrupted_run_gives_a_pipe_no_half_video(tmp_path: Path) -> None:
    _, video = small_sources(tmp_path)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with reading(tmp_path / "pipe") as pipe:
        with pytest.raises(KeyboardInterrupt):
            track(video, tmp_path / "pipe", report=interrupt)
        assert os.read(pipe, 65_536) == b""


def test_a_reader_that_leaves_ends_it_and_no_half_file_stays(tmp_path: Path) -> None:
    _, video = small_sources(tmp_path)
    source, sink = os.pipe()
    os.close(source)
    with pytest.raises(BrokenPipeError):
        track(video, tmp_path / "out.mp4", Path(f"/dev/fd/{sink}"))
    os.close(sink)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "portrait.png"]


def test_links_stay_and_their_targets_are_written(tmp_path: Path) -> None:
    picture, _ = small_sources(tmp_path)
    for name in "out.png", "out.jsonl":
        (tmp_path / name).symlink_to(f"target_{name}")
    (tmp_path / "target_out.png").write_text("old")
    track(picture, tmp_path / "out.png", tmp_path / "out.jsonl")
    for name in "out.png", "out.jsonl":
        assert os.readlink(tmp_path / name) == f"target_{name}"
    assert read_image(tmp_path / "target_out.png").shape == (48, 64, 3)
    assert len(read_lines(tmp_path / "target_out.jsonl")) == 1


def test_an_output_that_stops_being_writable_is_told_of_in_words(portrait: Picture, tmp_path: Path) -> None:
    source = write_video(tmp_path / "clip.mp4", [portrait] * 2)
    folder = tmp_path / "gone"
    folder.mkdir()

    def remove_folder() -> Spectator:
        folder.rmdir()
        return Spectator()

    with pytest.raises(MediaError, match=r"can't be written: .*(directory|folder)") as caught:
        track(source, folder / "out.mp4", model=Made(remove_folder))
    assert isinstance(caught.value.__cause__, (OSError, FFmpegError))
