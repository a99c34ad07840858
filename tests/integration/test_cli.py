"""The command as its user runs it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from holistic_rtc import __version__
from holistic_rtc.landmarks import json
from holistic_rtc.sample import portrait
from support.pictures import shared_media

COMMAND = [sys.executable, "-m", "holistic_rtc.cli"]


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def refused(*arguments: str | Path, **environment: str) -> str:
    """:return: the one line that says why the command ended with status 1"""
    done = run(*arguments, **environment)
    assert (done.returncode, done.stdout) == (1, ""), done
    (line,) = done.stderr.splitlines()
    assert line.startswith("holistic-rtc: ")
    return line


def test_version() -> None:
    assert run("--version").stdout == f"holistic-rtc {__version__}\n"


def test_help_names_the_commands_and_their_options() -> None:
    for arguments, named in (
        ((), ("serve", "track", "models")),
        (("serve",), ("--host", "--port", "--pose-model", "HOLISTIC_")),
        (("track",), ("INPUT", "--output", "--landmarks")),
    ):
        text = run(*arguments, "--help").stdout
        assert all(name in text for name in named)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "COMMAND"),
        (("dance",), "invalid choice"),
        (("serve", "--prot", "80"), "--prot"),
        (("serve", "--port", "http"), "invalid int"),
        (("track",), "INPUT"),
        (("models", "where", "--pose-model", "heavy"), "lite"),
    ],
)
def test_a_wrong_command_line_has_status_2_and_says_what_is_wrong(arguments: tuple[str, ...], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_setting_that_cannot_be_is_named() -> None:
    assert "--port can't be 99999" in refused("serve", "--port", "99999")
    assert "HOLISTIC_MAX_SESSIONS can't be 'many'" in refused("serve", HOLISTIC_MAX_SESSIONS="many")
    assert "HOLISTIC_WARM" in refused("track", portrait(), HOLISTIC_WARM="0")


def test_a_port_in_use_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"can't serve 127.0.0.1:{port}" in done.stderr.splitlines()[-1]
    assert "in use" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_models_says_where_the_bundle_is_and_checks_it() -> None:
    path = Path(run("models", "where").stdout.strip())
    assert path.name == "holistic_landmarker_lite.task"
    for action in ("fetch", "verify"):
        done = run("models", action)
        assert (done.returncode, done.stdout) == (0, f"{path}\n"), done.stderr
        assert "sha256" in done.stderr


def test_an_absent_or_bad_bundle_is_told_of(tmp_path: Path) -> None:
    assert "holistic-rtc models fetch" in refused("models", "verify", XDG_CACHE_HOME=str(tmp_path))
    (tmp_path / "bad.task").write_text("hello")
    assert "can't be read as a model bundle" in refused("models", "verify", "--model", tmp_path / "bad.task")
    assert "can't be read as a model bundle" in refused("serve", HOLISTIC_MODEL=str(tmp_path / "bad.task"))
    assert "can't be read as a model bundle" in refused("track", portrait(), HOLISTIC_MODEL=str(tmp_path / "no.task"))


def test_track_a_picture(tmp_path: Path) -> None:
    done = run("track", portrait(), "-o", tmp_path / "out.png", "--landmarks", tmp_path / "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "out.png"), str(tmp_path / "out.jsonl")]
    assert "1 frame; " in done.stderr
    assert "face in 1" in done.stderr
    with Image.open(tmp_path / "out.png") as annotated, Image.open(portrait()) as original:
        assert annotated.size == original.size
        assert np.abs(np.asarray(annotated).astype(int) - np.asarray(original)).mean() > 1
    assert json.decode((tmp_path / "out.jsonl").read_bytes()).result.face_landmarks is not None


def test_track_a_video(tmp_path: Path) -> None:
    clip = shared_media("wave.mp4")
    done = run("track", clip, "-o", tmp_path / "out.mp4", "--landmarks", tmp_path / "out.jsonl")
    assert done.returncode == 0, done.stderr
    messages = [json.decode(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    with av.open(tmp_path / "out.mp4") as annotated, av.open(clip) as original:
        times = [[frame.time for frame in video.decode(video=0)] for video in (annotated, original)]
    assert times[0] == pytest.approx(times[1], abs=1e-3)
    assert [message.timestamp_ms for message in messages] == [round(time * 1000) for time in times[1]]
    assert all(message.result.face_landmarks is not None for message in messages)
    assert any(message.result.right_hand_landmarks is not None for message in messages)


def test_what_cannot_be_tracked_is_one_line_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary\n" * 50)
    assert "there is no file" in refused("track", tmp_path / "absent.mp4")
    assert "no video in it" in refused("track", tmp_path / "notes.txt")
    assert "end the name in .png" in refused("track", portrait(), "-o", tmp_path / "out.gif")


def test_ctrl_c_while_tracking_leaves_no_half_file(tmp_path: Path) -> None:
    clip = tmp_path / "long.mp4"
    with av.open(clip, "w") as container, Image.open(portrait()) as picture:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height = 128, 150
        small = picture.resize((128, 150))
        for _ in range(900):
            container.mux(stream.encode(av.VideoFrame.from_image(small)))
        container.mux(stream.encode(None))
    with subprocess.Popen(
        [*COMMAND, "track", str(clip), "--landmarks", str(tmp_path / "out.jsonl"), "-o", str(tmp_path / "out.mp4")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while len(list(tmp_path.iterdir())) < 3:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, log = process.communicate(timeout=20)
    assert process.returncode == 130
    assert output == ""
    assert log.splitlines()[-1] == "interrupted"
    assert list(tmp_path.iterdir()) == [clip]
