"""The composition of docker-compose.yml, apart from one that may be running on this machine already."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

CPUS = 0.5
"""So few that two sessions lose frames on a fast machine, too"""
ADDRESS = "127.0.0.1"
SETTINGS = {
    "COMPOSE_PROJECT_NAME": "holistic-rtc-test",
    "APP_CPUS": str(CPUS),
    "APP_MEMORY": "1g",
    "HTTP_PORT": "18080",
    "MEDIA_FIRST_PORT": "51000",
    "MEDIA_LAST_PORT": "51007",
    "NETWORK": "172.30.87",
    "PUBLIC_IP": ADDRESS,
    "TURN_PORT": "13478",
    "TURN_TLS_PORT": "15349",
    # More than the caps give room for, so that they are reached.
    "HOLISTIC_MAX_SESSIONS": "2",
}


def docker(
    *arguments: str, check: bool = True, settings: Mapping[str, str] = SETTINGS, timeout: float | None = None
) -> str:
    """:return: what it printed, errors as well."""
    done = subprocess.run(
        ["docker", *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}:\n{done.stdout}"
    return done.stdout.strip()


@dataclass(frozen=True)
class Composition:
    url: str

    def in_app(self, *command: str, check: bool = True) -> str:
        """Run in the server's container, as its user."""
        return docker("compose", "exec", "-T", "app", *command, check=check)
