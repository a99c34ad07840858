"""WebRTC-HTTP ingestion protocol (RFC 9725)."""

import hmac

from aiohttp import web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http import signalling
from holistic_rtc.http.address import address_of
from holistic_rtc.http.auth import authorise
from holistic_rtc.http.keys import REGISTRY
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.sessions.registry import Session


async def post_offer(request: web.Request) -> web.Response:
    authorise(request)
    offer = (await signalling.read_offer(request)).require_sending()
    session, answer = await request.app[REGISTRY].create(offer.sdp, address_of(request))
    location = f"/whip/{session.id}/{session.publisher.key}"
    return signalling.created(request, location, session, session.publisher, answer)


async def patch_candidates(request: web.Request) -> web.Response:
    session = _own_session(request)
    return await signalling.patch(request, session, None)


async def delete_session(request: web.Request) -> web.Response:
    request.app[REGISTRY].end(_own_session(request), EndReason.DELETED, "the peer ended the session")
    return web.Response(status=200)


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
