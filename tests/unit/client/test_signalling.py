"""What the client makes of servers that are none, and of refusals without words."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from holistic_rtc.client import HolisticClient
from holistic_rtc.client.signalling import Resource
from holistic_rtc.errors import (
    ConnectionFailedError,
    NotLiveError,
    RefusedError,
    ServerFullError,
    ServerUnreachableError,
    SessionUnknownError,
    UnauthorizedError,
)


class Fake:
    """Gives one answer to every request but those whose method has one of its own."""

    def __init__(self) -> None:
        self.status = 200
        self.text = ""
        self.headers = {"Content-Type": "text/html"}
        self.answers: dict[str, web.Response] = {}
        self.requests: list[web.Request] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        return self.answers.get(request.method) or web.Response(
            status=self.status, text=self.text, headers=self.headers
        )


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest_asyncio.fixture
async def client(fake: Fake) -> AsyncIterator[HolisticClient]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.handle)
    async with TestServer(app) as server, HolisticClient(f"{server.make_url('/below')}/", token="secret") as client:
        yield client


@pytest.mark.parametrize(
    "text", ["<h1>It works!</h1>", "[]", "{}", '{"sessions": [{}]}', '{"sessions": [{"id": 1, "started": "today"}]}']
)
async def test_an_answer_of_another_server_is_told_of(fake: Fake, client: HolisticClient, text: str) -> None:
    fake.text = text
    with pytest.raises(ServerUnreachableError, match="isn't a holistic-rtc server"):
        await client.sessions()


async def test_the_token_and_the_path_of_the_address_are_kept(fake: Fake, client: HolisticClient) -> None:
    fake.text = '{"sessions": []}'
    assert await client.sessions() == []
    [request] = fake.requests
    assert request.path == "/below/api/sessions"
    assert request.headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("text", ["", "<h1>Bad</h1>", "{", "[]", '{"title": "Bad"}'])
async def test_a_refusal_without_words_tells_its_status(fake: Fake, client: HolisticClient, text: str) -> None:
    fake.status, fake.text, fake.headers = 502, text, {"Content-Type": "application/problem+json"}
    with pytest.raises(RefusedError, match="answered 502 Bad Gateway") as raised:
        await client.sessions()
    assert raised.value.status == 502


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("", None)])
async def test_a_full_server_may_say_when_to_come_back(
    fake: Fake, client: HolisticClient, header: str, seconds: float | None
) -> None:
    fake.status, fake.headers = 503, {"Retry-After": header}
    with pytest.raises(ServerFullError) as raised:
        await client.sessions()
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize(
    ("status", "code", "kind", "retryable"),
    [
        (503, "server_full", ServerFullError, True),
        (503, "session_full", ServerFullError, True),
        (429, "address_full", ServerFullError, True),
        (429, "too_many_requests", ServerFullError, True),
        (429, None, ServerFullError, True),
        (503, "no_free_port", RefusedError, True),
        (504, "snapshot_timeout", RefusedError, False),
        (404, "not_live", NotLiveError, True),
        (502, None, RefusedError, True),
        (504, None, RefusedError, True),
        (401, "unauthorized", UnauthorizedError, False),
        (404, "unknown_session", SessionUnknownError, False),
        (404, "not_found", RefusedError, False),
        (422, "of a newer server", RefusedError, False),
    ],
)
async def test_refusals_are_told_apart_by_their_code(
    fake: Fake, client: HolisticClient, status: int, code: str | None, kind: type[RefusedError], retryable: bool
) -> None:
    fake.status, fake.headers = status, {"Content-Type": "application/problem+json"}
    fake.text = json.dumps({"detail": "the server's words", "code": code})
    with pytest.raises(RefusedError, match="the server's words") as raised:
        await client.sessions()
    assert type(raised.value) is kind
    assert (raised.value.code, raised.value.retryable) == (code, retryable)


async def test_a_server_that_makes_nothing_of_an_offer_is_told_of(fake: Fake, client: HolisticClient) -> None:
    fake.text = '{"iceServers": []}'
    with pytest.raises(ServerUnreachableError, match="doesn't speak WHIP"):
        async with client.subscribe("public"):
            pass


async def test_an_answer_that_can_not_be_used_is_told_of_and_its_session_deleted(
    fake: Fake, client: HolisticClient
) -> None:
    fake.text = '{"iceServers": []}'

    fake.answers["POST"] = web.Response(status=201, text="v=0", headers={"Location": "/whip/public/key"})
    with pytest.raises(ConnectionFailedError, match="answer"):
        async with client.subscribe("public", video=True):
            pass
    assert (fake.requests[-1].method, fake.requests[-1].path) == ("DELETE", "/whip/public/key")
    assert "Authorization" not in fake.requests[-1].headers


def test_the_session_is_the_last_part_but_one_of_its_address() -> None:
    assert Resource(URL("http://localhost/whip/public/secret"), "").session == "public"
