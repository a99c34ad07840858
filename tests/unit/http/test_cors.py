"""Cross-origin requests."""

import pytest
from aiohttp import hdrs, web
from aiohttp.test_utils import make_mocked_request

from holistic_rtc.http.cors import cors_middleware

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
