"""What can be said of the Dockerfiles and the compose file without running them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from holistic_rtc.limits import Limits
from holistic_rtc.sessions.capacity import Capacity, ports
from holistic_rtc.settings import Settings

from .compose import ROOT, docker


@pytest.mark.parametrize("name", ["Dockerfile", "turn/Dockerfile"])
def test_hadolint_finds_nothing(name: str) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--no-color", ROOT / name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_is_valid_with_its_example_settings() -> None:
    docker("compose", "--env-file", ".env.example", "--profile", "https", "config", "--quiet")
    docker("compose", "--profile", "https", "config", "--quiet")


def configured(**settings: str) -> dict[str, Any]:
    """The server's part of the compose file, with nothing set but these."""
    text = docker("compose", "--env-file", "/dev/null", "config", "--format", "json", settings=settings)
    app: dict[str, Any] = json.loads(text)["services"]["app"]
    return app


def test_every_setting_can_be_set_that_the_composition_does_not_set_itself() -> None:
    set_here = {"host", "port", "cpus", "memory"}
    need_a_file = {"model", "tls_cert", "tls_key"}
    expected = {f"HOLISTIC_{name.upper()}" for name in Settings.model_fields.keys() - set_here - need_a_file}
    assert set(configured()["environment"]) == expected


def test_docker_waits_for_the_server_to_drain() -> None:
    assert configured()["stop_grace_period"] == "10s"
    assert configured(HOLISTIC_DRAIN_SECONDS="60")["stop_grace_period"] == "1m10s"


def test_as_many_ports_are_published_as_the_sessions_need_that_the_memory_has_room_for() -> None:
    app = configured()
    published = sum(port["protocol"] == "udp" for port in app["ports"])
    memory = int(app["mem_limit"])
    assert published == ports(Capacity(Limits(1000.0, memory, "")).sessions(1.0))
    first, last = app["sysctls"]["net.ipv4.ip_local_port_range"].split()
    assert published == int(last) - int(first) + 1
