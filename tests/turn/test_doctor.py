"""What ``holistic-rtc doctor`` finds of a real coturn."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.kit.commands import ran
from tests.kit.coturn import Coturn, coturn, free_port, own_addresses

Examine = Callable[..., Awaitable[str]]


@pytest.fixture
def examine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Examine:
    """Without the model, which would take the most time."""

    async def examine(secret: str, *urls: str) -> str:
        monkeypatch.setenv("HOLISTIC_MODEL", str(tmp_path / "missing.task"))
        monkeypatch.setenv("HOLISTIC_TURN_URLS", json.dumps(urls))
        monkeypatch.setenv("HOLISTIC_TURN_SECRET", secret)
        _, output, _ = await ran(capsys, "doctor", "--port", "0")
        return output

    return examine


async def test_it_sends_something_through_each_relay_to_itself(turn: Coturn, examine: Examine) -> None:
    urls = [f"turn:127.0.0.1:{turn.port}?transport={transport}" for transport in ("udp", "tcp")]
    output = await examine(turn.secret, *urls)
    for url in urls:
        assert f"✓ {url} relays at 127.0.0.1:" in output


async def test_it_gives_its_relays_back(tmp_path: Path, examine: Examine) -> None:
    async with coturn(tmp_path, "--verbose", TURN_APP_NETWORK=own_addresses()) as turn:
        await examine(turn.secret, f"turn:127.0.0.1:{turn.port}")
        async with asyncio.timeout(5):
            while "lifetime=0" not in turn.log:  # noqa: ASYNC110 - a log sends no events
                await asyncio.sleep(0.02)


async def test_a_relay_that_may_not_reach_the_server_is_noted(tmp_path: Path, examine: Examine) -> None:
    async with coturn(tmp_path) as turn:
        output = await examine(turn.secret, f"turn:127.0.0.1:{turn.port}")
    assert f"• turn:127.0.0.1:{turn.port} relays, but nothing arrived at" in output
    assert "TURN_APP_NETWORK" in output


async def test_each_fault_has_its_own_remedy(turn: Coturn, examine: Examine) -> None:
    port = free_port()
    urls = (f"turn:127.0.0.1:{turn.port}", f"turn:127.0.0.1:{port}?transport=tcp", f"turns:127.0.0.1:{turn.tls_port}")
    lines = (await examine("another secret", *urls)).splitlines()
    for url, reason, remedy in (
        (urls[0], "401", "secret and clock"),
        (urls[1], "Connect call failed", "check that it is running"),
        (urls[2], "CERTIFICATE_VERIFY_FAILED", "that browsers trust"),
    ):
        (at,) = (number for number, line in enumerate(lines) if line.startswith(f"✗ {url} allocates no relay"))
        assert reason in lines[at]
        assert remedy in lines[at + 1]
