"""The wheel, as ``make wheel`` builds it, installed from the package index into an empty environment."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from holistic_rtc.sample import portrait
from tests.kit.browsers import PROJECT

MOST_BYTES = 500 * 2**20
"""Without bytecode, which not every installer compiles"""
OF_PIP = {"pip", "setuptools", "pkg_resources", "_distutils_hack"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment")
    [wheel] = (PROJECT / "dist").glob("*.whl")
    constraints = folder / "constraints.txt"
    pins = re.findall(r"^\S+==[^\\\n]+", (PROJECT / "requirements.lock").read_text(), re.MULTILINE)
    constraints.write_text("\n".join(pins))
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-compile", "--constraint"]
    subprocess.run([folder / "bin" / "python", *install, constraints, wheel], check=True)
    return folder


def command(environment: Path, *arguments: str) -> list[str | Path]:
    return [environment / "bin" / "holistic-rtc", *arguments]


def test_it_serves_the_pages_and_tracks_a_picture(environment: Path, tmp_path: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with subprocess.Popen(
        command(environment, "serve", "--port", "0"), cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split()[-1]
            for path in ("/", "/avatar", "/view", "/sdk/holistic-rtc.js", "/sample.webm"):
                with urllib.request.urlopen(f"{url}{path}") as response:
                    assert response.status == 200
            with urllib.request.urlopen(f"{url}/api/snapshot", portrait().read_bytes()) as response:
                assert len(json.load(response)["pose"]) == 33
        finally:
            server.terminate()
    assert server.returncode == 0


def test_it_needs_one_opencv_and_nothing_that_the_server_does_not_use(environment: Path) -> None:
    program = "from importlib.metadata import distributions\nfor one in distributions(): print(one.name.lower())"
    done = subprocess.run([environment / "bin" / "python", "-c", program], capture_output=True, text=True, check=True)
    names = set(done.stdout.split())
    assert {name for name in names if "opencv" in name} == {"opencv-python-headless"}
    assert not names & {"matplotlib", "mediapipe", "sounddevice"}


def test_it_takes_less_than_500_mib(environment: Path) -> None:
    [packages] = environment.glob("lib/python*/site-packages")
    sizes = {
        folder.name: sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc")
        for folder in packages.iterdir()
        if folder.name.partition("-")[0] not in OF_PIP
    }
    assert sum(sizes.values()) < MOST_BYTES, sorted(sizes.items(), key=lambda item: -item[1])[:20]


def test_an_engine_that_is_not_installed_is_named_before_the_server_starts(environment: Path) -> None:
    done = subprocess.run(command(environment, "serve", "--engine", "mediapipe"), capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install 'holistic-rtc[mediapipe]'" in done.stderr
