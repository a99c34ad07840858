"""Checks the server's token, if it has one. It is needed to publish, subscribe and list sessions."""

import hmac

from aiohttp import web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.keys import SETTINGS


def authorise(request: web.Request) -> None:
    """
    :raises Refusal: the request doesn't carry the server's bearer token (RFC 6750).
    """
    token = request.app[SETTINGS].token
    if token is None:
        return
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Refusal(Code.UNAUTHORIZED, "this server needs a token; send it as Authorization: Bearer TOKEN")
    if not hmac.compare_digest(given.strip().encode(), token.get_secret_value().encode()):
        raise Refusal(Code.UNAUTHORIZED, "the token is wrong")
