"""``holistic-rtc record`` as its user runs it."""

import asyncio
import csv
import os
import signal
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
import pytest
from yarl import URL

from holistic_rtc import cli
from holistic_rtc.client import HolisticClient, VideoFile
from holistic_rtc.sessions.session import make_id
from holistic_rtc.wire import as_json
from tests.kit.commands import refused, running, told
from tests.kit.pictures import grace_hopper, shared_media
from tests.kit.publisher import Pictures
from tests.kit.serving import Server, serving
from tests.kit.takes import bvh_frames

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_session_until_its_end_a_given_time_or_ctrl_c(server: Server, tmp_path: Path) -> None:
    vrma, bvh, table, other = (tmp_path / name for name in ("take.vrma", "take.bvh", "take.csv", "take_2.bvh"))
    common = ("record", "--url", server.url)
    async with (
        HolisticClient(server.url) as client,
        client.publish(VideoFile(shared_media("wave.mp4"), loop=True)) as published,
        running(*common, "-o", vrma, "--session", published.session) as to_the_end,
        running(*common, "-o", bvh, "--seconds", "1", "--fps", "20", "--session", published.session) as for_a_second,
        running(*common, "-o", table) as interrupted,
        running(*common, "-o", other) as terminated,
    ):
        output, _ = await for_a_second.communicate()
        assert (for_a_second.returncode, output.decode()) == (0, f"{bvh}\n")
        for process, number, path in (interrupted, signal.SIGINT, table), (terminated, signal.SIGTERM, other):
            await told(process, "Ctrl-C to stop")
            process.send_signal(number)
            output, _ = await process.communicate()
            assert (process.returncode, output.decode()) == (0, f"{path}\n")
        await told(to_the_end, "Ctrl-C to stop")
        assert sorted(os.listdir(tmp_path)) == [bvh.name, table.name, f"{vrma.name}.journal", other.name]
        await published.close()
        output, errors = await to_the_end.communicate()
        assert (to_the_end.returncode, output.decode()) == (0, f"{vrma}\n")
        assert b"the session has ended" in errors
    assert sorted(os.listdir(tmp_path)) == [bvh.name, table.name, vrma.name, other.name]

    assert 1 < len(bvh_frames(bvh)) <= 20
    assert bvh_frames(other)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert any(row["pose_nose_x"] and row["hips_qw"] for row in rows)
    data = vrma.read_bytes()
    size, kind = struct.unpack_from("<I4s", data, 12)
    assert kind == b"JSON"
    assert "VRMC_vrm_animation" in orjson.loads(data[20 : 20 + size])["extensions"]


async def test_several_formats_of_a_session_in_one_take(server: Server, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("take.bvh", "take.npz", "take.csv")]
    outputs = [argument for path in paths for argument in ("-o", path)]
    async with (
        HolisticClient(server.url) as client,
        client.publish(VideoFile(shared_media("wave.mp4"), loop=True)) as published,
        running("record", "--url", server.url, *outputs, "--seconds", "1", "--session", published.session) as process,
    ):
        output, errors = await process.communicate()
    assert (process.returncode, output.decode().split()) == (0, list(map(str, paths))), errors
    assert sorted(os.listdir(tmp_path)) == sorted(path.name for path in paths)
    with paths[2].open(newline="") as file:
        times = [int(row["time_ms"]) for row in csv.DictReader(file)]
    with np.load(paths[1]) as take:
        assert take["time_ms"].tolist() == times
        assert np.isfinite(take["pose"]).any()
    assert bvh_frames(paths[0])


def written(folder: Path) -> int:
    """Bytes, of what isn't finished, too."""
    return sum(path.stat().st_size for path in folder.iterdir())


async def test_a_take_of_the_only_session_goes_on_with_the_next_one(server: Server, tmp_path: Path) -> None:
    table = tmp_path / "take.csv"
    async with HolisticClient(server.url) as client:
        clip = VideoFile(shared_media("wave.mp4"), loop=True)
        async with client.publish(clip) as published, running("record", "--url", server.url, "-o", table) as process:
            await told(process, "Ctrl-C to stop")
            await published.close()
            await told(process, "waiting for the next one")
            async with client.publish(clip):
                await told(process, "following session")
                before = written(tmp_path)
                await server.until(lambda: written(tmp_path) > before + 100_000)
                process.send_signal(signal.SIGINT)
                output, _ = await process.communicate()
    assert (process.returncode, output.decode()) == (0, f"{table}\n")
    with table.open(newline="") as file:
        times = [int(row["time_ms"]) for row in csv.DictReader(file)]
    steps = [after - before for before, after in pairwise(times)]
    assert min(steps) > 0
    # Of the first session there may be one frame.
    assert max(steps) > 500, "what lies between the sessions counts"


async def test_a_take_whose_time_is_over_ends_though_no_frame_comes(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "take.jsonl"
    source = Pictures(grace_hopper(320, 240))
    async with (
        HolisticClient(server.url) as client,
        client.publish(source),
        running("record", "--url", server.url, "-o", path, "--seconds", "0.5") as process,
    ):
        await told(process, "Ctrl-C to stop")
        source.picture = None
        output, _ = await process.communicate()
    assert (process.returncode, output.decode()) == (0, f"{path}\n")
    assert path.stat().st_size > 0


async def test_what_has_come_is_written_when_the_server_refuses_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "take.jsonl"
    async with serving(environment={"HOLISTIC_TOKEN": "one"}) as server:
        port = str(URL(server.url).port)
        async with (
            HolisticClient(server.url, token="one") as client,
            client.publish(VideoFile(shared_media("wave.mp4"), loop=True)),
            running("record", "--url", server.url, "--token", "one", "-o", path) as process,
        ):
            await told(process, "Ctrl-C to stop")
            await server.stop()
            async with serving("--port", port, environment={"HOLISTIC_TOKEN": "another"}, warm=False):
                output, errors = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    assert "token" in errors.decode().splitlines()[-1]
    assert [as_json.decode(line) for line in path.read_bytes().splitlines()]


async def test_a_session_goes_to_standard_output(server: Server) -> None:
    async with (
        HolisticClient(server.url) as client,
        client.publish(Pictures(grace_hopper(320, 240))),
        running("record", "--url", server.url, "-o", "-") as process,
    ):
        await told(process, "recording to standard output; press Ctrl-C to stop")
        assert process.stdout is not None
        line = await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        output, _ = await process.communicate()
    assert process.returncode == 0
    messages = [as_json.decode(line) for line in [line, *output.splitlines()]]
    assert [message.seq for message in messages] == sorted({message.seq for message in messages})


async def test_a_video_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = shared_media("wave.mp4")
    lines, bvh = tmp_path / "take.jsonl", tmp_path / "take.bvh"
    for path in (lines, bvh):
        arguments = ["record", str(clip), "-o", str(path), "--seconds", "0.2"]
        assert await asyncio.to_thread(cli.main, arguments) == 0
        assert capsys.readouterr().out == f"{path}\n"
    messages = [as_json.decode(line) for line in lines.read_bytes().splitlines()]
    assert [message.seq for message in messages] == list(range(6))
    assert all(message.rig for message in messages)
    hips = [row[:2] for row in bvh_frames(bvh)]
    assert len(hips) == 6
    rig = messages[0].rig
    assert rig is not None
    assert hips[0] == pytest.approx((rig.hips_position[:2] * 100).tolist(), abs=1)


async def test_what_can_not_be_recorded(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "take.bvh"
    await server.until_sessions(0)
    cases: tuple[tuple[list[str | Path], str], ...] = (
        (["--url", server.url, "-o", path], "there is no session at"),
        (["--url", "http://127.0.0.1:1", "-o", path], "can't be reached"),
        (["--url", server.url, "--session", make_id(), "-o", path], "no such session"),
        (["--url", server.url, "-o", tmp_path / "take.fbx"], "can't record to take.fbx"),
        ([tmp_path / "absent.mp4", "-o", path], "there is no file"),
        ([tmp_path / "clip.mp4", "--session", "ID", "-o", path], "not both"),
        ([shared_media("nobody.jpg"), "-o", path], "nobody was seen"),
    )
    for arguments, words in cases:
        assert words in await refused(capsys, "record", *arguments)
    assert os.listdir(tmp_path) == []
