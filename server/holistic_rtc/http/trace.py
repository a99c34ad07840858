"""Traces the requests that start a session, a subscription or a snapshot."""

from typing import TYPE_CHECKING

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from holistic_rtc.http.keys import LISTENER
from holistic_rtc.log.writer import trace_id
from holistic_rtc.sessions.trace import Trace

if TYPE_CHECKING:
    from holistic_rtc.monitoring.traces import Traces

TRACE = web.RequestKey("trace", Trace)
ROUTES = ("/whip", "/whep/{session}", "/api/snapshot")


def trace_of(request: web.Request) -> Trace:
    """Records nothing if the request isn't traced."""
    return request.get(TRACE) or Trace()


def trace_middleware(traces: "Traces") -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        if resource is None or resource.canonical not in ROUTES or request.method != hdrs.METH_POST:
            return await handler(request)
        span = traces.begin(request.method, resource.canonical, request.headers.get("traceparent"))
        trace = request[TRACE] = Trace(span.parent, request.app[LISTENER])
        trace_id.set(trace.id)
        status = None
        try:
            response = await handler(request)
            status = response.status
            return response
        finally:
            span.end(status, trace.session)

    return middleware
