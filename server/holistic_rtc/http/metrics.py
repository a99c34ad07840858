"""The metrics, for Prometheus."""

from aiohttp import hdrs, web

from holistic_rtc.http.auth import requires
from holistic_rtc.http.keys import METRICS
from holistic_rtc.model.rights import Right


@requires(Right.OPERATE)
async def get_metrics(request: web.Request) -> web.Response:
    body, content_type = request.app[METRICS].render(request.headers.get(hdrs.ACCEPT, ""))
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type, hdrs.CACHE_CONTROL: "no-store"})


routes = [web.get("/metrics", get_metrics)]
