"""The metrics, for Prometheus."""

import ipaddress

from aiohttp import hdrs, web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.address import address_of
from holistic_rtc.http.auth import authorise
from holistic_rtc.http.keys import METRICS, SETTINGS

FORWARDED = (hdrs.FORWARDED, hdrs.VIA, hdrs.X_FORWARDED_FOR, hdrs.X_FORWARDED_HOST, hdrs.X_FORWARDED_PROTO)
"""Headers with which a proxy on this machine tells that a request isn't from this machine."""


async def get_metrics(request: web.Request) -> web.Response:
    _authorise(request)
    body, content_type = request.app[METRICS].render(request.headers.get(hdrs.ACCEPT, ""))
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type, hdrs.CACHE_CONTROL: "no-store"})


def _authorise(request: web.Request) -> None:
    """
    :raises Refusal: the request neither has the server's token, nor comes from this machine to a server without one.
    """
    authorise(request)
    if request.app[SETTINGS].token is None and not _is_local(request):
        raise Refusal(
            Code.UNAUTHORIZED, "only this machine may read the metrics of a server without a token; set HOLISTIC_TOKEN"
        )


def _is_local(request: web.Request) -> bool:
    try:
        return ipaddress.ip_address(address_of(request)).is_loopback and not any(
            name in request.headers for name in FORWARDED
        )
    except ValueError:
        return False


routes = [web.get("/metrics", get_metrics)]
