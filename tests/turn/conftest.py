"""A real coturn, and a server that makes credentials for it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.serving import Server, serving

from .coturn import Coturn, coturn, own_addresses

TOKEN = "t0ken"


@pytest_asyncio.fixture(scope="session")
async def turn(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Coturn]:
    """May relay to this machine, also to 127.0.0.1; the configuration that is shipped allows neither."""
    folder = tmp_path_factory.mktemp("turn")
    async with coturn(folder, "--allow-loopback-peers", TURN_APP_NETWORK=own_addresses()) as turn:
        yield turn


@pytest_asyncio.fixture(scope="session")
async def server(turn: Coturn) -> AsyncIterator[Server]:
    udp, tcp = (f"turn:127.0.0.1:{turn.port}?transport={transport}" for transport in ("udp", "tcp"))
    environment = {
        "HOLISTIC_TURN_URLS": f'["{udp}", "{tcp}"]',
        "HOLISTIC_TURN_SECRET_FILE": str(turn.secret_file),
        "HOLISTIC_TOKEN": TOKEN,
    }
    async with serving(environment=environment) as server:
        yield server
