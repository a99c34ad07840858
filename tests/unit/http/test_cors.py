"""Cross-origin requests."""

import pytest
from aiohttp import hdrs, web
from aiohttp.test_utils import make_mocked_request

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.cors import cors_middleware, origin_middleware

ORIGIN = "https://rig.example"


@pytest.mark.parametrize(
    ("origins", "before", "after"),
    [
        ([ORIGIN], None, "Origin"),
        ([ORIGIN], "Accept", "Accept, Origin"),
        (["*"], "Accept", "Accept, Origin"),
        ([], "Accept", "Accept"),
        ([], None, None),
    ],
)
async def test_the_origin_joins_what_a_response_already_varies_with(
    origins: list[str], before: str | None, after: str | None
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(headers={hdrs.VARY: before} if before else {})

    request = make_mocked_request("GET", "/api/snapshot", headers={hdrs.ORIGIN: ORIGIN})
    response = await cors_middleware(origins)(request, handler)
    assert response.headers.get(hdrs.VARY) == after


async def test_pages_of_other_sites_may_continue_their_trace() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    request = make_mocked_request("OPTIONS", "/whip", headers={hdrs.ORIGIN: ORIGIN})
    response = await cors_middleware([ORIGIN])(request, handler)
    assert "traceparent" in response.headers["Access-Control-Allow-Headers"].split(", ")


@pytest.mark.parametrize(
    ("origin", "host", "origins"),
    [
        (None, "127.0.0.1:8080", []),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", []),
        ("https://rtc.example.org", "RTC.example.org", []),
        ("https://rtc.example.org", "rtc.example.org:443", []),
        ("http://[::1]:8080", "[::1]:8080", []),
        (ORIGIN, "127.0.0.1:8080", [ORIGIN]),
        (ORIGIN, "127.0.0.1:8080", ["*"]),
    ],
)
async def test_pages_of_the_server_and_of_configured_origins_may_post(
    origin: str | None, host: str, origins: list[str]
) -> None:
    assert (await posted(origin, host, origins)).status == 200


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (ORIGIN, "127.0.0.1:8080"),
        ("null", "127.0.0.1:8080"),
        ("http://127.0.0.1:3000", "127.0.0.1:8080"),
        ("http://127.0.0.1", "127.0.0.1:8080"),
        ("http://localhost:8080", "127.0.0.1:8080"),
        ("file://127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://rtc.example.org.evil.example", "rtc.example.org"),
        ("", "127.0.0.1:8080"),
    ],
)
async def test_pages_of_other_origins_may_not_post(origin: str, host: str) -> None:
    with pytest.raises(Refusal, match="HOLISTIC_CORS_ORIGINS") as refused:
        await posted(origin, host, [ORIGIN + ".example"])
    assert refused.value.code is Code.FOREIGN_ORIGIN


async def test_a_preflight_request_and_a_get_are_answered_whatever_the_origin() -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert (await posted(ORIGIN, "127.0.0.1:8080", [], method)).status == 200


async def posted(origin: str | None, host: str, origins: list[str], method: str = "POST") -> web.StreamResponse:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response()

    headers = {hdrs.HOST: host, **({hdrs.ORIGIN: origin} if origin is not None else {})}
    return await origin_middleware(origins)(make_mocked_request(method, "/whip", headers=headers), handler)
