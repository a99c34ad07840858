"""WebRTC-HTTP egress protocol (draft-ietf-wish-whep): subscribe to a running session."""

import msgspec
from aiohttp import web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http import signalling
from holistic_rtc.http.auth import GRANT, authorise, open_to_all, requires
from holistic_rtc.http.keys import NODE, REGISTRY
from holistic_rtc.http.numbers import is_in
from holistic_rtc.http.quota import client_of
from holistic_rtc.http.trace import trace_of
from holistic_rtc.model.rights import Right
from holistic_rtc.sessions.session import Resource, Session, SessionDescription

WAITS = range(31)
"""Seconds that a request may wait for a publisher"""


@requires(Right.WATCH)
async def post_offer(request: web.Request) -> web.Response:
    session = signalling.find_session(request)
    offer = (await signalling.read_offer(request)).require_receiving()
    subscriber, answer = await request.app[REGISTRY].subscribe(
        session, offer.sdp, client_of(request), trace_of(request)
    )
    location = f"{signalling.base_of(request)}/whep/{session.id}/{subscriber.key}"
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
    grant, node = request[GRANT], request.app[NODE]
    sessions = list(map(SessionDescription.of, request.app[REGISTRY].sessions.values()))
    if node:
        sessions = sorted([*sessions, *await node.list_sessions()], key=lambda session: session.started)
    seen = [session for session in sessions if session.public or grant.allows(Right.LIST, *session.labels)]
    return _json({"sessions": seen})


@open_to_all
async def get_session(request: web.Request) -> web.Response:
    """Describe one, which may be watched. While nobody publishes under its name, wait for that as long as asked to."""
    seconds = _read_wait(request)
    try:
        session = await _find_watchable(request)
    except Refusal as refusal:
        name, node = request.match_info["session"], request.app[NODE]
        if refusal.code is not Code.NOT_LIVE or (node and await node.find(name)):
            raise
        # Whether the key is right shows only then.
        await request.app[REGISTRY].wait(name, client_of(request), seconds)
        session = await _find_watchable(request)
    return _json(SessionDescription.of(session))


async def _find_watchable(request: web.Request) -> Session:
    """
    :raises Refusal: the session doesn't exist, or the request may not watch it.
    """
    await authorise(request, Right.WATCH)
    return signalling.find_session(request)


def _json(content: object) -> web.Response:
    return web.json_response(body=msgspec.json.encode(content), headers={"Cache-Control": "no-store"})


def _read_wait(request: web.Request) -> int:
    """
    :raises Refusal: it isn't a number in range.
    """
    wait = request.query.get("wait", "0")
    if not is_in(WAITS, wait):
        raise Refusal(Code.BAD_REQUEST, f"wait must be a number from 0 to {WAITS[-1]}, not {wait!r}")
    return int(wait)


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
    web.get("/api/sessions/{session}", get_session),
    web.post("/whep/{session}", post_offer),
    web.options("/whep/{session}", signalling.options),
    web.patch("/whep/{session}/{subscriber}", patch_candidates),
    web.delete("/whep/{session}/{subscriber}", delete_subscriber),
    web.options("/whep/{session}/{subscriber}", signalling.options_resource),
]
