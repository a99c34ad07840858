"""Turns refusals and errors into problem details (RFC 9457)."""

import html
import logging
import re
from collections.abc import Mapping

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from holistic_rtc.errors import Code, Refusal

logger = logging.getLogger(__name__)

_STYLE = "body{font:16px/1.5 system-ui;max-width:42rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"

PAGE = "/problems"
"""The page that explains each code; docs/problems.md has the same text"""

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

EXPLANATIONS: Mapping[Code, str] = {
    Code.BAD_REQUEST: "The request has a parameter or a body that can't be read. `detail` names it.",
    Code.BAD_OFFER: "The offer isn't SDP, or lacks what a connection needs. `detail` names the line.",
    Code.BAD_CANDIDATES: "A candidate or an ICE credential can't be read.",
    Code.DAMAGED_PICTURE: "The picture is cut off or damaged. Send it again, or save it anew.",
    Code.UNAUTHORIZED: "The server asks for a token. "
    "Send it as `Authorization: Bearer TOKEN`; ask its administrator for it.",
    Code.NOT_FOUND: "There is nothing at this address.",
    Code.UNKNOWN_SESSION: "There is no such session. It may have ended; `GET /api/sessions` lists those that run.",
    Code.UNKNOWN_SUBSCRIBER: "There is no such subscriber. It may have ended; subscribe again.",
    Code.METHOD_NOT_ALLOWED: "The address takes other methods. `Allow` lists them.",
    Code.NOT_ACCEPTABLE: "The `Accept` header takes none of the formats that the answer can have.",
    Code.TOO_SLOW: "The body did not come in time. Send it faster, or a smaller one.",
    Code.OUTDATED: "`If-Match` has the ETag of another ICE session.",
    Code.TOO_LARGE: "The body or the picture is larger than the server takes. `detail` has the limit.",
    Code.UNSUPPORTED_TYPE: "The body has another `Content-Type` or `Content-Encoding` than the server takes.",
    Code.UNKNOWN_PICTURE: "This is no picture of a format that the server reads.",
    Code.UNUSABLE_OFFER: "The offer can be read, but has nothing that the server can send or receive. "
    "`detail` says what was offered and what to offer.",
    Code.ICE_RESTART: "ICE restarts aren't supported. End the session and start another.",
    Code.INTERNAL: "The server failed. Its log says why; please report it.",
    Code.SNAPSHOT_FAILED: "The process that tracked the picture crashed. "
    "The server goes on; other pictures are not affected.",
    Code.SERVER_FULL: "All places for sessions are taken. Try again after `Retry-After`, or another server.",
    Code.SESSION_FULL: "The session has as many subscribers as it can have.",
    Code.SNAPSHOTS_FULL: "As many pictures as the server takes at a time are on their way. "
    "Try again after `Retry-After`.",
    Code.NO_FREE_PORT: "The server has no UDP port left. "
    "`holistic-rtc doctor` tells its administrator how many it needs.",
    Code.SHUTTING_DOWN: "The server is about to stop and takes no new sessions.",
    Code.NOT_READY: "No process is warm yet, as after a start. Try again after `Retry-After`.",
    Code.BUSY: "The session's process takes too long to answer. Try again after `Retry-After`.",
    Code.PROCESS_ENDED: "The process ended meanwhile. Try again.",
    Code.SNAPSHOT_TIMEOUT: "The picture took too long to track. Send a smaller one.",
}
"""What each code means and what to do, for people"""


def problem(refusal: Refusal, headers: Mapping[str, str] | None = None) -> web.Response:
    code, status = refusal.code, STATUS[refusal.code]
    body = {
        "type": f"{PAGE}#{code}",
        "title": _title(code),
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
        return problem(Refusal(Code.TOO_LARGE, f"a request body can have up to {request.client_max_size} bytes"))
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
    """The error's own reason, if it isn't HTTP's default."""
    return "" if error.reason == "Not Found" else error.reason


def _title(code: Code) -> str:
    return code.replace("_", " ").capitalize()


def _with_code(words: str) -> str:
    """As HTML, with what is in backticks as code."""
    return re.sub("`(.*?)`", r"<code>\1</code>", html.escape(words))


async def get_problems(request: web.Request) -> web.Response:
    """The page that the `type` of a problem refers to."""
    paragraphs = "".join(
        f'<h2 id="{code}">{_title(code)}</h2><p>{_with_code(words)}</p>' for code, words in EXPLANATIONS.items()
    )
    document = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Problems</title><style>{_STYLE}</style><h1>Problems</h1>{paragraphs}</html>"
    )
    return web.Response(text=document, content_type="text/html")


routes = [web.get(PAGE, get_problems)]
