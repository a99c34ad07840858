"""The proxies of deploy/ in front of the server: they end TLS, and say whom they forward."""

import asyncio
import contextlib
import os
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image
from yarl import URL

from tests.kit.browsers import PROJECT
from tests.kit.certificates import self_signed
from tests.kit.peer import Peer
from tests.kit.pictures import grace_hopper
from tests.kit.processes import running as started
from tests.kit.publisher import PictureTrack, Publisher
from tests.kit.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIENT = "127.0.0.2"
"""Where the requests come from; the proxies' own come from 127.0.0.1."""
LIES = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Forwarded-Proto": "http"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proxied") / "log"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def proxied(log: Path) -> AsyncIterator[Server]:
    with log.open("wb") as file:
        async with serving("--max-sessions", "2", log=file) as server:
            yield server


def adapted(name: str, replacements: dict[str, str]) -> str:
    """A file of deploy/ with other addresses and paths."""
    text = (PROJECT / "deploy" / name).read_text()
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    return text


def nginx(folder: Path, certificate: Path, key: Path, listening: str, server: str) -> list[str]:
    """:return: the command that starts it."""
    live = "/etc/letsencrypt/live/rtc.example.org"
    site = adapted(
        "nginx.conf",
        {
            "\tlisten [::]:443 ssl http2;\n": "",
            "listen 443": f"listen {listening}",
            "rtc.example.org;": "localhost;",
            f"{live}/fullchain.pem": str(certificate),
            f"{live}/privkey.pem": str(key),
            "127.0.0.1:8080": server,
        },
    )
    temporary = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    # One process, so that it may write to the folder whoever runs the tests
    main = f"daemon off; master_process off; pid {folder}/pid; error_log stderr; events {{}}"
    path = folder / "nginx.conf"
    path.write_text(f"{main}\nhttp {{ access_log off; {temporary}\n{site} }}")
    return ["nginx", "-e", "stderr", "-c", str(path)]


def haproxy(folder: Path, certificate: Path, key: Path, listening: str, server: str) -> list[str]:
    both = folder / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    path = folder / "haproxy.cfg"
    path.write_text(
        adapted(
            "haproxy.cfg",
            {"bind :443": f"bind {listening}", "/etc/haproxy/rtc.example.org.pem": str(both), "127.0.0.1:8080": server},
        )
    )
    return ["haproxy", "-db", "-f", str(path)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@asynccontextmanager
async def running(command: list[str]) -> AsyncIterator[None]:
    program, *arguments = command
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"{program} is not installed; run make proxies"
    async with started(found, *arguments):
        yield


@dataclass(frozen=True)
class Proxy:
    url: str
    http: aiohttp.ClientSession
    """A client's, from :data:`CLIENT`, that claims another address and is a page of the proxy's"""


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[nginx, haproxy])
async def proxy(
    request: pytest.FixtureRequest, proxied: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Proxy]:
    folder = tmp_path_factory.mktemp("proxy")
    certificate, key = self_signed(folder, "localhost")
    port = free_port()
    command = request.param(folder, certificate, key, f"127.0.0.1:{port}", proxied.url.removeprefix("http://"))
    url = f"https://localhost:{port}"
    connector = aiohttp.TCPConnector(
        ssl=ssl.create_default_context(cafile=str(certificate)), local_addr=(CLIENT, 0), family=socket.AF_INET
    )
    async with running(command), aiohttp.ClientSession(connector=connector, headers={"Origin": url, **LIES}) as http:
        await until_it_answers(f"{url}/readyz", http)
        yield Proxy(url, http)


async def until_it_answers(url: str, http: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(aiohttp.ClientConnectorError):
                async with http.get(url) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def publishing(proxy: Proxy, path: str = "/whip") -> AsyncIterator[Publisher]:
    async with Publisher(proxy.url, proxy.http) as publisher:
        publisher.pc.addTransceiver(PictureTrack(grace_hopper(), fps=10), direction="sendonly")
        publisher.open_landmarks()
        await publisher.negotiate(path)
        await publisher.until_landmarks(2)
        yield publisher


async def assert_takes_candidates(peer: Peer) -> None:
    """By PATCH, whose ETag a proxy may not change."""
    fragment = "m=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=end-of-candidates\r\n"
    headers = {**FRAGMENT, "If-Match": peer.etag}
    async with peer.http.patch(f"{peer.url}{peer.location}", data=fragment, headers=headers) as response:
        assert response.status == 204, await response.text()


def lines(log: Path, text: str) -> list[str]:
    return [line for line in log.read_text().splitlines() if text in line]


async def test_whip_and_whep_with_patch_and_delete_go_through(proxy: Proxy, proxied: Server) -> None:
    async with publishing(proxy) as publisher:
        await assert_takes_candidates(publisher)
        async with Peer(proxy.url, proxy.http) as subscriber:
            subscriber.pc.addTransceiver("video", direction="recvonly")
            subscriber.open_landmarks()
            await subscriber.negotiate(f"/whep/{publisher.session}?key={publisher.viewing_key}")
            await subscriber.until_landmarks(2)
            await subscriber.until_frames(2)
            assert await subscriber.delete() == 200
    await proxied.until_sessions(0)


async def test_clients_are_told_apart_and_have_no_rights_of_the_proxys_machine(
    proxy: Proxy, proxied: Server, log: Path
) -> None:
    async with publishing(proxy) as publisher:
        joined = lines(log, f"audit join role=publisher session={publisher.session} ")
        assert [line.endswith(f" address={CLIENT}") for line in joined] == [True]
        async with proxy.http.get(f"{proxy.url}/api/sessions") as response:
            assert (await response.json())["sessions"] == [], "it is private"
    await proxied.until_sessions(0)


async def test_who_waits_for_a_publisher_is_answered_when_it_comes(proxy: Proxy, proxied: Server) -> None:
    key = "u7Qp0cV3mBqkO8h4xT1rZ9"
    async with publishing(proxy, f"/whip/proxied?key={key}") as publisher:
        watch = {"key": publisher.viewing_key, "wait": "30"}
    await proxied.until_sessions(0)
    waiting = asyncio.create_task(found(proxy, "proxied", watch))
    async with publishing(proxy, f"/whip/proxied?key={key}") as publisher:
        assert await waiting == publisher.session
    await proxied.until_sessions(0)


async def found(proxy: Proxy, name: str, query: dict[str, str]) -> str:
    async with proxy.http.get(URL(f"{proxy.url}/api/sessions/{name}").with_query(query)) as response:
        return str((await response.json())["id"])


async def test_a_large_picture_is_uploaded(proxy: Proxy) -> None:
    noise = np.random.default_rng(1).integers(0, 60, (2400, 3200, 3), np.uint8)
    picture = BytesIO()
    Image.fromarray(grace_hopper(3200, 2400) // 2 + noise).save(picture, "JPEG", quality=95)
    assert 4e6 < picture.tell() < 10e6
    picture.seek(0)
    headers = {"Content-Type": "image/jpeg"}
    async with proxy.http.post(f"{proxy.url}/api/snapshot", data=picture, headers=headers) as response:
        assert response.status == 200, await response.text()
        assert (await response.json())["width"] == 3200
