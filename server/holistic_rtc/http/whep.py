"""WebRTC-HTTP egress protocol (draft-ietf-wish-whep): subscribe to a running session."""

from aiohttp import web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http import signalling
from holistic_rtc.http.auth import GRANT, open_to_all, requires
from holistic_rtc.http.keys import REGISTRY
from holistic_rtc.http.quota import client_of
from holistic_rtc.http.trace import trace_of
from holistic_rtc.model.rights import Right
from holistic_rtc.sessions.session import Resource, Session


@requires(Right.WATCH)
async def post_offer(request: web.Request) -> web.Response:
    session = signalling.find_session(request)
    offer = (await signalling.read_offer(request)).require_receiving()
    subscriber, answer = await request.app[REGISTRY].subscribe(
        session, offer.sdp, client_of(request), trace_of(request)
    )
    location = f"/whep/{session.id}/{subscriber.key}"
    return signalling.created(request, location, session, subscriber, answer)


@open_to_all
async def patch_candidates(request: web.Request) -> web.Response:
    session, subscriber = _find_subscriber(request)
    return await signalling.patch(request, session, subscriber)


@open_to_all
async def delete_subscriber(request: web.Request) -> web.Response:
    request.app[REGISTRY].unsubscribe(*_find_subscriber(request))
    return web.Response(status=200)


@requires(Right.LIST)
async def get_sessions(request: web.Request) -> web.Response:
    """List the running sessions, oldest first: those that the request may see, and public ones."""
    grant = request[GRANT]
    sessions = [
        {
            "id": session.id,
            "public": session.public,
            "started": session.started.isoformat(timespec="seconds"),
            "subscribers": len(session.subscribers),
            "tracks": [
                {"track": track["track"], "width": track["width"], "height": track["height"], "fps": track["fps_out"]}
                for track in (session.stats or {"tracks": []})["tracks"]
            ],
        }
        for session in request.app[REGISTRY].sessions.values()
        if session.public or grant.allows(Right.LIST, session.id)
    ]
    return web.json_response({"sessions": sessions}, headers={"Cache-Control": "no-store"})


def _find_subscriber(request: web.Request) -> tuple[Session, Resource]:
    """
    :raises Refusal: the session or the subscriber doesn't exist.
    """
    session = signalling.find_session(request)
    try:
        return session, session.subscribers[request.match_info["subscriber"]]
    except KeyError:
        raise Refusal(Code.UNKNOWN_SUBSCRIBER, "no such subscriber; it may have ended") from None


routes = [
    web.get("/api/sessions", get_sessions),
    web.post("/whep/{session}", post_offer),
    web.options("/whep/{session}", signalling.options),
    web.patch("/whep/{session}/{subscriber}", patch_candidates),
    web.delete("/whep/{session}/{subscriber}", delete_subscriber),
    web.options("/whep/{session}/{subscriber}", signalling.options_resource),
]
