"""What can be said of the Dockerfiles and the compose file without running them."""

import subprocess
import sys
from pathlib import Path

import pytest

from .compose import ROOT, docker


@pytest.mark.parametrize("name", ["Dockerfile", "turn/Dockerfile"])
def test_hadolint_finds_nothing(name: str) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--no-color", ROOT / name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_is_valid_with_its_example_settings() -> None:
    docker("compose", "--env-file", ".env.example", "--profile", "https", "config", "--quiet")
    docker("compose", "--profile", "https", "config", "--quiet")
