"""The real image and composition, built and started. Run by ``make test-docker``; needs a Docker engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .compose import ADDRESS, SETTINGS, Composition, docker


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Only those who name this folder have an engine."""
    return None if any(Path(__file__).parent.name in Path(argument).parts for argument in config.args) else True


@pytest.fixture(scope="session")
def image() -> str:
    docker("compose", "build")
    return "holistic-rtc"


@pytest.fixture(scope="module")
def composition(image: str) -> Iterator[Composition]:
    """Of docker-compose.yml; gone with its volumes at the end."""
    try:
        docker("compose", "up", "--detach", "--wait", "--wait-timeout", "120")
        yield Composition(f"http://{ADDRESS}:{SETTINGS['HTTP_PORT']}")
    finally:
        print(docker("compose", "logs", "--tail", "50", check=False))
        docker("compose", "down", "--volumes")
