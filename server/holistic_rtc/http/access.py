"""Gives out tickets."""

from datetime import UTC, datetime

from aiohttp import web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.auth import GRANT, requires
from holistic_rtc.http.grants import Grant
from holistic_rtc.http.keys import CREDENTIALS, SETTINGS
from holistic_rtc.http.numbers import is_in
from holistic_rtc.model.rights import Right
from holistic_rtc.sessions.names import is_name
from holistic_rtc.sessions.session import ID

PARAMETERS = ("rights", "session", "seconds")


@requires(*Right)
async def post_ticket(request: web.Request) -> web.Response:
    grant = request[GRANT]
    rights, sessions, seconds = _read_wish(request, grant)
    ticket, expires = request.app[CREDENTIALS].tickets.issue(
        Grant(f"a ticket of {grant.name}", rights, sessions, grant.max_seconds, grant.expires), seconds
    )
    return web.json_response(
        {"ticket": ticket, "expires": datetime.fromtimestamp(expires, UTC).isoformat()},
        status=201,
        headers={"Cache-Control": "no-store"},
    )


def _read_wish(request: web.Request, grant: Grant) -> tuple[frozenset[Right], str, int]:
    """
    :return: rights, the sessions that they are for, and for how many seconds.
    :raises Refusal: a parameter is unknown or has an invalid value, or the request doesn't have these rights itself.
    """
    query = request.query
    if unknown := query.keys() - {*PARAMETERS, "ticket"}:
        raise Refusal(Code.BAD_REQUEST, f"unknown parameter {min(unknown)!r}; known are {', '.join(PARAMETERS)}")
    words = set(query["rights"].split(",")) if "rights" in query else grant.rights
    if words - set(Right):
        raise Refusal(Code.BAD_REQUEST, f"rights must name at least one right; known are {', '.join(Right)}")
    session = query.get("session")
    if session is not None and not (ID.fullmatch(session) or is_name(session)):
        raise Refusal(Code.BAD_REQUEST, f"session must be the id or the name of a session, not {session!r}")
    limit = request.app[SETTINGS].ticket_seconds
    seconds = query.get("seconds", str(limit))
    if not is_in(range(1, limit + 1), seconds):
        raise Refusal(Code.BAD_REQUEST, f"seconds must be a number from 1 to {limit}, not {seconds!r}")
    rights = frozenset(map(Right, words))
    for right in rights:
        if not grant.allows(right, *([session] if session else [])):
            raise Refusal(Code.FORBIDDEN, f"{grant.name} doesn't have the right to {right}")
    return rights, session or grant.sessions, int(seconds)


routes = [web.post("/api/tickets", post_ticket)]
