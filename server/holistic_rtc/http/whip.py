"""WebRTC-HTTP ingestion protocol (RFC 9725)."""

from aiohttp import web

from ..errors import SignallingError
from ..sessions.registry import Session
from .ice import ice_links
from .keys import REGISTRY, SETTINGS

MAX_SDP = 64 * 1024
"""Bytes; a browser's offer has 3 to 10 KB."""

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


async def post_offer(request: web.Request) -> web.Response:
    offer = await _read(request, SDP)
    session = await request.app[REGISTRY].create(offer)
    response = web.Response(status=201, text=session.answer, content_type=SDP)
    response.headers["Location"] = f"/whip/{session.id}"
    response.headers["ETag"] = f'"{session.etag}"'
    for link in ice_links(request.app[SETTINGS].ice_servers):
        response.headers.add("Link", link)
    return response


async def patch_candidates(request: web.Request) -> web.Response:
    session = _session(request)
    if_match = request.headers.get("If-Match", "*")
    if if_match not in ("*", f'"{session.etag}"'):
        raise SignallingError(412, "the ETag in If-Match is not that of this session")
    await session.process.request("candidates", fragment=await _read(request, FRAGMENT))
    return web.Response(status=204, headers={"ETag": f'"{session.etag}"'})


async def delete_session(request: web.Request) -> web.Response:
    request.app[REGISTRY].end(_session(request), "deleted", "the peer ended the session")
    return web.Response(status=200)


async def options(request: web.Request) -> web.Response:
    headers = {"Accept-Post": SDP}
    for link in ice_links(request.app[SETTINGS].ice_servers):
        headers["Link"] = f"{headers['Link']}, {link}" if "Link" in headers else link
    return web.Response(status=204, headers=headers)


async def options_session(request: web.Request) -> web.Response:
    return web.Response(status=204, headers={"Accept-Patch": FRAGMENT})


def _session(request: web.Request) -> Session:
    return request.app[REGISTRY].get(request.match_info["session"])


async def _read(request: web.Request, content_type: str) -> str:
    """
    :raises SignallingError: 415, 413 or 400.
    """
    if request.content_type != content_type:
        raise SignallingError(415, f"send {content_type}, not {request.content_type}")
    if request.content_length is not None and request.content_length > MAX_SDP:
        raise SignallingError(413, f"the body has {request.content_length} bytes; at most {MAX_SDP} are taken")
    body = await request.read()
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise SignallingError(400, f"the body is not UTF-8: {error}") from error
    if not text.strip():
        raise SignallingError(400, "the body is empty")
    return text


routes = [
    web.post("/whip", post_offer),
    web.options("/whip", options),
    web.patch("/whip/{session}", patch_candidates),
    web.delete("/whip/{session}", delete_session),
    web.options("/whip/{session}", options_session),
]
