"""Cross-origin requests, from configured origins only (the Fetch standard)."""

from collections.abc import Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

EXPOSED = "Location, ETag, Link, Retry-After, WWW-Authenticate"
ALLOWED_HEADERS = "Content-Type, If-Match, Authorization"
ALLOWED_METHODS = "GET, POST, PATCH, DELETE, OPTIONS"


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
