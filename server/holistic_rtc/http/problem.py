"""Refusals and errors as problem details (RFC 9457)."""

import logging
from collections.abc import Mapping

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from holistic_rtc.errors import Code, Refusal

logger = logging.getLogger(__name__)

PAGE = "/problems"
"""Where each code has its paragraph, by its name; docs/problems.md has the same."""

STATUS: Mapping[Code, int] = {
    Code.BAD_REQUEST: 400,
    Code.BAD_OFFER: 400,
    Code.BAD_CANDIDATES: 400,
    Code.DAMAGED_PICTURE: 400,
    Code.UNAUTHORIZED: 401,
    Code.NOT_FOUND: 404,
    Code.UNKNOWN_SESSION: 404,
    Code.UNKNOWN_SUBSCRIBER: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.NOT_ACCEPTABLE: 406,
    Code.TOO_SLOW: 408,
    Code.OUTDATED: 412,
    Code.TOO_LARGE: 413,
    Code.UNSUPPORTED_TYPE: 415,
    Code.UNKNOWN_PICTURE: 415,
    Code.UNUSABLE_OFFER: 422,
    Code.ICE_RESTART: 422,
    Code.INTERNAL: 500,
    Code.SNAPSHOT_FAILED: 500,
    Code.SERVER_FULL: 503,
    Code.SESSION_FULL: 503,
    Code.SNAPSHOTS_FULL: 503,
    Code.NO_FREE_PORT: 503,
    Code.SHUTTING_DOWN: 503,
    Code.NOT_READY: 503,
    Code.BUSY: 503,
    Code.PROCESS_ENDED: 503,
    Code.SNAPSHOT_TIMEOUT: 504,
}


def problem(refusal: Refusal, headers: Mapping[str, str] | None = None) -> web.Response:
    code, status = refusal.code, STATUS[refusal.code]
    body = {
        "type": f"{PAGE}#{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": refusal.detail,
        "code": code,
    }
    response = web.Response(
        status=status, body=orjson.dumps(body), content_type="application/problem+json", headers=headers
    )
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@web.middleware
async def problem_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        return problem(refusal)
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        words = f"{error.method} is not allowed here; use {allowed}"
        return problem(Refusal(Code.METHOD_NOT_ALLOWED, words), {"Allow": allowed})
    except web.HTTPRequestEntityTooLarge:
        return problem(Refusal(Code.TOO_LARGE, f"the request body may have {request.client_max_size} bytes at most"))
    except web.HTTPNotFound as error:
        return problem(Refusal(Code.NOT_FOUND, _words(error) or "there is nothing at this address"))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem(Refusal(Code.BAD_REQUEST, error.reason))
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return problem(Refusal(Code.INTERNAL, "the server failed; its log says why"))


def _words(error: web.HTTPException) -> str:
    """Those that were given to it, instead of HTTP's own."""
    return "" if error.reason == "Not Found" else error.reason
