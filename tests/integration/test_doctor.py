"""``holistic-rtc doctor`` as its user runs it."""

import json
import re
import socket
import zipfile
from pathlib import Path

import pytest

from holistic_rtc import __version__
from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.sessions.capacity import OVERHEAD_MS
from holistic_rtc.tracking.holistic.networks import Network
from tests.kit.commands import ran, refused, running
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server


@pytest.fixture(autouse=True)
def _any_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLISTIC_PORT", "0")


async def test_a_machine_on_which_the_tests_run_has_nothing_bad() -> None:
    async with running("doctor", "--host", "127.0.0.1") as process:
        output, errors = [text.decode() for text in await process.communicate()]
    assert process.returncode == 0, (output, errors)
    assert "✗" not in output
    for words in (
        "CPUs",
        "model bundle is intact",
        "ms of CPU",
        "with --engine mediapipe, tracking a frame takes",
        "times as much",
        "page is built",
        "UDP ports",
        "browsers on this machine can use the camera",
    ):
        assert words in output
    assert re.search("runs the networks with LiteRT$", output, re.MULTILINE)


async def test_what_is_bad_is_told_with_its_remedy_and_the_rest_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HOLISTIC_PORT", str(taken.getsockname()[1]))
        monkeypatch.setenv("HOLISTIC_MODEL", str(tmp_path / "missing.task"))
        monkeypatch.setenv("HOLISTIC_CPUS", "0.25")
        monkeypatch.setenv("HOLISTIC_TLS", "self-signed")
        monkeypatch.setenv("HOLISTIC_TLS_KEY", "some.key")
        monkeypatch.setenv("HOLISTIC_TURN_URLS", json.dumps([f"turn:127.0.0.1:{silent.getsockname()[1]}"]))
        monkeypatch.setenv("HOLISTIC_TURN_SECRET", "secret")
        status, output, errors = await ran(capsys, "doctor")
    assert status == 1
    assert output.count("✗") == 4
    for words in (
        *("missing.task", "can't listen on", "choose another --host or --port", "allocates no relay", "0.25 CPUs"),
        "--tls self-signed alone",
    ):
        assert words in output
    assert errors.splitlines()[-1] == "holistic-rtc: 4 problems would keep the server from working"


async def test_a_bundle_with_a_foreign_network_is_a_problem_like_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "holistic_landmarker.task"
    with zipfile.ZipFile(find(PoseModel.LITE).path) as real, zipfile.ZipFile(bundle, "w") as made:
        for network in Network:
            made.writestr(network.file, real.read(Network.HAND.file if network is Network.FACE else network.file))
    monkeypatch.setenv("HOLISTIC_MODEL", str(bundle))
    status, output, errors = await ran(capsys, "doctor")
    assert status == 1
    assert f"✗ {Network.FACE.file} in the model bundle isn't the expected network" in output
    assert errors.splitlines()[-1] == "holistic-rtc: 1 problem would keep the server from working"


async def test_networks_that_only_the_chosen_engine_takes_are_no_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "holistic_landmarker.task"
    with zipfile.ZipFile(find(PoseModel.LITE).path) as real, zipfile.ZipFile(bundle, "w") as made:
        for network in Network:
            # MediaPipe doesn't check its shapes when it loads it, and the picture has no hands.
            file = Network.HAND.file if network is Network.HAND_RECROP else network.file
            made.writestr(network.file, real.read(file))
    status, output, errors = await ran(capsys, "doctor", "--engine", "mediapipe", "--model", bundle)
    assert (status, "the page is built" in output) == (0, True), errors


async def test_it_says_what_to_expect_of_settings_that_are_possible_but_hardly_meant(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLISTIC_CPUS", "0.1")
    monkeypatch.setenv("HOLISTIC_MAX_SESSIONS", "7")
    monkeypatch.setenv("HOLISTIC_MAX_SESSION", "1")
    monkeypatch.setenv("HOLISTIC_ADVERTISE_IP", "127.0.0.1")
    status, output, _ = await ran(capsys, "doctor", "--host", "0.0.0.0")
    assert status == 0
    found = re.search("frame takes ([0-9]+) ms of CPU: one session gets about ([0-9.]+) frames a second", output)
    assert found
    # Tracking is not all that a session does.
    assert float(found[2]) == pytest.approx(0.1 * 1000 / (float(found[1]) + OVERHEAD_MS), rel=0.1)
    for words in (
        "the settings admit 7 sessions, with CPU or memory for 1",
        "give it more CPU",
        "HOLISTIC_MAX_SESSION is not a setting",
        "can't use the camera without HTTPS",
        "127.0.0.1, which only browsers on this machine can reach",
    ):
        assert words in output


async def test_a_running_server_is_explained(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    async with publishing(server.url, [PictureTrack(grace_hopper(), fps=10)]) as publisher:
        await publisher.until_landmarks(3)
        status, output, errors = await ran(capsys, "doctor", "--url", server.url)
    assert (status, errors) == (0, "")
    for words in (
        f"{server.url} is up, version {__version__}",
        "1 of 3 places are taken, with 0 subscribers",
        "frames a second, and drops",
        "of the frames are annotated within",
        "Mbit/s from peers",
        "Mbit/s to peers",
        "CPUs, and",
    ):
        assert words in output


async def test_a_server_whose_metrics_are_not_for_everybody_says_so(
    guarded_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    status, output, _ = await ran(capsys, "doctor", "--url", guarded_server.url)
    assert status == 0
    assert "its metrics can't be read" in output
    status, output, _ = await ran(capsys, "doctor", "--url", guarded_server.url, "--token", "open sesame")
    assert "0 of 1 places are taken" in output


async def test_a_server_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert "can't be reached" in await refused(capsys, "doctor", "--url", "http://127.0.0.1:9")
