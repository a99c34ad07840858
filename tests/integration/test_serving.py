"""How the server is reached, and how it goes: HTTPS, draining."""

import asyncio
import os
import signal
import ssl
import stat
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.tracking.holistic.networks import Network
from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def started(*arguments: str | Path, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "holistic_rtc.cli", "serve", "--port", "0", *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.communicate()


async def test_https_is_served_with_a_certificate_made_here_which_is_kept(tmp_path: Path) -> None:
    certificate = tmp_path / "holistic-rtc" / "self-signed.pem"
    kept = []
    for _ in range(2):
        options = ("--tls", "self-signed", "--advertise-ip", "203.0.113.7")
        async with started(*options, XDG_DATA_HOME=str(tmp_path)) as process:
            assert process.stdout is not None
            url = (await process.stdout.readline()).decode().split()[-1]
            assert url.startswith("https://127.0.0.1:")
            trusting = ssl.create_default_context(cafile=str(certificate))
            async with aiohttp.ClientSession() as http, http.get(f"{url}/healthz", ssl=trusting) as response:
                assert response.status == 200
        assert stat.S_IMODE(certificate.stat().st_mode) == 0o600
        kept.append(certificate.read_bytes())
    assert kept[0] == kept[1]
    extensions = x509.load_pem_x509_certificate(kept[0]).extensions
    named = extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.IPAddress)
    assert {ip_address("127.0.0.1"), ip_address("203.0.113.7")} <= set(named)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tls-cert", "missing.pem", "--tls-key", "missing.key"], "missing.pem can't be used"),
        (["--tls-cert", "missing.pem"], "both --tls-cert and --tls-key"),
        (["--tls", "self-signed", "--tls-cert", "a", "--tls-key", "b"], "--tls self-signed alone"),
    ],
)
async def test_a_certificate_that_can_not_be_used_is_told_in_one_line(arguments: list[str], words: str) -> None:
    async with started(*arguments) as process:
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert words in errors.decode().splitlines()[-1]


@pytest.fixture
async def draining() -> AsyncIterator[Server]:
    async with serving(environment={"HOLISTIC_DRAIN_SECONDS": "30"}) as server:
        yield server


async def test_sessions_may_go_on_for_a_while_when_the_server_is_told_to_stop(draining: Server) -> None:
    async with publishing(draining.url, [PictureTrack(grace_hopper())], direction="sendonly") as publisher:
        await publisher.until(lambda: publisher.landmarks)
        draining.process.send_signal(signal.SIGINT)
        await publisher.until(lambda: publisher.received("draining"))
        assert publisher.received("draining")[0]["seconds"] == 30
        offer = publisher.pc.localDescription.sdp
        async with publisher.http.post(f"{draining.url}/whip", data=offer, headers=SDP) as response:
            assert response.status == 503
        seen = len(publisher.landmarks)
        await publisher.until(lambda: len(publisher.landmarks) > seen + 10)
    async with asyncio.timeout(10):
        assert await draining.process.wait() == 0


async def test_told_a_second_time_the_server_stops_at_once(draining: Server) -> None:
    async with publishing(draining.url, [PictureTrack(grace_hopper())], direction="sendonly") as publisher:
        await publisher.until(lambda: publisher.landmarks)
        draining.process.terminate()
        await publisher.until(lambda: publisher.received("draining"))
        draining.process.terminate()
        await publisher.until(lambda: publisher.received("end"))
        assert publisher.received("end")[0]["reason"] == "server_shutdown"
        async with asyncio.timeout(10):
            assert await draining.process.wait() == 0
        publisher.location = ""


async def test_a_server_whose_networks_cannot_be_loaded_ends_and_names_the_network(tmp_path: Path) -> None:
    bundle = tmp_path / "holistic_landmarker.task"
    with zipfile.ZipFile(find(PoseModel.LITE).path) as real, zipfile.ZipFile(bundle, "w") as made:
        for network in Network:
            made.writestr(network.file, real.read(Network.FACE.file if network is Network.HAND else network.file))
    async with asyncio.timeout(60), started("--model", bundle) as process:
        _, errors = await process.communicate()
    assert process.returncode == 1
    words = errors.decode()
    assert f"{Network.HAND.file} in the model bundle isn't the expected network" in words
    assert words.splitlines()[-1].startswith(f"holistic-rtc: {bundle} can't be used")
    assert "Traceback" not in words
