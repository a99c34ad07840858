"""Health checks for supervisors and load balancers."""

from aiohttp import web

from holistic_rtc import __version__
from holistic_rtc.http.auth import open_to_all
from holistic_rtc.http.keys import JOBS, MODEL, NODE, REGISTRY, SNAPSHOTS


@open_to_all
async def get_healthz(request: web.Request) -> web.Response:
    """200 while the server is up."""
    return _health(request, "ok", 200)


@open_to_all
async def get_readyz(request: web.Request) -> web.Response:
    """
    200 if there are warm processes for the next session and for the next picture, also while a node can't reach Redis,
    or the queue of its jobs: it serves then on its own, and others wouldn't do better.
    """
    if request.app[REGISTRY].ready and request.app[SNAPSHOTS].ready:
        return _health(request, "ok", 200)
    return _health(request, "not ready", 503)


def _health(request: web.Request, status: str, code: int) -> web.Response:
    registry, node = request.app[REGISTRY], request.app[NODE]
    links = {"redis": node.connected if node else None, "job_queue": request.app[JOBS].connected}
    return web.json_response(
        {
            "status": status,
            "version": __version__,
            "model": request.app[MODEL],
            "sessions": len(registry.sessions),
            "max_sessions": registry.max_sessions,
            **{
                name: "connected" if connected else "unreachable"
                for name, connected in links.items()
                if connected is not None
            },
        },
        status=code,
        headers={"Cache-Control": "no-store"},
    )


routes = [web.get("/healthz", get_healthz), web.get("/readyz", get_readyz)]
