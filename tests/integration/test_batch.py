"""``holistic-rtc snapshot`` as its user runs it: whole folders, here and through a server."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from holistic_rtc.client import HolisticClient
from holistic_rtc.errors import RefusedError
from holistic_rtc.landmarks import json
from support.pictures import grace_hopper
from support.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def snapshot(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "holistic_rtc.cli", "snapshot", *map(str, arguments)]
    return await asyncio.to_thread(
        lambda: subprocess.run(
            command, capture_output=True, text=True, timeout=90, check=False, env={**os.environ, **environment}
        )
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of a person, and three files that are none."""
    folder = tmp_path / "photos"
    folder.mkdir()
    portrait = Image.fromarray(grace_hopper())
    portrait.save(folder / "one.png")
    portrait.resize((320, 240)).save(folder / "two.JPG", "JPEG")
    (folder / "cut.jpg").write_bytes((folder / "two.JPG").read_bytes()[:4000])
    (folder / "words.png").write_text("not a picture")
    (folder / "notes.txt").write_text("not taken at all")
    return folder


@pytest.mark.parametrize("where", ["here", "through a server"])
async def test_a_folder_is_done_past_bad_files_which_are_listed(
    server: Server, folder: Path, tmp_path: Path, where: str
) -> None:
    out = tmp_path / "new" / "out"
    through = ["--url", server.url] if where == "through a server" else []
    done = await snapshot(folder, tmp_path / "missing.jpg", "-o", out, "--json", *through)
    assert done.returncode == 1, done
    assert sorted(path.name for path in out.iterdir()) == [
        "one-annotated.jpg", "one.json", "two-annotated.jpg", "two.json",
    ]  # fmt: skip
    assert sorted(done.stdout.splitlines()) == sorted(str(path) for path in out.iterdir())
    for name in ("cut.jpg: ", "words.png: ", "missing.jpg: No such file"):
        assert name in done.stderr
    assert done.stderr.splitlines()[-1] == "holistic-rtc: 3 of 5 pictures failed, see above"
    message = json.decode((out / "one.json").read_bytes())
    assert (message.width, message.height) == (640, 480)
    assert message.result.face_landmarks is not None
    annotated = np.asarray(Image.open(out / "one-annotated.jpg")).astype(int)
    assert np.abs(annotated - grace_hopper())[60:260, 240:400].mean() > 5


async def test_what_a_batch_has_made_is_not_taken_by_the_next(folder: Path) -> None:
    for name in ("cut.jpg", "words.png"):
        (folder / name).unlink()
    for _ in range(2):
        done = await snapshot(folder)
        assert done.returncode == 0, done
        assert sorted(Path(line).name for line in done.stdout.splitlines()) == [
            "one-annotated.jpg",
            "two-annotated.jpg",
        ]


async def test_two_pictures_never_share_an_output(folder: Path, tmp_path: Path) -> None:
    (folder / "one.bmp").write_bytes((folder / "one.png").read_bytes())
    done = await snapshot(folder / "one.bmp", folder / "one.png", "-o", tmp_path)
    assert done.returncode == 1
    assert "already that of another picture" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "http://127.0.0.1:1"], "can't be reached"),
        (["--url", "nonsense"], "no address"),
        (["-o", "/dev/null/x"], "can't be made"),
    ],
)
async def test_what_can_not_be_done_at_all_is_one_line(folder: Path, arguments: list[str], words: str) -> None:
    done = await snapshot(folder, *arguments)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert words in line


async def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    done = await snapshot(tmp_path)
    assert done.returncode == 1
    assert "no pictures" in done.stderr


async def test_the_python_client_takes_snapshots(server: Server, folder: Path) -> None:
    async with HolisticClient(server.url) as client:
        taken = await client.snapshot((folder / "one.png").read_bytes(), parts=["face"])
        assert taken.message.result.face_landmarks is not None
        assert taken.message.result.pose_landmarks is None
        assert taken.picture.startswith(b"\xff\xd8")
        with pytest.raises(RefusedError, match="JPEG") as caught:
            await client.snapshot(b"hello")
        assert caught.value.status == 415
