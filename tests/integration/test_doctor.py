"""``holistic-rtc doctor`` as its user runs it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path


def doctor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "holistic_rtc.cli", "doctor", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "HOLISTIC_PORT": "0", **environment},
    )


def test_a_machine_on_which_the_tests_run_has_nothing_bad() -> None:
    done = doctor("--host", "127.0.0.1")
    assert done.returncode == 0, done
    assert "✗" not in done.stdout
    for words in (
        "CPUs",
        "model bundle is whole",
        "ms of CPU",
        "page is built",
        "UDP ports",
        "browsers on this machine get the camera",
    ):
        assert words in done.stdout


def test_what_is_bad_is_told_with_its_remedy_and_the_rest_all_the_same(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        done = doctor(
            HOLISTIC_PORT=str(taken.getsockname()[1]),
            HOLISTIC_MODEL=str(tmp_path / "missing.task"),
            HOLISTIC_CPUS="0.25",
            HOLISTIC_TURN_URLS=json.dumps([f"turn:127.0.0.1:{silent.getsockname()[1]}"]),
            HOLISTIC_TURN_SECRET="secret",
        )
    assert done.returncode == 1
    assert done.stdout.count("✗") == 3
    for words in ("missing.task", "can't be served", "choose another --host or --port", "gives no relay", "0.25 CPUs"):
        assert words in done.stdout
    assert done.stderr.splitlines()[-1] == "holistic-rtc: 3 of these would keep the server from working"


def test_it_says_what_to_expect_of_little_cpu_and_of_an_address_without_https() -> None:
    done = doctor("--host", "0.0.0.0", HOLISTIC_CPUS="0.1")
    assert "frames a second; give it more CPU" in done.stdout
    assert "no camera without HTTPS" in done.stdout
