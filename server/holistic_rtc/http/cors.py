"""Requests of other sites' pages, from configured origins only (the Fetch standard)."""

from collections.abc import Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from holistic_rtc.errors import Code, Refusal

EXPOSED = "Location, ETag, Link, Retry-After, WWW-Authenticate"
ALLOWED_HEADERS = "Content-Type, If-Match, Authorization, traceparent"
ALLOWED_METHODS = "GET, POST, PATCH, DELETE, OPTIONS"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def cors_middleware(origins: Collection[str]) -> Middleware:
    """
    :param origins: origins whose pages may use the API; ``*`` for all.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        origin = request.headers.get("Origin")
        if origins:
            vary = response.headers.get(hdrs.VARY)
            response.headers[hdrs.VARY] = f"{vary}, {hdrs.ORIGIN}" if vary else hdrs.ORIGIN
        if origin and (origin in origins or "*" in origins):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
                response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
                response.headers["Access-Control-Max-Age"] = "600"
        return response

    return middleware


def origin_middleware(origins: Collection[str]) -> Middleware:
    """
    Refuses what pages of other sites send. A browser doesn't show them the response, but sends the request.

    :param origins: see :func:`cors_middleware`.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not (request.method in SAFE_METHODS or "*" in origins or is_trusted(request, origins)):
            origin = request.headers[hdrs.ORIGIN][:255]
            raise Refusal(
                Code.FOREIGN_ORIGIN,
                f"pages from {origin} may not use this server; if they should, add it to HOLISTIC_CORS_ORIGINS. "
                "If it is the server's own address, the proxy in front of the server must pass on the Host header",
            )
        return await handler(request)

    return middleware


def is_trusted(request: web.Request, origins: Collection[str]) -> bool:
    """
    Whether a request is from a page of this server or of one of `origins`, or from no page.

    :param origins: see :func:`cors_middleware`, but ``*`` has no meaning.
    """
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None or origin in origins:
        return True
    scheme, _, host = origin.lower().partition("://")
    own = request.headers.get(hdrs.HOST, "").lower()
    port = DEFAULT_PORTS.get(scheme)
    # The scheme may differ from that of the request, since TLS can end at a proxy.
    return port is not None and host.removesuffix(port) == own.removesuffix(port)
