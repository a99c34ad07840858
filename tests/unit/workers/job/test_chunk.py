"""Chunks of videos, with the real tracker: joined, they are the same as the whole."""

from collections.abc import Iterator
from itertools import count
from math import sin
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import UncuttableError
from holistic_rtc.files.media import opened
from holistic_rtc.files.seams import Seams
from holistic_rtc.model.chunk import Chunk, Cut
from holistic_rtc.model.quality import Quality
from holistic_rtc.tracking import open_model
from holistic_rtc.tracking.engine import Model
from holistic_rtc.wire import as_json
from holistic_rtc.workers.job.chunk import Files, find_cut, join_chunks, track_chunk
from holistic_rtc.workers.job.track import track_file
from tests.kit.clips import FPS, forth_and_back, make_clip, make_long, person_clip
from tests.kit.persons import Made, Twice
from tests.kit.pictures import shared_media
from tests.kit.publisher import Picture

SEAMS = Seams(every_ms=1500, warm_ms=500)
RATE = 15
SECONDS = 5


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    model = open_model(find(PoseModel.LITE).path)
    yield model
    model.close()


def make(path: Path, *, key_every: int = 10, pause_ms: int = 0) -> Path:
    """:param pause_ms: in the middle"""
    frames = RATE * SECONDS
    times = (round(number * 1000 / RATE) + pause_ms * (number >= frames // 2) for number in range(frames))
    return make_long(
        path, forth_and_back(person_clip()[::2]), times, key_every=key_every, noise_seconds=SECONDS + pause_ms / 1000
    )


def whole(source: Path, model: Model, folder: Path, max_persons: int = 1) -> Files:
    annotated, landmarks = folder / "whole.mp4", folder / "whole.jsonl"
    track_file(
        source, model, Quality.BALANCED, annotated, [landmarks], lambda done, total: None, max_persons,
        seams=SEAMS,
    )  # fmt: skip
    return Files(annotated, landmarks)


def chunked(source: Path, model: Model, folder: Path, max_persons: int = 1) -> tuple[Files, list[Chunk]]:
    """:return: the joined files, and what they consist of"""

    with opened(source) as media:
        found = find_cut(media, SEAMS)
    where = found or Cut(0, 1, 0)

    def track(begin: int, *, goes_on: bool = False) -> tuple[Chunk, Files]:
        files = Files(folder / f"{begin}.mp4", folder / f"{begin}.jsonl")
        chunk = track_chunk(
            source, model, Quality.BALANCED, where, begin, files, lambda done, total: None,
            goes_on=goes_on, max_persons=max_persons, seams=SEAMS,
        )  # fmt: skip
        return chunk, files

    # In any order: none knows of the others.
    tracked = {begin: track(begin) for begin in reversed(where.beginnings)}
    needed = []
    begin: int | None = 0
    while begin is not None:
        if tracked[begin][0].refused:
            tracked[begin] = track(begin, goes_on=True)
        needed.append(tracked[begin])
        begin = tracked[begin][0].end
    joined = Files(folder / "joined.mp4", folder / "joined.jsonl")
    assert not join_chunks(source, needed, joined, lambda done, total: None)
    return joined, [chunk for chunk, _ in needed]


def content(files: Files) -> tuple[bytes, bytes]:
    assert files.annotated is not None
    assert files.landmarks is not None
    return files.annotated.read_bytes(), files.landmarks.read_bytes()


@pytest.mark.parametrize(
    ("name", "key_every", "pause_ms"),
    [("several keys.mkv", 10, 0), ("one key and a pause.mp4", 1000, 3000)],
)
def test_the_joined_chunks_of_a_video_are_the_whole_to_the_bit(
    name: str, key_every: int, pause_ms: int, model: Model, tmp_path: Path
) -> None:
    source = make(tmp_path / name, key_every=key_every, pause_ms=pause_ms)
    joined, chunks = chunked(source, model, tmp_path)
    # Where a tracker disagrees, there are fewer than could be.
    assert len(chunks) > 1
    assert sum(chunk.frames for chunk in chunks) == RATE * SECONDS
    assert content(joined) == content(whole(source, model, tmp_path))
    assert joined.annotated is not None
    with av.open(joined.annotated) as container:
        audio = container.streams.audio[0]
        assert audio.duration is not None
        assert audio.time_base is not None
        assert float(audio.duration * audio.time_base) == pytest.approx(SECONDS + pause_ms / 1000, abs=0.05)


def test_of_two_people_none_becomes_the_other_at_a_seam(model: Model, tmp_path: Path) -> None:
    woman, man = (Image.open(shared_media(name)).convert("RGB") for name in ("upper_body.png", "full_body.jpg"))
    woman, man = woman.resize((100, 142)), man.resize((160, 107))

    def pictures() -> Iterator[Picture]:
        for number in count():
            picture = Image.new("RGB", (320, 240), "grey")
            picture.paste(woman, (10 + round(8 * sin(number / 7)), 40))
            picture.paste(man, (150 + round(8 * sin(number / 5)), 60))
            yield np.asarray(picture)

    source = make_long(tmp_path / "two.mp4", pictures(), range(0, 4000, 100))
    joined, _ = chunked(source, model, tmp_path, max_persons=2)
    of_whole = whole(source, model, tmp_path, max_persons=2)
    assert content(joined) == content(of_whole)
    assert of_whole.landmarks is not None
    messages = [as_json.decode(line) for line in of_whole.landmarks.read_bytes().splitlines()]
    middles: dict[int, list[float]] = {0: [], 1: []}
    for message in messages:
        if message.result.pose_landmarks is not None:
            middles[message.person].append(float(message.result.pose_landmarks[:, 0].mean()))
    assert all(len(of_person) > 30 and np.ptp(of_person) < 0.2 for of_person in middles.values())


@pytest.mark.parametrize(
    ("turned", "begins"),
    [(range(1000, 1500), [0, 2]), (range(1000, 9000), [0]), (range(2500, 3000), [0, 1]), (range(0), [0, 1, 2])],
)
def test_a_chunk_goes_on_where_the_next_tracker_would_take_one_for_the_other(
    turned: range, begins: list[int], tmp_path: Path
) -> None:
    model = Made(lambda: Twice(turned))
    source = make(tmp_path / "video.mp4")
    joined, chunks = chunked(source, model, tmp_path, max_persons=2)
    assert [chunk.begin for chunk in chunks] == begins
    assert content(joined) == content(whole(source, model, tmp_path, max_persons=2))


def test_what_can_not_be_read_from_its_middle_is_not_cut(tmp_path: Path) -> None:
    make(tmp_path / "long.ts")
    make_clip(tmp_path / "long.avi", FPS * SECONDS)
    make_clip(tmp_path / "short.mp4", FPS * 2)
    for name in ("long.ts", "long.avi", "short.mp4"):
        with opened(tmp_path / name) as media:
            assert find_cut(media, SEAMS) is None


def test_of_a_video_whose_times_are_not_in_order_no_chunk_is_tracked(tmp_path: Path) -> None:
    """Its index may say anything."""
    source = make(tmp_path / "video.mp4")
    data = source.read_bytes()
    # The table of the differences between the times at which frames are decoded and shown.
    assert data.count(b"ctts") == 1
    source.write_bytes(data.replace(b"ctts", b"free"))
    with pytest.raises(UncuttableError, match="times that aren't in order"):
        chunked(source, Made(lambda: Twice(range(0))), tmp_path)


def test_chunks_that_were_not_read_alike_are_not_joined(tmp_path: Path) -> None:
    chunks = [Chunk(0, end=1, before_end="abc"), Chunk(1, before_begin="abd")]
    with pytest.raises(UncuttableError, match="isn't what was read"):
        join_chunks(
            tmp_path / "any",
            [(chunk, Files(None, None)) for chunk in chunks],
            Files(tmp_path / "a.mp4", tmp_path / "a.jsonl"),
            lambda done, total: None,
        )


@pytest.mark.parametrize(("seams", "every", "chunks"), [(2, 1, 2), (32, 1, 32), (33, 2, 17), (500, 16, 32)])
def test_a_very_long_video_has_longer_chunks(seams: int, every: int, chunks: int, tmp_path: Path) -> None:
    with opened(make_clip(tmp_path / "video.mp4", FPS * SECONDS)) as media:
        cut = find_cut(media, Seams(every_ms=SECONDS * 1000 // seams, warm_ms=1))
    assert cut is not None
    assert (cut.seams, cut.every, len(cut.beginnings)) == (seams, every, chunks)
