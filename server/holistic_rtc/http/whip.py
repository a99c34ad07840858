"""WebRTC-HTTP ingestion protocol (RFC 9725)."""

import hmac
from contextlib import nullcontext

from aiohttp import web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http import signalling
from holistic_rtc.http.auth import GRANT, open_to_all, requires
from holistic_rtc.http.keys import NODE, REGISTRY, SETTINGS
from holistic_rtc.http.quota import client_of
from holistic_rtc.http.redirect import PLACES
from holistic_rtc.http.trace import trace_of
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.rights import Right
from holistic_rtc.sessions.names import check_key, check_name
from holistic_rtc.sessions.session import Session, make_key

WATCH = "urn:holistic-rtc:watch"
"""Relation of the link from a session to the address at which it can be watched, with its viewing key"""


@requires(Right.PUBLISH)
async def post_offer(request: web.Request) -> web.Response:
    public, name, key = _read_public(request), _read_name(request), request.query.get("key")
    if key is None:
        key = make_key()
    else:
        check_key(key, name)
    offer = (await signalling.read_offer(request)).require_sending(request.app[SETTINGS].max_tracks)
    node = request.app[NODE]
    request[PLACES] = offer.tracks
    async with node.claiming(name, key) if node else nullcontext():
        session, answer = await request.app[REGISTRY].create(
            *(offer.sdp, client_of(request), offer.tracks),
            name=name,
            key=key,
            public=public,
            max_seconds=request[GRANT].max_seconds,
            trace=trace_of(request),
        )
    if node:
        await node.sync()
    location = f"{signalling.base_of(request)}/whip/{session.id}/{session.publisher.key}"
    response = signalling.created(request, location, session, session.publisher, answer)
    root = request.app[SETTINGS].root_path
    response.headers.add("Link", f'<{root}/whep/{name or session.id}?key={session.viewing_key}>; rel="{WATCH}"')
    return response


@open_to_all
async def patch_candidates(request: web.Request) -> web.Response:
    session = _own_session(request)
    return await signalling.patch(request, session, None)


@open_to_all
async def delete_session(request: web.Request) -> web.Response:
    request.app[REGISTRY].end(_own_session(request), EndReason.DELETED, "the peer ended the session")
    return web.Response(status=200)


def _read_public(request: web.Request) -> bool:
    """
    :raises Refusal: it is neither true nor false.
    """
    value = request.query.get("public", "false")
    if value not in ("true", "false"):
        raise Refusal(Code.BAD_REQUEST, f"public must be true or false, not {value!r}")
    return value == "true"


def _read_name(request: web.Request) -> str | None:
    """
    :raises Refusal: it isn't a name, or the request may not publish under it.
    """
    given = {name for name in (request.match_info.get("name"), request.query.get("name")) if name is not None}
    if not given:
        return None
    if len(given) > 1:
        raise Refusal(Code.BAD_REQUEST, "the address has two names; leave one out")
    name = check_name(given.pop())
    grant = request[GRANT]
    if not grant.allows(Right.PUBLISH, name):
        raise Refusal(Code.FORBIDDEN, f"{grant.name} doesn't have the right to publish as {name}")
    return name


def _own_session(request: web.Request) -> Session:
    """
    :raises Refusal: the session doesn't exist, or the key is wrong.
    """
    session = signalling.find_session(request)
    if not hmac.compare_digest(request.match_info["key"].encode(), session.publisher.key.encode()):
        raise Refusal(Code.UNKNOWN_SESSION, "no such session; it may have ended")
    return session


routes = [
    web.post("/whip", post_offer),
    web.options("/whip", signalling.options),
    web.post("/whip/{name}", post_offer),
    web.options("/whip/{name}", signalling.options),
    web.patch("/whip/{session}/{key}", patch_candidates),
    web.delete("/whip/{session}/{key}", delete_session),
    web.options("/whip/{session}/{key}", signalling.options_resource),
]
