"""The command as its user runs it."""

import io
import os
import shlex
import signal
import socket
import subprocess
import time
from itertools import islice
from pathlib import Path

import av
import numpy as np
import orjson
import pytest
from PIL import Image

from holistic_rtc import __version__
from holistic_rtc.cli import SHELLS
from holistic_rtc.commands import COMMANDS
from holistic_rtc.commands.common import DEFAULT_URL
from holistic_rtc.sample import portrait
from holistic_rtc.wire import as_json
from tests.kit.commands import COMMAND, ran, refused
from tests.kit.outputs import reading
from tests.kit.pictures import grace_hopper, shared_media


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def one_line(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """:return: the only one, with which the command is refused"""
    (line,) = (await refused(capsys, *arguments)).splitlines()
    return line


def test_version() -> None:
    assert run("--version").stdout == f"holistic-rtc {__version__}\n"


@pytest.mark.parametrize("command", [*COMMANDS, "models fetch", "models verify", "models where"])
async def test_every_command_has_its_help(capsys: pytest.CaptureFixture[str], command: str) -> None:
    status, text, errors = await ran(capsys, *command.split(), "--help")
    assert (status, errors) == (0, "")
    assert text.startswith(f"usage: holistic-rtc {command} ")


async def test_a_server_and_a_session_are_named_alike_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("watch", "vmc", "record", "snapshot", "doctor"):
        _, text, _ = await ran(capsys, command, "--help")
        words = ["--url URL", "address of the server", "--token TOKEN", DEFAULT_URL]
        if command not in ("snapshot", "doctor"):
            words.append("--session ID")
        assert all(word in " ".join(text.split()) for word in words)


async def test_help_names_the_commands_and_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, named in (
        ((), COMMANDS),
        (("serve",), ("--host", "--port", "--pose-model", "HOLISTIC_")),
        (("track",), ("INPUT", "--output", "--landmarks")),
    ):
        status, text, _ = await ran(capsys, *arguments, "--help")
        assert status == 0
        assert all(name in text for name in named)


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    done = run("--print-completion", "bash")
    assert (done.returncode, done.stderr) == (0, "")
    script = tmp_path_factory.mktemp("completion") / "holistic-rtc"
    script.write_text(done.stdout)
    return script


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("", [*COMMANDS]),
        ("tr", ["track"]),
        ("models ", ["fetch", "verify", "where"]),
        ("track --qual", ["--quality"]),
        ("track --quality ", ["fast", "balanced", "exact"]),
        ("track cl", ["clip.mp4"]),
        ("track clip.mp4 --landmarks o", ["out.jsonl"]),
        ("record --recover ta", ["take.bvh.journal"]),
        ("snapshot -o ", ["folder"]),
        ("serve --tls-cert ce", ["cert.pem"]),
    ],
)
def test_bash_completes_commands_options_choices_and_files(
    line: str, completed: list[str], bash_script: Path, tmp_path: Path
) -> None:
    for name in ("clip.mp4", "out.jsonl", "take.bvh.journal", "cert.pem"):
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    # As bash calls the function that the script registers.
    program = """
        source "$1"
        read -r _ _ _ _ function _ < <(complete -p holistic-rtc)
        COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)) COMP_LINE="${*:2}" COMP_POINT=${#COMP_LINE}
        "$function" holistic-rtc "${@: -1}" "${@: -2:1}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    words = ["holistic-rtc", *line.split(" ")]
    command = ["bash", "--norc", "-c", program, "bash", str(bash_script), *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.split(), done.stderr) == (completed, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_completion(shell: str) -> None:
    done = run("--print-completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(command in done.stdout for command in COMMANDS)


async def test_without_arguments_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert await ran(capsys) == await ran(capsys, "--help")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("dance",), "invalid choice"),
        (
            ("serve", "--prot", "80"),
            "holistic-rtc serve: error: unrecognized arguments: --prot 80; did you mean --port?",
        ),
        (
            ("models", "where", "--pose-modle", "full"),
            "models where: error: unrecognized arguments: --pose-modle full; did",
        ),
        (("track",), "INPUT"),
        (("models", "where", "--pose-model", "heavy"), "lite"),
        *(((command, "http://a:1"), "give a server's address with --url") for command in ("watch", "vmc", "doctor")),
        (("watch", "http://a:1", "ID"), "and a session with --session"),
        (("record", "http://a:1", "-o", "take.bvh"), "write --url http://a:1"),
        (("snapshot", "http://a:1"), "write --url http://a:1"),
        (("record", "clip.mp4", "--url", "http://a:1", "-o", "take.bvh"), "not allowed with"),
    ],
)
async def test_a_wrong_command_line_has_status_2_and_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    status, _, errors = await ran(capsys, *arguments)
    assert status == 2
    assert words in errors


def test_ctrl_c_while_a_command_is_being_loaded_is_no_error() -> None:
    with subprocess.Popen([*COMMAND, "watch"], stderr=subprocess.PIPE, text=True) as process:
        maps = Path(f"/proc/{process.pid}/maps")
        while "libavcodec" not in maps.read_text():
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "interrupted\n")


async def test_a_setting_that_cannot_be_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--port must be a whole number from 0 to 65535, not '99999'" in await one_line(
        capsys, "serve", "--port", "99999"
    )
    assert "--port must be a whole number from 0 to 65535, not 'abc'" in await one_line(
        capsys, "doctor", "--port", "abc"
    )
    monkeypatch.setenv("HOLISTIC_WARM", "0")
    assert "HOLISTIC_WARM" in await one_line(capsys, "track", portrait())
    monkeypatch.setenv("HOLISTIC_MAX_SESSIONS", "many")
    assert "HOLISTIC_MAX_SESSIONS must be a whole number from 1 on, not 'many'" in await one_line(capsys, "serve")


def test_a_port_in_use_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"can't serve 127.0.0.1:{port}" in done.stderr.splitlines()[-1]
    assert "in use" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


async def test_models_says_where_the_bundle_is_and_checks_it(capsys: pytest.CaptureFixture[str]) -> None:
    _, output, _ = await ran(capsys, "models", "where")
    path = Path(output.strip())
    assert path.name == "holistic_landmarker_lite.task"
    for action in ("fetch", "verify"):
        status, output, errors = await ran(capsys, "models", action)
        assert (status, output) == (0, f"{path}\n"), errors
        assert "sha256" in errors


async def test_an_absent_or_bad_bundle_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "holistic-rtc models fetch" in await one_line(capsys, "models", "verify")
    bad = tmp_path / "bad.task"
    bad.write_text("hello")
    assert "can't be read as a model bundle" in await one_line(capsys, "models", "verify", "--model", bad)
    monkeypatch.setenv("HOLISTIC_MODEL", str(bad))
    assert "can't be read as a model bundle" in await one_line(capsys, "serve")
    monkeypatch.setenv("HOLISTIC_MODEL", str(tmp_path / "no.task"))
    assert "can't be read as a model bundle" in await one_line(capsys, "track", portrait())


def test_track_a_picture(tmp_path: Path) -> None:
    done = run("track", portrait(), "-o", tmp_path / "out.png", "--landmarks", tmp_path / "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "out.png"), str(tmp_path / "out.jsonl")]
    assert "1 frame; " in done.stderr
    assert "face in 1" in done.stderr
    with Image.open(tmp_path / "out.png") as annotated, Image.open(portrait()) as original:
        assert annotated.size == original.size
        assert np.abs(np.asarray(annotated).astype(int) - np.asarray(original)).mean() > 1
    assert as_json.decode((tmp_path / "out.jsonl").read_bytes()).result.face_landmarks is not None


async def test_everybody_in_a_picture_is_found_as_for_a_snapshot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    group = tmp_path / "group.png"
    Image.fromarray(np.hstack([grace_hopper(420, 400)] * 3)).save(group)
    for command in (["track", "--landmarks", tmp_path / "group.jsonl"], ["snapshot", "--json"]):
        status, _, errors = await ran(capsys, *command, "--max-persons", "3", group)
        assert status == 0, errors
    tracked = [as_json.decode(line).result for line in (tmp_path / "group.jsonl").read_bytes().splitlines()]
    snapshot = orjson.loads((tmp_path / "group.json").read_bytes())
    assert len(tracked) == len([snapshot, *snapshot["others"]]) == 3
    for result, message in zip(tracked, (snapshot, *snapshot["others"]), strict=True):
        np.testing.assert_array_equal(
            result.face_landmarks, as_json.decode(orjson.dumps(message)).result.face_landmarks
        )


@pytest.mark.parametrize(
    "command",
    [
        ["track", "--max-persons", "2", "x.png"],
        ["snapshot", "--max-persons", "2", "x.png"],
        ["record", "--person", "1", "-o", "x.csv", "x.mp4"],
        ["serve", "--max-persons", "2"],
    ],
)
async def test_an_engine_that_tracks_one_person_is_refused_for_several(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, errors = await ran(capsys, *command, "--engine", "mediapipe")
    assert (status, "the engine mediapipe tracks one person" in errors) == (1, True)


async def test_the_number_of_people_that_a_server_tracks_is_not_that_of_other_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLISTIC_ENGINE", "mediapipe")
    monkeypatch.setenv("HOLISTIC_MAX_PERSONS", "2")
    status, _, errors = await ran(capsys, "track", portrait(), "-o", tmp_path / "out.png")
    assert status == 0, errors


async def test_track_a_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = tmp_path / "clip.mp4"
    with av.open(shared_media("wave.mp4")) as whole, av.open(clip, "w") as beginning:
        stream = beginning.add_stream_from_template(whole.streams.video[0])
        # By then the hand has come up.
        for packet in islice(whole.demux(video=0), 24):
            packet.stream = stream
            beginning.mux(packet)
    status, _, errors = await ran(
        capsys, "track", clip, "-o", tmp_path / "out.mp4", "--landmarks", tmp_path / "out.jsonl"
    )
    assert status == 0, errors
    messages = [as_json.decode(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    with av.open(tmp_path / "out.mp4") as annotated, av.open(clip) as original:
        times = [[frame.time for frame in video.decode(video=0)] for video in (annotated, original)]
    assert times[0] == pytest.approx(times[1], abs=1e-3)
    assert [message.timestamp_ms for message in messages] == [round(time * 1000) for time in times[1]]
    assert all(message.result.face_landmarks is not None for message in messages)
    assert any(message.result.right_hand_landmarks is not None for message in messages)


async def test_what_cannot_be_tracked_is_one_line_and_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.nfo").write_text("dear diary\n" * 50)
    assert "there is no file" in await one_line(capsys, "track", tmp_path / "absent.mp4")
    assert "no video in it" in await one_line(capsys, "track", tmp_path / "notes.nfo")
    assert "must end in .jpg, .png" in await one_line(capsys, "track", portrait(), "-o", tmp_path / "out.gif")
    assert "must end in .jsonl" in await one_line(capsys, "track", portrait(), "--landmarks", tmp_path / "out.xyz")
    words = await one_line(capsys, "track", tmp_path, "-o", tmp_path / "out", "--landmarks", "all.csv")
    assert "all.csv looks like a file" in words
    words = await one_line(capsys, "track", portrait(), "-o", "-", "--landmarks", "-")
    assert words == "two outputs would go to standard output; choose another for one of them"


def make_clip(path: Path, frames: int) -> Path:
    with av.open(path, "w") as container, Image.open(portrait()) as picture:
        stream = container.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height = 128, 150
        small = picture.resize((128, 150))
        for _ in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_image(small)))
        container.mux(stream.encode(None))
    return path


def test_standard_output_gets_the_landmarks_and_nothing_else(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 5)
    for arguments in ("track", clip, "--landmarks", "-", "-o", tmp_path / "out.mp4"), ("record", clip, "-o", "-"):
        done = run(*arguments)
        assert done.returncode == 0, done.stderr
        assert "5 frames" in done.stderr
        assert [as_json.decode(line.encode()).seq for line in done.stdout.splitlines()] == [0, 1, 2, 3, 4]
    with av.open(tmp_path / "out.mp4") as annotated:
        assert sum(1 for _ in annotated.decode(video=0)) == 5


def test_standard_output_gets_the_annotated_picture_and_nothing_else(tmp_path: Path) -> None:
    command: list[str | Path] = [*COMMAND, "track", portrait(), "--landmarks", tmp_path / "out.jsonl", "-o", "-"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    with Image.open(io.BytesIO(done.stdout)) as annotated, Image.open(portrait()) as original:
        assert (annotated.format, annotated.size) == (original.format, original.size)
    assert done.stdout.endswith(b"\xff\xd9")
    assert as_json.decode((tmp_path / "out.jsonl").read_bytes()).width == original.width


def test_standard_input_is_tracked_and_recorded(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", 5).read_bytes()
    for arguments in ("track", "-", "--landmarks", "-"), ("record", "-", "-o", "-"):
        done = subprocess.run([*COMMAND, *arguments], input=clip, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert [as_json.decode(line).seq for line in done.stdout.splitlines()] == [0, 1, 2, 3, 4]
    done = subprocess.run([*COMMAND, "track", "-"], input=clip, capture_output=True, timeout=60, check=False)
    assert b"name the output for standard input with -o" in done.stderr


def test_a_name_that_is_not_utf_8_is_printed_as_it_is(tmp_path: Path) -> None:
    name = os.fsencode(make_clip(tmp_path / "clip.mp4", 1).rename(tmp_path / os.fsdecode(b"caf\xe9.mp4")))
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run([*COMMAND, "track", name], capture_output=True, timeout=60, check=False, env=environment)
    assert done.stdout == name.replace(b".mp4", b"-annotated.mp4\n"), done.stderr


def test_a_file_that_is_standard_output_goes_on(tmp_path: Path) -> None:
    log, link = tmp_path / "log", tmp_path / "stdout"
    # As /dev has one, which no test is to lose.
    link.symlink_to("/proc/self/fd/1")
    with log.open("wb", buffering=0) as file:
        file.write(b"before\n")
        done = subprocess.run(
            [*COMMAND, "track", portrait(), "--landmarks", link], stdout=file, stderr=subprocess.PIPE, check=False
        )
        assert done.returncode == 0, done.stderr
        file.write(b"after\n")
    before, line, after = log.read_bytes().splitlines()
    assert (before, as_json.decode(line).seq, after) == (b"before", 0, b"after")


def test_lines_come_at_once_until_their_reader_leaves(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "long.mp4", 900)
    with subprocess.Popen(
        [*COMMAND, "track", clip, "--landmarks", "-", "-o", tmp_path / "out.mp4"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert as_json.decode(process.stdout.readline().rstrip()).seq == 0
        assert process.poll() is None
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (141, b"")
    assert list(tmp_path.iterdir()) == [clip]


def test_ctrl_c_gives_a_pipe_no_half_video_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    clip, temporary = make_clip(tmp_path / "long.mp4", 900), tmp_path / "temporary"
    temporary.mkdir()
    with (
        reading(tmp_path / "pipe") as pipe,
        subprocess.Popen(
            [*COMMAND, "track", clip, "--landmarks", "-", "-o", tmp_path / "pipe"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(temporary)},
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline()
        assert list(temporary.iterdir())
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
        assert os.read(pipe, 1) == b""
    assert (process.returncode, errors) == (130, b"interrupted\n")
    assert list(temporary.iterdir()) == []


def test_ctrl_c_while_tracking_leaves_no_half_file(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "long.mp4", 900)
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


def test_in_the_background_of_a_script_ctrl_c_is_ignored_but_sigterm_leaves_no_half_file(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "long.mp4", 900)
    command = shlex.join([*COMMAND, "track", str(clip), "-o", str(tmp_path / "out.mp4")])
    with subprocess.Popen(
        ["sh", "-c", f"{command} & echo $!; wait $!"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as script:
        assert script.stdout is not None
        process = int(script.stdout.readline())
        while len(list(tmp_path.iterdir())) < 2:
            assert script.poll() is None
            time.sleep(0.05)
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(process, number)
        _, log = script.communicate(timeout=20)
    assert script.returncode == 130
    assert log.splitlines()[-1] == "interrupted"
    assert list(tmp_path.iterdir()) == [clip]
