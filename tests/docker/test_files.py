"""What can be said of the Dockerfiles and the compose file without running them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from holistic_rtc.limits import Limits
from holistic_rtc.sessions.capacity import Capacity, ports

from .compose import ROOT, docker


@pytest.mark.parametrize("name", ["Dockerfile", "turn/Dockerfile"])
def test_hadolint_finds_nothing(name: str) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--no-color", ROOT / name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_is_valid_with_its_example_settings() -> None:
    docker("compose", "--env-file", ".env.example", "--profile", "https", "config", "--quiet")
    docker("compose", "--profile", "https", "config", "--quiet")


def test_as_many_ports_are_published_as_the_sessions_need_that_the_memory_has_room_for() -> None:
    app = json.loads(docker("compose", "--env-file", "/dev/null", "config", "--format", "json", settings={}))[
        "services"
    ]["app"]
    published = sum(port["protocol"] == "udp" for port in app["ports"])
    memory = int(app["mem_limit"])
    assert published == ports(Capacity(Limits(1000.0, memory, "")).sessions(1.0))
    first, last = app["sysctls"]["net.ipv4.ip_local_port_range"].split()
    assert published == int(last) - int(first) + 1
