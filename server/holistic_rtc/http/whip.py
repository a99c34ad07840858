"""WebRTC-HTTP ingestion protocol (RFC 9725)."""

import hmac

from aiohttp import web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http import signalling
from holistic_rtc.http.auth import GRANT, open_to_all, requires
from holistic_rtc.http.keys import REGISTRY, SETTINGS
from holistic_rtc.http.quota import client_of
from holistic_rtc.http.trace import trace_of
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.rights import Right
from holistic_rtc.sessions.session import Session

WATCH = "urn:holistic-rtc:watch"
"""Relation of the link from a session to the address at which it can be watched, with its viewing key"""


@requires(Right.PUBLISH)
async def post_offer(request: web.Request) -> web.Response:
    public = _read_public(request)
    offer = (await signalling.read_offer(request)).require_sending(request.app[SETTINGS].max_tracks)
    session, answer = await request.app[REGISTRY].create(
        *(offer.sdp, client_of(request), offer.tracks),
        public=public,
        max_seconds=request[GRANT].max_seconds,
        trace=trace_of(request),
    )
    location = f"/whip/{session.id}/{session.publisher.key}"
    response = signalling.created(request, location, session, session.publisher, answer)
    response.headers.add("Link", f'</whep/{session.id}?key={session.viewing_key}>; rel="{WATCH}"')
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
    web.patch("/whip/{session}/{key}", patch_candidates),
    web.delete("/whip/{session}/{key}", delete_session),
    web.options("/whip/{session}/{key}", signalling.options_resource),
]
