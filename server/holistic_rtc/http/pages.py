"""Serves the built pages and the client library."""

import asyncio
import logging
import socket
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from holistic_rtc import sample
from holistic_rtc.http.auth import is_local, open_to_all
from holistic_rtc.http.hosts import is_loopback
from holistic_rtc.http.keys import SETTINGS

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'self'"
)
POLICIES = {
    # three.js fetches the textures in an avatar's file through blob URLs.
    "avatar": CONTENT_SECURITY_POLICY.replace("connect-src 'self'", "connect-src 'self' blob:"),
}
"""Of the pages that need another one"""


MAIN_ADDRESS_PROBE = ("192.0.2.1", 9)
"""An address of no machine (RFC 5737)"""
BASE = '<base href="/" />'
"""In each page: where its links and requests lead"""


@open_to_all
async def get_page(name: str, request: web.Request) -> web.StreamResponse:
    page = STATIC / f"{name}.html"
    if not page.exists():
        raise web.HTTPNotFound(reason="the page is not built; run `make setup`")
    policy = POLICIES.get(name, CONTENT_SECURITY_POLICY)
    if node_url := request.app[SETTINGS].node_url:
        # Redirects lead to other nodes, and new ones may come.
        policy = policy.replace("connect-src", f"connect-src {node_url.partition('//')[0]}")
    headers = {"Content-Security-Policy": policy}
    root = request.app[SETTINGS].root_path
    origin = local_network_origin(request) if name == "index" else None
    if root or origin:
        text = await asyncio.to_thread(page.read_text, "utf-8")
        head = f'<base href="{root}/" />'
        if origin:
            head += f'<meta name="local-network" content="{origin}" />'
        return web.Response(text=text.replace(BASE, head), content_type="text/html", headers=headers)
    return web.FileResponse(page, headers=headers)


def local_network_origin(request: web.Request) -> str | None:
    """
    Where other devices in the local network find this server, such as ``http://192.168.1.5:8080``.

    :return: None if it serves this machine only, or has no such address; and for requests from other machines, which
        don't need to know.
    """
    if request.app[SETTINGS].host not in ("", "0.0.0.0", "::") or not is_local(request):
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(MAIN_ADDRESS_PROBE)  # Sends nothing, but chooses the address that would be used.
        except OSError:
            return None
        address = probe.getsockname()[0]
    # Not that of the request, which may have come through a tunnel.
    port = request.transport.get_extra_info("sockname")[1] if request.transport else None
    return None if port is None or is_loopback(address) else f"{request.scheme}://{address}:{port}"


@open_to_all
async def get_sample(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(sample.clip())


@web.middleware
async def headers_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Assets have a hash in their names and never change; everything else is revalidated."""
    response = await handler(request)
    if "Cache-Control" not in response.headers:
        immutable = request.path.startswith("/assets/") and response.status == 200
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if immutable else "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.path.startswith("/sdk/"):
        # Any page may import the client; the configured origins determine which ones may connect.
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def routes() -> list[web.AbstractRouteDef]:
    """One route for each top-level file and folder, to not shadow the API; ``NAME.html`` is at ``/NAME``."""
    if not (STATIC / "index.html").exists():
        logger.warning("the pages aren't built, so only the API is served; run `make setup`")
    pages: list[web.AbstractRouteDef] = [
        web.get("/", partial(get_page, "index")),
        web.get("/view/{session:[^/]*}", partial(get_page, "view")),
        web.get("/sample.webm", get_sample),
    ]
    for path in STATIC.iterdir() if STATIC.is_dir() else ():
        if path.is_dir():
            pages.append(web.static(f"/{path.name}", path))
        elif path.suffix != ".html":
            pages.append(web.get(f"/{path.name}", partial(_get_file, path)))
        elif path.stem != "index":
            pages.append(web.get(f"/{path.stem}", partial(get_page, path.stem)))
    return pages


@open_to_all
async def _get_file(path: Path, request: web.Request) -> web.StreamResponse:
    return web.FileResponse(path)
