"""The common part of WHIP and WHEP: resources created by an offer, patched with candidates, and ended by DELETE."""

import asyncio

from aiohttp import hdrs, web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.auth import may, open_to_all
from holistic_rtc.http.ice import for_newcomer, ice_links
from holistic_rtc.http.keys import ICE_SERVERS, OFFERS, REGISTRY, SETTINGS
from holistic_rtc.http.quota import OFFER_COST, charge
from holistic_rtc.http.trace import trace_of
from holistic_rtc.log.writer import trace_id
from holistic_rtc.model.rights import Right
from holistic_rtc.model.step import Step
from holistic_rtc.sdp.offer import Offer
from holistic_rtc.sessions.session import Resource, Session

MAX_SDP = 64 * 1024
"""Maximum size in bytes; a browser's offer has 3 to 10 KB"""
SDP_SECONDS = 10.0
"""Seconds within which the whole body must arrive"""

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


async def read_offer(request: web.Request) -> Offer:
    """
    :raises Refusal: the offer can't be read, arrives too slowly, or can't be served.
    """
    charge(request, OFFER_COST)
    body = await _read(request, SDP)
    trace_of(request).take(Step.READ_BODY)
    # The largest take several milliseconds. Others get their turn between two of a burst.
    async with request.app[OFFERS]:
        await asyncio.sleep(0)
        return Offer.parse(body)


def base_of(request: web.Request) -> str:
    """Where the resources are: at this node, so that their peers need no redirect, or wherever the request went."""
    settings = request.app[SETTINGS]
    return settings.node_url or settings.root_path


def created(request: web.Request, location: str, session: Session, resource: Resource, answer: str) -> web.Response:
    # Some clients accept no charset.
    response = web.Response(status=201, body=answer.encode(), content_type=SDP)
    response.headers["Location"] = location
    response.headers["ETag"] = _etag(resource)
    for link in ice_links(request.app[ICE_SERVERS].for_peer(session.id)):
        response.headers.add("Link", link)
    return response


async def patch(request: web.Request, session: Session, subscriber: Resource | None) -> web.Response:
    """
    Add trickled candidates, or restart ICE.

    :param subscriber: the peer that sent them; None for the publisher.
    :raises Refusal: they can't be read or used, or belong to another ICE session.
    """
    resource = subscriber or session.publisher
    trace_id.set(resource.trace.id)
    if not matches(",".join(request.headers.getall(hdrs.IF_MATCH, ["*"])), resource.etag):
        raise Refusal(Code.OUTDATED, "the ETag in If-Match doesn't match this resource")
    fragment = await request.app[REGISTRY].add_candidates(session, subscriber, await _read(request, FRAGMENT))
    headers = {"ETag": _etag(resource)}
    if fragment is None:
        # A subscriber's ICE session is that of its POST (the draft of WHEP, section 4.4).
        return web.Response(status=204, headers={} if subscriber else headers)
    return web.Response(status=200, body=fragment.encode(), content_type=FRAGMENT, headers=headers)


def matches(header: str, etag: str) -> bool:
    """
    :param header: an If-Match: a list of ETags, or ``*``, with or without quotes. A weak ETag is as good, since proxies
        make them weak, and there is no body that they could differ in.
    """
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    return "*" in tags or etag in tags


@open_to_all
async def options(request: web.Request) -> web.Response:
    """Answers without the token, since browsers don't send it; but ICE servers are only listed for requests with it."""
    headers = {"Accept-Post": SDP}
    if await may(request, Right.PUBLISH, Right.WATCH) and (links := ", ".join(ice_links(for_newcomer(request)))):
        headers["Link"] = links
    return web.Response(status=204, headers=headers)


@open_to_all
async def options_resource(request: web.Request) -> web.Response:
    return web.Response(status=204, headers={"Accept-Patch": FRAGMENT})


def find_session(request: web.Request) -> Session:
    """
    :raises Refusal: the session doesn't exist.
    """
    return request.app[REGISTRY].get(request.match_info["session"])


def _etag(resource: Resource) -> str:
    return f'"{resource.etag}"'


async def _read(request: web.Request, content_type: str) -> str:
    if request.content_type != content_type:
        raise Refusal(Code.UNSUPPORTED_TYPE, f"send {content_type}, not {request.content_type}")
    if request.content_length is not None and request.content_length > MAX_SDP:
        raise Refusal(Code.TOO_LARGE, f"the body has {request.content_length} bytes; the maximum is {MAX_SDP}")
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise Refusal(Code.UNSUPPORTED_TYPE, f"send {content_type} as it is, without Content-Encoding")
    try:
        async with asyncio.timeout(SDP_SECONDS):
            body = await request.read()
    except TimeoutError:
        raise Refusal(Code.TOO_SLOW, f"the body didn't arrive within {SDP_SECONDS:g} s") from None
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Refusal(Code.BAD_REQUEST, f"the body is not UTF-8, at byte {error.start}") from error
    if not text.strip():
        raise Refusal(Code.BAD_REQUEST, "the body is empty")
    return text
