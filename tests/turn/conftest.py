"""A real coturn, and a server that makes credentials for it."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.kit.coturn import Coturn, coturn, make_certificate, own_addresses
from tests.kit.serving import Server, serving

TOKEN = "t0ken"


@pytest_asyncio.fixture(scope="session")
async def turn(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Coturn]:
    """May relay to this machine, also to 127.0.0.1; the configuration that is shipped allows neither."""
    folder = tmp_path_factory.mktemp("turn")
    certificate, key = make_certificate(folder)
    environment = {
        "TURN_APP_NETWORK": own_addresses(),
        "TURN_TLS_CERT": str(certificate),
        "TURN_TLS_KEY": str(key),
    }
    async with coturn(folder, "--allow-loopback-peers", **environment) as turn:
        yield turn


@pytest_asyncio.fixture(scope="session")
async def server(turn: Coturn) -> AsyncIterator[Server]:
    urls = [f"turn:127.0.0.1:{turn.port}?transport={transport}" for transport in ("udp", "tcp")]
    environment = {
        "HOLISTIC_TURN_URLS": json.dumps([*urls, f"turns:127.0.0.1:{turn.tls_port}?transport=tcp"]),
        "HOLISTIC_TURN_SECRET_FILE": str(turn.secret_file),
        "HOLISTIC_TOKEN": TOKEN,
    }
    async with serving(environment=environment) as server:
        yield server
