"""
Redirects what another node can serve (RFC 9725, section 4.5).

Only requests that this node would otherwise refuse are redirected, and each only once, so there are no loops. Clients
leave out their token when a redirect leads to another origin, so its URL has a ticket instead, for what the request is
about.
"""

from collections.abc import Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import MultiDict

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.auth import identify
from holistic_rtc.http.grants import Grant
from holistic_rtc.http.keys import CREDENTIALS, LISTENER, NODE
from holistic_rtc.model.rights import Right
from holistic_rtc.sessions.events import Redirected, RedirectReason

REDIRECTED = "redirected"
"""Parameter of a request that has been redirected"""
PLACES = web.RequestKey("places", int)
"""How many a session needs, once that is known"""
TICKET_SECONDS = 60
"""A request may wait 30 s for a publisher"""

_FULL = (Code.SERVER_FULL, Code.ADDRESS_FULL, Code.SHUTTING_DOWN, Code.NO_FREE_PORT)
_ELSEWHERE = (Code.UNKNOWN_SESSION, Code.NOT_LIVE)
_ROUTES: Mapping[tuple[str, str], Right] = {
    ("POST", "/whip"): Right.PUBLISH,
    ("POST", "/whip/{name}"): Right.PUBLISH,
    ("POST", "/whep/{session}"): Right.WATCH,
    ("GET", "/api/sessions/{session}"): Right.WATCH,
    ("GET", "/api/ice-servers"): Right.WATCH,
}


@web.middleware
async def redirect_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        node, resource = request.app[NODE], request.match_info.route.resource
        right = _ROUTES.get((request.method, resource.canonical.rstrip("/") if resource else ""))
        if node is None or right is None or REDIRECTED in request.query:
            raise
        label = request.match_info.get("name") or request.match_info.get("session")
        label = label or request.query.get("name" if right is Right.PUBLISH else "session")
        if right is Right.PUBLISH and refusal.code in _FULL:
            reason, url = RedirectReason.FULL, await node.reserve(request.get(PLACES, 1))
            if url is None and label:
                url = await node.find(label)  # A publisher that takes over its own session needs no other place.
        elif right is Right.WATCH and refusal.code in _ELSEWHERE and label:
            reason, url = RedirectReason.ELSEWHERE, await node.find(label)
        else:
            raise
        if url is None:
            raise
    request.app[LISTENER](Redirected(reason))
    query = MultiDict(request.query)
    query[REDIRECTED] = "true"
    query.pop("ticket", None)
    if ticket := await _make_ticket(request, right, label):
        query["ticket"] = ticket
    location = f"{url}{request.rel_url.with_query(query).raw_path_qs}"
    return web.Response(status=307, headers={hdrs.LOCATION: location, hdrs.CACHE_CONTROL: "no-store"})


async def _make_ticket(request: web.Request, right: Right, label: str | None) -> str | None:
    """
    :param label: the id or name of the session that the request is about, if there is one.
    :return: what the other node accepts instead of the request's token; None if there is none, or it doesn't have the
        right. The other node may still accept a viewing key.
    """
    credentials = request.app[CREDENTIALS]
    if not credentials.guarded:
        return None
    grant = await identify(request)
    if right not in grant.rights or grant is credentials.anyone:
        return None
    sessions = label if label and grant.allows(right, label) else grant.sessions
    narrowed = Grant(grant.name, frozenset({right}), sessions, grant.max_seconds, grant.expires)
    ticket, _ = credentials.tickets.issue(narrowed, TICKET_SECONDS)
    return ticket
