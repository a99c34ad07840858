"""Where requests come from."""

from aiohttp import web


def address_of(request: web.Request) -> str:
    """The IP address that the request came from: the client's, or that of the proxy in between."""
    return request.remote or "unknown"
