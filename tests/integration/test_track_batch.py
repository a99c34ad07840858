"""``holistic-rtc track`` of folders and lists, as its user runs it: by several processes."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Collection
from pathlib import Path

import fsspec
import psutil
import pytest
from aiohttp import test_utils, web
from PIL import Image

from holistic_rtc.wire import as_json
from tests.kit.clips import make_clip
from tests.kit.commands import ran, refused, running
from tests.kit.pictures import grace_hopper

pytestmark = pytest.mark.asyncio(loop_scope="session")


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def workers_of(process: asyncio.subprocess.Process) -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if child.name() == "rtc-batch"]


def parts_in(folder: Path) -> set[Path]:
    return set(folder.rglob(".*.part*"))


async def tracking(
    process: asyncio.subprocess.Process, out: Path, count: int, besides: Collection[Path] = ()
) -> set[Path]:
    """:return: the files that are being written, once there are so many besides those of earlier processes"""
    while len(parts := parts_in(out).difference(besides)) < count:
        assert process.returncode is None
        await asyncio.sleep(0.02)
    return parts


async def test_a_folder_is_tracked_past_bad_files_and_what_is_finished_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "takes", tmp_path / "new" / "out"
    make_clip(folder / "one.mp4")
    make_clip(folder / "day 2" / "one.mov", 8)
    portrait = Image.fromarray(grace_hopper())
    portrait.save(folder / "IMG_1.HEIC.png")
    portrait.save(folder / "IMG_1.png")
    portrait.save(folder / "IMG_1.JPG", "JPEG")
    (folder / "cut.jpg").write_bytes((folder / "IMG_1.JPG").read_bytes()[:4000])
    (folder / "words.mp4").write_text("not a video")
    (folder / "notes.md").write_text("not taken at all")
    (folder / ".hidden.mp4").write_text("not seen at all")
    command = ("track", folder, "-o", out, "--landmarks", out, "--workers", "2")

    status, output, errors = await ran(capsys, *command)
    stems = ["IMG_1.HEIC", "IMG_1.JPG", "IMG_1.png", "day 2/one", "one"]
    kinds = {"IMG_1.JPG": ".jpg", "day 2/one": ".mp4", "one": ".mp4"}
    expected = sorted(f"{stem}{end}" for stem in stems for end in (".jsonl", kinds.get(stem, ".png")))
    assert (status, files_in(out)) == (1, expected), errors
    assert output.splitlines() == [str(out / name) for name in expected]
    assert "5 files tracked, 17 frames\n" in errors
    assert f"skipped what is neither picture nor video: {folder / 'notes.md'}\n" in errors
    for name in ("cut.jpg: the picture can't be read", "words.mp4 can't be read as a picture or a video"):
        assert f"{folder / name}" in errors
    assert errors.endswith("holistic-rtc: 2 of 7 files failed; see above\n")
    lines = (out / "day 2" / "one.jsonl").read_bytes().splitlines()
    assert [as_json.decode(line).seq for line in lines] == list(range(8))
    assert as_json.decode(lines[-1]).result.face_landmarks is not None

    (folder / "cut.jpg").unlink()
    (folder / "words.mp4").unlink()
    (out / "one.jsonl").unlink()
    os.utime(out / "IMG_1.JPG.jpg", (0, 0))
    before = {path: (out / path).stat().st_mtime_ns for path in expected if (out / path).exists()}
    status, output, errors = await ran(capsys, *command)
    assert (status, files_in(out)) == (0, expected), errors
    assert "2 files tracked, 7 frames; 3 files had been tracked before\n" in errors
    after = {path: (out / path).stat().st_mtime_ns for path in expected}
    assert {path for path in expected if after[path] != before.get(path)} == {
        *("one.jsonl", "one.mp4", "IMG_1.JPG.jpg", "IMG_1.JPG.jsonl")
    }


async def test_a_list_names_files_whose_folders_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    clip = make_clip(tmp_path / "a" / "clip.mp4", 2)
    shutil.copy(clip, tmp_path / "a" / "clip.mov")
    shutil.copy(clip, tmp_path / "b.mp4")
    (tmp_path / "list.txt").write_text(f"a/clip.mp4\n\n./a/clip.mov\n{tmp_path}/b.mp4\na/clip.mp4\nabsent.mp4\n")
    status, _, errors = await ran(capsys, "track", "list.txt", "-o", "out")
    assert status == 1
    assert files_in(tmp_path / "out") == [
        "a/clip.mov.mp4", "a/clip.mp4.mp4", f"{str(tmp_path)[1:]}/b.mp4",
    ]  # fmt: skip
    assert errors.splitlines() == [
        *("3 files tracked, 6 frames", "there is no file absent.mp4"),
        "holistic-rtc: 1 of 4 files failed; see above",
    ]


async def test_a_file_whose_process_is_killed_is_tried_once_more(tmp_path: Path) -> None:
    long, out = make_clip(tmp_path / "in" / "long.mp4", 3000), tmp_path / "out"
    make_clip(tmp_path / "in" / "short.mp4")
    async with running("track", long.parent, "-o", out, "--workers", "1") as process:
        earlier: set[Path] = set()
        for _ in range(2):
            earlier |= await tracking(process, out, 1, earlier)
            (worker,) = workers_of(process)
            worker.kill()
            worker.wait()
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert f"{long}: the process that tracked it ended, 2 times\n" in errors.decode()
    assert files_in(out) == ["short.mp4"]


async def test_a_file_that_is_replaced_while_it_is_tracked_is_listed_and_tracked_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, out = make_clip(tmp_path / "in" / "take.mp4", 100), tmp_path / "out"
    async with running("track", clip.parent, "-o", out, "--workers", "1") as process:
        await tracking(process, out, 1)
        make_clip(tmp_path / "take.mp4", 2).replace(clip)
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert f"{clip}: it has been changed while it was tracked; run the same command again" in errors.decode()
    status, _, told = await ran(capsys, "track", clip.parent, "-o", out, "--workers", "1")
    assert (status, "2 frames" in told) == (0, True), told


async def test_ctrl_c_stops_all_processes_and_leaves_no_half_file(tmp_path: Path) -> None:
    clip, out = make_clip(tmp_path / "in" / "1.mp4", 3000), tmp_path / "out"
    shutil.copy(clip, tmp_path / "in" / "2.mp4")
    async with running("track", clip.parent, "-o", out, "--workers", "2") as process:
        await tracking(process, out, 2)
        workers = workers_of(process)
        assert len(workers) == 2
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (130, "interrupted\n")
    assert not any(worker.is_running() for worker in workers)
    assert files_in(out) == []


async def test_what_can_not_be_done_at_all_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "takes"
    folder.mkdir()
    for arguments, words in (
        ([folder], "name the folder for the outputs with -o or --landmarks"),
        ([folder, "-o", folder], "can't go to"),
        ([folder, "-o", "-"], "can't go to"),
        ([folder, "-o", tmp_path / "out"], "no pictures or videos found"),
        (
            [tmp_path / "absent.mp4", "--workers", "2"],
            "--redis are for a folder, or a .txt list of files",
        ),
    ):
        (line,) = (await refused(capsys, "track", *arguments)).splitlines()
        assert words in line


async def test_files_elsewhere_are_tracked_and_outputs_go_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = fsspec.filesystem("memory")
    clip = make_clip(tmp_path / "clip.mp4", 2)
    for name in ("/takes/day 1/one.mp4", "/takes/one.mov", "/takes/out/old.mp4"):
        memory.pipe(name, clip.read_bytes())
    memory.pipe("/takes/words.mp4", b"hello")
    memory.pipe("/takes/notes.md", b"hello")
    out = "memory://takes/out"
    expected = ["day 1/one.jsonl", "day 1/one.mp4", "one.jsonl", "one.mp4"]
    for summary in ("2 files tracked, 4 frames\n", "0 files tracked, 0 frames; 2 files had been tracked before\n"):
        status, output, errors = await ran(capsys, "track", "memory://takes", "-o", out, "--landmarks", out)
        assert status == 1
        assert errors.startswith(summary)
        assert "skipped what is neither picture nor video: memory://takes/notes.md\n" in errors
        assert "memory://takes/words.mp4 can't be read as a picture or a video" in errors
        assert output.splitlines() == ([f"{out}/{name}" for name in expected] if summary.startswith("2") else [])
    assert sorted(memory.find("/takes/out")) == [
        *(f"/takes/out/{name}" for name in expected[:2]), "/takes/out/old.mp4",
        *(f"/takes/out/{name}" for name in expected[2:]),
    ]  # fmt: skip
    assert as_json.decode(memory.cat("/takes/out/one.jsonl").splitlines()[1]).seq == 1
    memory.rm("/takes", recursive=True)


async def test_a_file_at_a_web_address_is_tracked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_clip(tmp_path / "served" / "clip.mp4", 2)
    app = web.Application()
    app.router.add_static("/", tmp_path / "served")
    async with test_utils.TestServer(app) as server:
        url = str(server.make_url("/clip.mp4"))
        (tmp_path / "list.txt").write_text(f"{url}\n{server.make_url('/absent.mp4')}\n")
        status, output, errors = await ran(capsys, "track", url, "-o", tmp_path / "one.mp4")
        assert (status, output) == (0, f"{tmp_path / 'one.mp4'}\n"), errors
        status, _, errors = await ran(capsys, "track", tmp_path / "list.txt", "--landmarks", tmp_path / "out")
        assert status == 1
        assert f"{server.make_url('/absent.mp4')} can't be read: there is no such file\n" in errors
        assert files_in(tmp_path / "out") == [f"127.0.0.1:{server.port}/clip.jsonl"]
        assert "name the output for" in await refused(capsys, "track", url)


@pytest.mark.parametrize("arguments", [["s3://bucket/clip.mp4", "-o", "out.mp4"], ["gs://bucket/takes", "-o", "out"]])
async def test_where_a_package_is_missing_it_is_named(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    package = {"s3": "s3fs", "gs": "gcsfs"}[arguments[0][:2]]
    monkeypatch.setitem(sys.modules, package, None)
    (line,) = (await refused(capsys, "track", *arguments)).splitlines()
    assert line.startswith(f"{arguments[0]} needs another package: ")
    assert package in line
