"""Errors as problem details (RFC 9457)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from holistic_rtc.errors import SignallingError

logger = logging.getLogger(__name__)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/problem+json", headers=headers
    )


@web.middleware
async def problem_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except SignallingError as error:
        headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return problem(error.status, error.detail, headers)
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        return problem(405, f"{error.method} is not allowed here; use {allowed}", {"Allow": allowed})
    except web.HTTPRequestEntityTooLarge:
        return problem(413, f"the request body may have {request.client_max_size} bytes at most")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return problem(error.status, "there is nothing at this address" if error.status == 404 else error.reason)
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return problem(500, "the server failed; its log says why")
