"""
Who may do what: each handler declares the rights that it requires, and the middleware checks them.

::

    @requires(Right.OPERATE)
    async def get_metrics(request: web.Request) -> web.Response: ...

A handler that declares nothing isn't served.
"""

import functools
import hmac
from collections.abc import Callable
from typing import TypeVar

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.cors import is_trusted
from holistic_rtc.http.grants import Grant
from holistic_rtc.http.hosts import is_loopback, name_in
from holistic_rtc.http.keys import CREDENTIALS, REGISTRY, SETTINGS
from holistic_rtc.model.rights import Right

GRANT = web.RequestKey("grant", Grant)
"""What the request may do, in handlers that require a right"""

NEED_TOKEN = "this server needs a token; send it as Authorization: Bearer TOKEN"
FORWARDED = (hdrs.FORWARDED, hdrs.VIA, hdrs.X_FORWARDED_FOR, hdrs.X_FORWARDED_HOST, hdrs.X_FORWARDED_PROTO)

_POLICY = "__rights__"

H = TypeVar("H", bound=Callable[..., object])


def requires(*rights: Right) -> Callable[[H], H]:
    """
    Declare who may use a handler.

    :param rights: any of them is enough. For :attr:`Right.WATCH`, the session's viewing key is enough, too.
    """

    def declare(handler: H) -> H:
        setattr(handler, _POLICY, rights)
        return handler

    return declare


def open_to_all(handler: H) -> H:
    """Declare that anyone may use a handler, or that it asks for a secret itself."""
    return requires()(handler)


def policy(handler: object) -> tuple[Right, ...] | None:
    """
    :return: the rights that the handler requires; None if it declares nothing.
    """
    if isinstance(handler, functools.partial):
        handler = handler.func
    return getattr(handler, _POLICY, None)


@web.middleware
async def auth_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    match = request.match_info
    # Files for anyone, and what aiohttp answers itself because there is no such route.
    if match.http_exception is None and not isinstance(match.route.resource, web.StaticResource):
        rights = policy(match.handler)
        if rights is None:
            raise RuntimeError(f"{request.method} {match.route.resource} declares no right")
        if rights:
            request[GRANT] = await authorise(request, *rights)
    return await handler(request)


async def authorise(request: web.Request, *rights: Right) -> Grant:
    """
    :param rights: any of them is enough.
    :raises Refusal: the request may not do this. For :attr:`Right.WATCH`, also if there is no such session.
    """
    grant = await identify(request)
    session = request.match_info.get("session") or request.query.get("session")
    labels = request.app[REGISTRY].labels(session) if session else ()
    if any(grant.allows(right, *(labels if right is Right.WATCH else ())) for right in rights):
        return grant
    credentials = request.app[CREDENTIALS]
    if Right.LIST in rights and not credentials.guarded:
        return grant  # Some sessions are public.
    key = request.query.get("key")
    stranger = grant is credentials.anyone
    if Right.WATCH in rights and session and (key or not (stranger and credentials.guarded)):
        found = request.app[REGISTRY].get(session)
        if found.public or (key and hmac.compare_digest(_bytes(key), found.viewing_key.encode())):
            return grant
        raise Refusal(
            Code.PRIVATE_SESSION,
            "the viewing key is wrong" if key else "this session is private; ask its publisher for the viewing key",
        )
    wanted = f"the right to {' or '.join(rights)}"
    if stranger and credentials.guarded:
        raise Refusal(Code.UNAUTHORIZED, NEED_TOKEN)
    if stranger:
        raise Refusal(
            Code.UNAUTHORIZED,
            f"without a token, only requests from the server's own machine have {wanted}; set HOLISTIC_TOKEN",
        )
    raise Refusal(Code.FORBIDDEN, f"{grant.name} doesn't have {wanted}")


async def may(request: web.Request, *rights: Right) -> bool:
    """Whether :func:`authorise` would accept the request."""
    try:
        await authorise(request, *rights)
    except Refusal:
        return False
    return True


async def identify(request: web.Request) -> Grant:
    """
    :raises Refusal: the request has a token or a ticket, and it is wrong.
    """
    credentials = request.app[CREDENTIALS]
    if header := request.headers.get(hdrs.AUTHORIZATION):
        scheme, _, token = header.partition(" ")
        is_bearer = scheme.lower() == "bearer"
        if is_bearer and (grant := await credentials.identify(token.strip())):
            return grant
        # Without tokens, it may be what a proxy asks for.
        if credentials.guarded:
            raise Refusal(Code.UNAUTHORIZED, "the token is wrong, or has expired" if is_bearer else NEED_TOKEN)
    elif ticket := request.query.get("ticket"):
        if grant := credentials.tickets.read(ticket):
            return grant
        raise Refusal(Code.UNAUTHORIZED, "the ticket is wrong, or has expired; get a new one")
    return credentials.local if is_local(request) else credentials.anyone


def is_local(request: web.Request) -> bool:
    """Whether the request is from this machine: neither through a proxy, nor from another site's page."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return (
        peer is not None
        and is_loopback(peer[0])
        and is_loopback(name_in(request.headers.get(hdrs.HOST)))
        and not any(header in request.headers for header in FORWARDED)
        and is_trusted(request, request.app[SETTINGS].cors_origins)
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
