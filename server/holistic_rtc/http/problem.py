"""Turns refusals and errors into problem details (RFC 9457), or for people, into a page."""

import errno
import html
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http import problem_page
from holistic_rtc.http.auth import open_to_all
from holistic_rtc.http.keys import LISTENER, REGISTRY, SETTINGS
from holistic_rtc.http.quota import client_of
from holistic_rtc.log.writer import trace_id
from holistic_rtc.sessions.events import Refused

logger = logging.getLogger(__name__)

_STYLE = "body{font:16px/1.5 system-ui;max-width:42rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"

PAGE = "/problems"
"""The page that explains each code; docs/problems.md has the same text"""


_BEFORE_KEY = re.compile("(/wh[ie]p/[^/]*/|/api/jobs/).*")


@dataclass(frozen=True, slots=True)
class Problem:
    """
    How HTTP presents a code.

    :param explanation: what it means and what to do, for people.
    :param of_snapshots: whether ``POST /api/snapshot`` may respond with it.
    """

    status: int
    explanation: str
    of_snapshots: bool = False


PROBLEMS: Mapping[Code, Problem] = {
    Code.BAD_REQUEST: Problem(
        400, "A parameter or the body of the request can't be read. `detail` says which.", of_snapshots=True
    ),
    Code.BAD_OFFER: Problem(400, "The offer isn't SDP, or lacks what a connection needs. `detail` names the line."),
    Code.BAD_CANDIDATES: Problem(400, "A fragment or an ICE credential can't be read, or it has too many candidates."),
    Code.DAMAGED_PICTURE: Problem(
        400, "The picture is truncated or damaged. Send it again, or save a new copy and send that.", of_snapshots=True
    ),
    Code.UNAUTHORIZED: Problem(
        401,
        "The token is missing, wrong or expired. Ask the server's administrator for one, and send it as "
        "`Authorization: Bearer TOKEN`.",
        of_snapshots=True,
    ),
    Code.FORBIDDEN: Problem(
        403, "The token is valid, but doesn't have the right to do this. `detail` names the right.", of_snapshots=True
    ),
    Code.PRIVATE_SESSION: Problem(
        403,
        "The session can be watched only with its viewing key, or with a token that has the right to watch. "
        "Its publisher has the key, and can share a link that contains it.",
    ),
    Code.FOREIGN_ORIGIN: Problem(
        403,
        "Pages of this origin may not use the server. Its administrator can allow them with `HOLISTIC_CORS_ORIGINS`.",
        of_snapshots=True,
    ),
    Code.NOT_FOUND: Problem(404, "There is nothing at this address."),
    Code.UNKNOWN_SESSION: Problem(
        404, "There is no such session. It may have ended; `GET /api/sessions` lists the running ones."
    ),
    Code.NOT_LIVE: Problem(
        404,
        "Nobody is publishing under this name at the moment. To wait for a publisher, use "
        "`GET /api/sessions/{name}?wait=20`, or retry after the seconds in `Retry-After`.",
    ),
    Code.UNKNOWN_JOB: Problem(404, "There is no such job. It has expired or was deleted, or the server was restarted."),
    Code.JOBS_OFF: Problem(
        404, "This server tracks no files. Its administrator can change that: `HOLISTIC_JOB_WORKERS`."
    ),
    Code.UNKNOWN_SUBSCRIBER: Problem(404, "There is no such subscriber. It may have ended; subscribe again."),
    Code.METHOD_NOT_ALLOWED: Problem(405, "The address doesn't support this method. `Allow` lists those it supports."),
    Code.NOT_ACCEPTABLE: Problem(
        406,
        "The response isn't available in any of the formats in the `Accept` header. `detail` lists its formats.",
        of_snapshots=True,
    ),
    Code.TOO_SLOW: Problem(
        408, "The body didn't arrive in time. Send it faster, or send a smaller one.", of_snapshots=True
    ),
    Code.NAME_TAKEN: Problem(
        409,
        "Somebody else is publishing under this name. Choose another one. To be able to take over your own name, for "
        "example after a lost connection, send the same key each time: `POST /whip/{name}?key={secret}`.",
    ),
    Code.JOB_UNFINISHED: Problem(
        409,
        "The job has no results yet. Wait until its `state` is `done`, or retry after the seconds in `Retry-After`.",
    ),
    Code.OUTDATED: Problem(412, "The ETag in `If-Match` isn't that of the current ICE session."),
    Code.TOO_LARGE: Problem(413, "The body or the picture is too large. `detail` has the limit.", of_snapshots=True),
    Code.UNSUPPORTED_TYPE: Problem(
        415, "The server doesn't support the body's `Content-Type` or `Content-Encoding`.", of_snapshots=True
    ),
    Code.UNKNOWN_PICTURE: Problem(415, "The server doesn't support this picture's format.", of_snapshots=True),
    Code.UNKNOWN_HOST: Problem(
        421,
        "The request is for a name that the server doesn't know as its own, as in an attack by DNS rebinding. "
        "If the name is right, its administrator can add it to `HOLISTIC_HOSTS`.",
        of_snapshots=True,
    ),
    Code.UNUSABLE_OFFER: Problem(
        422,
        "The offer can be read, but has nothing that the server can send or receive. "
        "`detail` says what was offered and what to offer.",
    ),
    Code.BAD_FILE: Problem(422, "The file has no picture or video that can be read, or its outputs can't be written."),
    Code.TOO_MANY_REQUESTS: Problem(
        429, "Your address sends too many requests. Retry after the seconds in `Retry-After`.", of_snapshots=True
    ),
    Code.ADDRESS_FULL: Problem(
        429,
        "Your address already uses its share of the server's places. End a session, or retry after the seconds in "
        "`Retry-After`. People behind the same router have the same address.",
        of_snapshots=True,
    ),
    Code.INTERNAL: Problem(500, "The server failed. Its log says why; please report the bug.", of_snapshots=True),
    Code.SNAPSHOT_FAILED: Problem(
        500,
        "The worker that tracked the picture crashed. Other pictures aren't affected.",
        of_snapshots=True,
    ),
    Code.JOB_FAILED: Problem(
        500, "The worker that tracked the file failed, in both attempts. Other files aren't affected."
    ),
    Code.SERVER_FULL: Problem(
        503, "All places of the server are taken. Retry after the seconds in `Retry-After`, or use another server."
    ),
    Code.SESSION_FULL: Problem(503, "The session has its maximum number of subscribers."),
    Code.SNAPSHOTS_FULL: Problem(
        503,
        "The server is processing its maximum number of pictures. Retry after the seconds in `Retry-After`.",
        of_snapshots=True,
    ),
    Code.JOBS_FULL: Problem(
        503,
        "The server has its maximum number of jobs, or no room on its disk. Retry after the seconds in `Retry-After`.",
    ),
    Code.NO_FREE_PORT: Problem(
        503, "The server has no free UDP port. `holistic-rtc doctor` tells its administrator how many it needs."
    ),
    Code.SHUTTING_DOWN: Problem(503, "The server is shutting down and accepts no new requests.", of_snapshots=True),
    Code.NOT_READY: Problem(
        503,
        "No worker is ready yet, or another request to publish under the same name is being answered. "
        "Retry after the seconds in `Retry-After`.",
        of_snapshots=True,
    ),
    Code.KEYS_UNAVAILABLE: Problem(
        503,
        "The server can't fetch the issuer's keys for JSON Web Tokens. Its log says why. "
        "Retry after the seconds in `Retry-After`.",
        of_snapshots=True,
    ),
    Code.BUSY: Problem(
        503, "The session's worker takes too long to respond. Retry after the seconds in `Retry-After`."
    ),
    Code.PROCESS_ENDED: Problem(503, "The worker exited during the request. Retry."),
    Code.JOB_TIMEOUT: Problem(504, "Tracking the file took too long. Send a shorter one."),
    Code.SNAPSHOT_TIMEOUT: Problem(504, "Tracking the picture took too long. Send a smaller one.", of_snapshots=True),
}


def problem(refusal: Refusal, headers: Mapping[str, str] | None = None, root_path: str = "") -> web.Response:
    code, status = refusal.code, PROBLEMS[refusal.code].status
    body = {
        "type": f"{root_path}{PAGE}#{code}",
        "title": _title(code),
        "status": status,
        "detail": refusal.detail,
        "code": code,
    }
    response = web.Response(status=status, body=orjson.dumps(body), content_type="application/problem+json")
    return _with_headers(response, refusal, headers)


def _with_headers(response: web.Response, refusal: Refusal, headers: Mapping[str, str] | None) -> web.Response:
    response.headers.update(headers or {})
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    if response.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@web.middleware
async def problem_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    headers = None
    try:
        return await handler(request)
    except Refusal as error:
        refusal = error
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        refusal = Refusal(
            Code.METHOD_NOT_ALLOWED, f"{error.method} is not allowed here; use {allowed}{_advice(request)}"
        )
        headers = {"Allow": allowed}
    except web.HTTPRequestEntityTooLarge:
        refusal = Refusal(Code.TOO_LARGE, f"a request body can have up to {request.client_max_size} bytes")
    except web.HTTPNotFound as error:
        refusal = Refusal(Code.NOT_FOUND, _words(error) or f"there is nothing at this address{_advice(request)}")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        refusal = Refusal(Code.BAD_REQUEST, error.reason)
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            refusal = Refusal(Code.NOT_FOUND, "there is nothing at this address")
        else:
            logger.exception("%s %s failed", request.method, request.path)
            refusal = Refusal(Code.INTERNAL, "the server failed; its log says why")
    request.app[LISTENER](_refused(request, refusal))
    return _respond(request, refusal, headers)


def _respond(request: web.Request, refusal: Refusal, headers: Mapping[str, str] | None) -> web.Response:
    """A page for a person's browser, and problem details for everyone else."""
    root_path = request.app[SETTINGS].root_path
    if problem_page.is_wanted(request):
        status = PROBLEMS[refusal.code].status
        page = problem_page.render(refusal, status, problem_page.language_of(request), root_path)
        response = _with_headers(page, refusal, headers)
    else:
        response = problem(refusal, headers, root_path)
    if request.method in ("GET", "HEAD"):
        response.headers[hdrs.VARY] = f"{hdrs.ACCEPT}, {hdrs.ACCEPT_LANGUAGE}"
    return response


def _advice(request: web.Request) -> str:
    """For offers that go to an address as other servers have it."""
    for start, words in (("/whip", "publish to /whip or /whip/NAME"), ("/whep", "subscribe to /whep/SESSION")):
        if request.method == "POST" and request.path.startswith(start):
            return f"; {words}"
    return ""


def _refused(request: web.Request, refusal: Refusal) -> Refused:
    session = request.match_info.get("session")
    return Refused(
        code=refusal.code,
        detail=refusal.detail,
        address=client_of(request).address,
        method=request.method,
        path=without_key(request.path),
        # Anyone can ask for sessions that don't exist.
        session=session if session in request.app[REGISTRY].sessions else None,
        trace_id=trace_id.get(),
    )


def without_key(path: str) -> str:
    """The path without the key, which would be enough to use the resource."""
    return _BEFORE_KEY.sub(r"\1...", path)


def _words(error: web.HTTPException) -> str:
    """The error's own reason, if it isn't HTTP's default."""
    return "" if error.reason == "Not Found" else error.reason


def _title(code: Code) -> str:
    return code.replace("_", " ").capitalize()


def _with_code(words: str) -> str:
    """Convert to HTML, with text in backticks as code."""
    return re.sub("`(.*?)`", r"<code>\1</code>", html.escape(words))


@open_to_all
async def get_problems(request: web.Request) -> web.Response:
    """The page that the `type` of a problem refers to."""
    paragraphs = "".join(
        f'<h2 id="{code}">{_title(code)}</h2><p>{_with_code(problem.explanation)}</p>'
        for code, problem in PROBLEMS.items()
    )
    document = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Problems</title><style>{_STYLE}</style><h1>Problems</h1>{paragraphs}</html>"
    )
    return web.Response(text=document, content_type="text/html")


routes = [web.get(PAGE, get_problems)]
