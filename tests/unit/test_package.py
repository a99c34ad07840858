"""What is released: one version everywhere, and a wheel with all that the server needs."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import holistic_rtc

PROJECT = Path(__file__).parents[2]
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE")
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


@pytest.mark.parametrize("name", ["web/package.json", "web/app/package.json", "web/sdk/package.json"])
def test_the_npm_packages_have_the_version_of_the_server(name: str) -> None:
    assert json.loads((PROJECT / name).read_text())["version"] == holistic_rtc.__version__


def test_npms_lock_has_the_version_of_the_server() -> None:
    lock = json.loads((PROJECT / "web" / "package-lock.json").read_text())
    assert {lock["version"], lock["packages"][""]["version"]} == {holistic_rtc.__version__}


def test_the_kubernetes_manifest_runs_the_image_of_this_version() -> None:
    manifest = (PROJECT / "deploy" / "kubernetes.yaml").read_text()
    assert re.findall(r"image: \S+/holistic-rtc:(\S+)", manifest) == [holistic_rtc.__version__]


def test_the_changelog_begins_with_what_is_unreleased_and_then_this_version() -> None:
    unreleased, newest, *_ = re.findall(r"^## (.+)$", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert unreleased == "Unreleased"
    assert re.fullmatch(rf"{re.escape(holistic_rtc.__version__)} - \d{{4}}-\d\d-\d\d", newest)


def build(folder: Path, *without: str) -> subprocess.CompletedProcess[str]:
    """From a copy, since setuptools writes into the folder of its sources."""
    for name in SOURCES:
        shutil.copy(PROJECT / name, folder)
    left_out = shutil.ignore_patterns("*.egg-info", "__pycache__", *without)
    shutil.copytree(PROJECT / "server", folder / "server", ignore=left_out)
    return subprocess.run([sys.executable, "-c", BUILD, folder / "dist"], cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    folder = tmp_path_factory.mktemp("sources")
    build(folder).check_returncode()
    [built] = (folder / "dist").glob("*.whl")
    return zipfile.Path(built)


def test_a_wheel_without_the_pages_cannot_be_built(tmp_path: Path) -> None:
    built = build(tmp_path, "static")
    assert built.returncode
    assert "the pages aren't built" in built.stderr
    assert not list(tmp_path.glob("dist/*.whl"))


def test_the_wheel_has_each_source_and_what_the_server_reads_beside_them(wheel: zipfile.Path) -> None:
    package = PROJECT / "server" / "holistic_rtc"
    sources = {str(path.relative_to(package)) for path in package.rglob("*.py")}
    assert sources
    read = ("py.typed", "grace_hopper.jpg", "sample.webm", "http/static/index.html", "http/static/avatar.html")
    for name in (*sources, *read):
        assert (wheel / "holistic_rtc" / name).is_file(), name
    assert {path.suffix for path in (wheel / "holistic_rtc" / "http" / "static" / "assets").iterdir()} >= {
        ".js",
        ".css",
    }


def test_the_wheel_says_what_it_is(wheel: zipfile.Path) -> None:
    [about] = (path for path in wheel.iterdir() if path.name.endswith(".dist-info"))
    assert (about / "licenses" / "LICENSE").is_file()
    assert (about / "licenses" / "NOTICE").is_file()
    assert "holistic-rtc = holistic_rtc.cli:run" in (about / "entry_points.txt").read_text()
    metadata = message_from_bytes((about / "METADATA").read_bytes())
    assert metadata["Version"] == holistic_rtc.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Author"] == "The holistic-rtc authors"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_on_another_system_than_linux_the_command_says_what_to_do(platform: str) -> None:
    program = f"import sys; sys.platform = '{platform}'; import holistic_rtc.cli"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "holistic-rtc: runs on Linux only; use Docker, or WSL 2 on Windows\n"
