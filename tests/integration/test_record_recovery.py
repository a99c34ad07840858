"""What is left of a live recording that ends badly."""

import asyncio
import csv
import os
import pty
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from holistic_rtc.client import HolisticClient, VideoFile
from holistic_rtc.model.parts import ALL_PARTS
from holistic_rtc.recording.formats import FORMATS
from holistic_rtc.recording.table import FRAME, Table
from holistic_rtc.wire import as_json
from tests.kit.commands import COMMAND, ran, running, told
from tests.kit.pictures import shared_media
from tests.kit.serving import Server
from tests.kit.takes import bvh_frames

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def published(server: Server) -> AsyncIterator[None]:
    async with HolisticClient(server.url) as client, client.publish(VideoFile(shared_media("wave.mp4"), loop=True)):
        yield


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("file systems can't be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def milliseconds(path: Path) -> list[int]:
    """The times of the frames in a file. All of its lines are whole."""
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            header, *rows = csv.reader(file)
        assert header == [*FRAME, *Table(ALL_PARTS).columns, "person"]
        assert {len(row) for row in rows} <= {len(header)}
        return [int(row[1]) for row in rows]
    lines = path.read_bytes().splitlines(keepends=True)
    assert all(line.endswith(b"\n") for line in lines)
    return [as_json.decode(line).timestamp_ms for line in lines[path.suffix == ".journal" :]]


def newest_in(path: Path) -> int:
    """The time of the last whole frame in a file that another one is being written to."""
    *lines, _ = path.read_bytes().split(b"\n")
    return int(lines[-1].split(b",")[1]) if path.suffix == ".csv" else as_json.decode(lines[-1]).timestamp_ms


@pytest.mark.usefixtures("published")
async def test_a_killed_take_has_its_frames_until_then_or_can_be_finished(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = {suffix: tmp_path / f"take{suffix}" for suffix in FORMATS}
    files = [path if FORMATS[suffix].lines else Path(f"{path}.journal") for suffix, path in outputs.items()]
    async with AsyncExitStack() as recorders:
        processes = []
        for path in outputs.values():
            arguments = ("record", "--url", server.url, "-o", path)
            processes.append(await recorders.enter_async_context(running(*arguments)))
        for process in processes:
            await told(process, "Ctrl-C to stop")
        before = [newest_in(file) for file in files]
        await server.until(
            lambda: all(newest_in(file) > start + 2000 for file, start in zip(files, before, strict=True))
        )
        # All get the same frames, so what one has by now the others have up to a second.
        newest = max(newest_in(file) for file in files)
        for process in processes:
            process.kill()
            await process.wait()
    assert files_in(tmp_path) == sorted(files)
    for file in files:
        assert milliseconds(file)[-1] > newest - 1000

    status, output, errors = await ran(capsys, "record", "--url", "http://127.0.0.1:1", "-o", tmp_path / "next.csv")
    assert (status, output) == (1, "")
    for suffix, form in FORMATS.items():
        journal = f"{outputs[suffix]}.journal"
        assert (f"holistic-rtc record --recover {journal}" in errors) == (form.lines is None)

    times = milliseconds(Path(f"{outputs['.bvh']}.journal"))
    for suffix, path in outputs.items():
        assert (await ran(capsys, "record", "--recover", path))[:2] == (0, f"{path}\n")
        assert path.stat().st_size, suffix
    assert files_in(tmp_path) == sorted(outputs.values())
    assert len(bvh_frames(outputs[".bvh"])) == int((times[-1] - times[0]) / 1000 * 30 + 1e-6) + 1


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".bvh"])
async def test_a_full_disk_ends_the_take_and_keeps_what_fits(
    server: Server, small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    path = small_disk / f"take{suffix}"
    async with running("record", "--url", server.url, "-o", path) as process:
        output, errors = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    [file] = files_in(small_disk)
    assert file.stat().st_size > 100_000
    count = len(milliseconds(file))
    problem = errors.decode().splitlines()[-1]
    assert "No space left on device" in problem
    assert f"keeps the {count} frames" in problem
    if suffix == ".bvh":
        assert f"holistic-rtc record --recover {file}" in problem
        elsewhere = tmp_path / "take.bvh"
        status, output_path, _ = await ran(capsys, "record", "--recover", file, "-o", elsewhere)
        assert (status, output_path) == (0, f"{elsewhere}\n")
        assert bvh_frames(elsewhere)
        assert not files_in(small_disk)


@pytest.mark.usefixtures("published")
async def test_a_motion_for_which_there_is_no_room_stays_in_its_journal(server: Server, small_disk: Path) -> None:
    path = small_disk / "take.bvh"
    async with running("record", "--url", server.url, "-o", path) as process:
        await told(process, "Ctrl-C to stop")
        journal = Path(f"{path}.journal")
        await server.until(lambda: journal.stat().st_size > 50_000)
        free = shutil.disk_usage(small_disk).free
        (small_disk / "filler").write_bytes(bytes(free - 8192))
        process.send_signal(signal.SIGINT)
        output, errors = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    assert [file.name for file in files_in(small_disk)] == ["filler", "take.bvh.journal"]
    assert f"finish it with `holistic-rtc record --recover {journal}`" in errors.decode().splitlines()[-1]
    assert milliseconds(journal)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("suffix", [".csv", ".bvh"])
async def test_the_end_of_its_terminal_finishes_the_take(server: Server, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"take{suffix}"
    terminal, end = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *("setsid", "--ctty", *COMMAND, "record", "--url", server.url, "-o", str(path)),
        stdin=end,
        stdout=end,
        stderr=end,
    )
    os.close(end)
    async with asyncio.timeout(60):
        shown = b""
        while b"Ctrl-C to stop" not in shown:
            shown += await asyncio.to_thread(os.read, terminal, 1000)
        os.close(terminal)
        process.send_signal(signal.SIGHUP)  # as a shell does, besides the terminal
        await process.wait()
    assert files_in(tmp_path) == [path]
    assert bvh_frames(path) if suffix == ".bvh" else milliseconds(path)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
async def test_a_signal_finishes_the_take_as_ctrl_c_does(server: Server, tmp_path: Path, number: int) -> None:
    path = tmp_path / "take.bvh"
    async with running("record", "--url", server.url, "-o", path) as process:
        await told(process, "Ctrl-C to stop")
        process.send_signal(number)
        process.send_signal(number)
        output, _ = await process.communicate()
    assert (process.returncode, output.decode()) == (0, f"{path}\n")
    assert files_in(tmp_path) == [path]
    assert bvh_frames(path)
