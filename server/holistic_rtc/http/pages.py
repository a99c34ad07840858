"""Serves the built pages and the client library."""

from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from holistic_rtc.http.auth import open_to_all
from holistic_rtc.sample import portrait

STATIC = Path(__file__).parent / "static"

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
POLICIES = {
    # three.js fetches the textures in an avatar's file through blob URLs.
    "avatar": CONTENT_SECURITY_POLICY.replace("connect-src 'self'", "connect-src 'self' blob:"),
}
"""Of the pages that need another one"""


@open_to_all
async def get_page(name: str, request: web.Request) -> web.StreamResponse:
    page = STATIC / f"{name}.html"
    if not page.exists():
        raise web.HTTPNotFound(reason="the page is not built; run `make setup`")
    policy = POLICIES.get(name, CONTENT_SECURITY_POLICY)
    return web.FileResponse(page, headers={"Content-Security-Policy": policy})


@open_to_all
async def get_sample(request: web.Request) -> web.StreamResponse:
    """The portrait from which the page creates its sample clip."""
    return web.FileResponse(portrait())


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
    pages: list[web.AbstractRouteDef] = [
        web.get("/", partial(get_page, "index")),
        web.get("/view/{session:[^/]*}", partial(get_page, "view")),
        web.get("/sample.jpg", get_sample),
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
