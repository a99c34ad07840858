"""A real HAProxy in front of nodes, with the configuration of deploy/."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from .browsers import PROJECT
from .coturn import free_port
from .processes import running

_SERVERS = re.compile(r"^    server node1 .*\Z", re.MULTILINE | re.DOTALL)


@asynccontextmanager
async def balancing(folder: Path, urls: Sequence[str]) -> AsyncIterator[str]:
    """
    :param urls: of the nodes.
    :return: the address of the load balancer.
    """
    port = free_port()
    text = (PROJECT / "deploy" / "haproxy.nodes.cfg").read_text().replace("bind :8080", f"bind 127.0.0.1:{port}")
    servers = (f"    server node{i} {url.removeprefix('http://')}\n" for i, url in enumerate(urls, 1))
    text, replaced = _SERVERS.subn("".join(servers), text)
    assert replaced
    path = folder / "haproxy.cfg"
    path.write_text(text)
    found = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, "haproxy is not installed; run make proxies"
    async with running(found, "-db", "-f", str(path)):
        url = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(10):
            await _until_up(url)
        yield url


async def _until_up(url: str) -> None:
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"{url}/healthz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
