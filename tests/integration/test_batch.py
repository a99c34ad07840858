"""``holistic-rtc snapshot`` as its user runs it: whole folders, here and through a server."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from holistic_rtc.client import HolisticClient
from holistic_rtc.errors import RefusedError
from holistic_rtc.files.pictures import decode_picture
from holistic_rtc.wire import as_json
from tests.kit.commands import COMMAND, ran, refused, running
from tests.kit.outputs import is_null, make_null, reading
from tests.kit.pictures import grace_hopper
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")
pillow_heif.register_heif_opener()


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
    async with running("snapshot", folder, tmp_path / "missing.jpg", "-o", out, "--json", *through) as process:
        output, errors = [text.decode() for text in await process.communicate()]
    assert process.returncode == 1, errors
    assert sorted(path.name for path in out.iterdir()) == [
        "one-annotated.jpg", "one.json", "two-annotated.jpg", "two.json",
    ]  # fmt: skip
    assert sorted(output.splitlines()) == sorted(str(path) for path in out.iterdir())
    for name in ("cut.jpg: ", "words.png: ", "missing.jpg: No such file"):
        assert name in errors
    assert errors.splitlines()[-1] == "holistic-rtc: 3 of 5 pictures failed; see above"
    message = as_json.decode((out / "one.json").read_bytes())
    assert (message.width, message.height) == (640, 480)
    assert message.result.face_landmarks is not None
    annotated = np.asarray(Image.open(out / "one-annotated.jpg")).astype(int)
    assert np.abs(annotated - grace_hopper())[60:260, 240:400].mean() > 5


async def test_what_a_batch_has_made_is_not_taken_by_the_next(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("cut.jpg", "words.png"):
        (folder / name).unlink()
    for _ in range(2):
        status, output, errors = await ran(capsys, "snapshot", folder)
        assert status == 0, errors
        assert sorted(Path(line).name for line in output.splitlines()) == [
            "one-annotated.jpg",
            "two-annotated.jpg",
        ]


async def test_pictures_in_a_folder_are_known_by_their_content(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    portrait = Image.fromarray(grace_hopper())
    portrait.save(folder / "a.jfif", "JPEG")
    portrait.save(folder / "b.MPO", "MPO")
    portrait.save(folder / "c.HEIC", "HEIF")
    portrait.save(folder / "d.from-the-web", "WEBP")
    (folder / "._a.jfif").write_bytes(b"\0\5\x16\7")
    (folder / "e.json").write_text("{}")
    (folder / "out").mkdir()
    (folder / "videos").mkdir()
    for _ in range(2):
        status, output, errors = await ran(capsys, "snapshot", folder, "-o", folder / "out", "--json")
        assert status == 0, errors
        names = [f"{stem}{end}" for stem in "abcd" for end in ("-annotated.jpg", ".json")]
        assert output.splitlines() == [str(folder / "out" / name) for name in names]
        assert errors == f"skipped what isn't a picture: {folder / 'e.json'}, {folder / 'videos'}\n"
    for index in range(9):
        (folder / f"{index}.txt").touch()
    _, _, errors = await ran(capsys, "snapshot", folder, "-o", tmp_path / "out")
    assert errors.endswith(f"{folder / '4.txt'} and 7 more\n")


async def test_a_picture_from_standard_input(folder: Path, tmp_path: Path) -> None:
    def run(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
        picture = (folder / "one.png").read_bytes()
        return subprocess.run([*COMMAND, "snapshot", "-", *arguments], input=picture, capture_output=True, check=False)

    done = run("-o", tmp_path / "out")
    assert (done.returncode, done.stdout.decode()) == (0, f"{tmp_path / 'out' / 'stdin-annotated.jpg'}\n")
    assert b"standard input: name a folder for the output" in run().stderr


async def test_two_pictures_never_share_an_output(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.png").write_bytes((folder / "one.png").read_bytes())
    status, _, errors = await ran(capsys, "snapshot", folder / "one.png", tmp_path / "one.png", "-o", tmp_path / "out")
    assert status == 1
    assert "already taken by another picture" in errors


async def test_of_pictures_that_differ_in_their_suffix_the_second_keeps_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    portrait = Image.fromarray(grace_hopper())
    portrait.save(tmp_path / "IMG_1.HEIC", "HEIF")
    portrait.resize((320, 240)).save(tmp_path / "IMG_1.JPG", "JPEG")
    outputs = ["IMG_1-annotated.jpg", "IMG_1.json", "IMG_1.JPG-annotated.jpg", "IMG_1.JPG.json"]
    for _ in range(2):
        status, output, errors = await ran(capsys, "snapshot", tmp_path, "--json")
        assert (status, "skipped" in errors) == (0, False), errors
        assert output.splitlines() == [str(tmp_path / name) for name in outputs]
        assert decode_picture(tmp_path / "IMG_1-annotated.jpg").shape == (480, 640, 3)
        assert decode_picture(tmp_path / "IMG_1.JPG-annotated.jpg").shape == (240, 320, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "http://127.0.0.1:1"], "can't be reached"),
        (["--url", "nonsense"], "isn't a valid URL"),
        (["-o", "/dev/null/x"], "can't be created"),
        (["-o", "-"], "-o must be a folder"),
    ],
)
async def test_what_can_not_be_done_at_all_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    (line,) = (await refused(capsys, "snapshot", folder, *arguments)).splitlines()
    assert words in line


async def test_devices_pipes_and_links_stay(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    null = make_null(out / "one-annotated.jpg")
    (out / "two.json").symlink_to("../two.json")
    with reading(out / "one.json") as pipe:
        status, output, errors = await ran(
            capsys, "snapshot", folder / "one.png", folder / "two.JPG", "-o", out, "--json"
        )
        assert as_json.decode(os.read(pipe, 65_536)).width == 640
    assert (status, len(output.splitlines())) == (0, 4), errors
    assert is_null(null)
    assert (out / "two.json").is_symlink()
    assert as_json.decode((tmp_path / "two.json").read_bytes()).width == 320


async def test_no_picture_is_overwritten_through_a_link(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "one-annotated.jpg").symlink_to("one.png")
    before = (folder / "one.png").read_bytes()
    status, _, errors = await ran(capsys, "snapshot", folder / "one.png")
    assert status == 1
    assert "would overwrite the input" in errors
    assert (folder / "one.png").read_bytes() == before


async def test_an_empty_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no pictures" in await refused(capsys, "snapshot", tmp_path)


async def test_the_python_client_takes_snapshots(server: Server, folder: Path) -> None:
    async with HolisticClient(server.url) as client:
        taken = await client.snapshot((folder / "one.png").read_bytes(), parts=["face"])
        assert taken.message.result.face_landmarks is not None
        assert taken.message.result.pose_landmarks is None
        assert taken.picture.startswith(b"\xff\xd8")
        with pytest.raises(RefusedError, match="JPEG") as caught:
            await client.snapshot(b"hello")
        assert caught.value.status == 415
