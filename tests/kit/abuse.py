"""What strangers do to a server by HTTP."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from io import BytesIO

import aiohttp
from PIL import Image

from .offers import make_offer
from .peer import SDP
from .serving import Server

PROBE = """
import sys, time, urllib.request
worst = 0.0
print(flush=True)
while not sys.stdin.closed:
    began = time.monotonic()
    urllib.request.urlopen(sys.argv[1] + "/healthz", timeout=60).read()
    worst = max(worst, time.monotonic() - began)
    print(worst, flush=True)
    time.sleep(0.05)
"""


@asynccontextmanager
async def client_at(address: str | None) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client, seen by the server at `address` through a proxy on this machine; None for without a proxy."""
    headers = {} if address is None else {"X-Forwarded-For": address}
    async with aiohttp.ClientSession(headers=headers) as http:
        yield http


@contextmanager
def worst_response(server: Server) -> Iterator[list[float]]:
    """Seconds of the slowest response of ``/healthz`` in the block, as measured by a process of its own."""
    worst: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-c", PROBE, server.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as probe:
        assert probe.stdout is not None
        probe.stdout.readline()
        try:
            yield worst
        finally:
            probe.terminate()
        worst.append(max(float(line) for line in probe.stdout.read().splitlines() if "." in line))


async def offer_without_candidates() -> str:
    """Valid, but its sender never connects."""
    offer = await make_offer(("video", "sendonly"), channel=True)
    return "\r\n".join(line for line in offer.splitlines() if not line.startswith("a=candidate")) + "\r\n"


@dataclass(frozen=True)
class Response:
    """
    :param code: of the problem; empty if there was none.
    :param retry_after: seconds; 0 without the header.
    :param location: path of the resource; empty if there is none.
    """

    status: int
    code: str
    retry_after: int
    location: str


async def post_offers(url: str, http: aiohttp.ClientSession, offer: str, times: int) -> list[Response]:
    """All at once."""

    async def post() -> Response:
        async with http.post(url, data=offer, headers=SDP) as response:
            problem = {} if response.status == 201 else await response.json(content_type=None)
            headers = response.headers
            retry_after = int(headers.get("Retry-After", 0))
            return Response(response.status, problem.get("code", ""), retry_after, headers.get("Location", ""))

    return await asyncio.gather(*(post() for _ in range(times)))


async def upload_slowly(server: Server, address: str, seconds: float, size: int = 100_000) -> int:
    """
    Upload a picture, a byte at a time.

    :return: the status of the response; 0 if there was none in time.
    """
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /api/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
        b"X-Forwarded-For: %s\r\nContent-Length: %d\r\n\r\n" % (address.encode(), size)
    )

    async def drip() -> None:
        while True:
            writer.write(b"\xff")
            await asyncio.sleep(0.1)

    dripping = asyncio.create_task(drip())
    try:
        async with asyncio.timeout(seconds):
            return int((await reader.readline()).split()[1])
    except TimeoutError:
        return 0
    finally:
        dripping.cancel()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def jpeg_with_scans(width: int, height: int, more: int, *, progressive: bool = True) -> bytes:
    """A JPEG of one colour, whose last scan is repeated: 42 bytes for each pass through the picture."""
    encoded = BytesIO()
    Image.new("RGB", (width, height), (200, 100, 50)).save(encoded, "JPEG", progressive=progressive)
    data = encoded.getvalue()
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + more * last + data[-2:]
