"""Who may publish, watch, list and operate, asked of a real server."""

import asyncio
import json
import socket
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import jwt
import pytest
import pytest_asyncio

from holistic_rtc.client import HolisticClient
from holistic_rtc.errors import ConnectionLostError, SessionUnknownError, UnauthorizedError
from tests.kit.commands import refused, running
from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Pictures, PictureTrack, Publisher, publishing
from tests.kit.serving import Server, serving
from tests.kit.streams import first

pytestmark = pytest.mark.asyncio(loop_scope="session")

JWT_SECRET = "0123456789abcdef0123456789abcdef"
TOKENS = [
    {"name": "studio", "token": "stud10", "rights": ["publish"]},
    {"name": "wall", "token": "w4ll", "rights": ["watch"]},
    {"name": "monitor", "token": "m0nitor", "rights": ["list", "operate"]},
]
ELSEWHERE = {"X-Forwarded-For": "203.0.113.9"}
"""As from another machine, by a proxy on this one"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strict() -> AsyncIterator[Server]:
    """A server with tokens of different rights, and JSON Web Tokens."""
    environment = {
        "HOLISTIC_TOKEN": "all",
        "HOLISTIC_TOKENS": json.dumps(TOKENS),
        "HOLISTIC_JWT_SECRET": JWT_SECRET,
    }
    async with serving("--max-sessions", "2", environment=environment) as server:
        yield server


async def status(http: aiohttp.ClientSession, method: str, url: str, token: str | None = None, **more: Any) -> int:
    headers = {**SDP, **({"Authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}
    async with http.request(method, url, data="v=0" if method == "POST" else None, headers=headers, **more) as response:
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
        assert (response.headers.get("WWW-Authenticate") == "Bearer") == (response.status == 401)
        return response.status


async def test_each_token_does_what_it_has_the_right_to_and_nothing_else(
    strict: Server, http: aiohttp.ClientSession
) -> None:
    # An offer or a session that isn't there is refused later than a token.
    requests = [("POST", "/whip"), ("POST", "/whep/nobody"), ("GET", "/api/sessions"), ("POST", "/api/snapshot")]
    expected = {
        None: [401, 401, 401, 401],
        "wrong": [401, 401, 401, 401],
        "all": [400, 404, 200, 415],
        "stud10": [400, 404, 403, 415],
        "w4ll": [403, 404, 403, 403],
        "m0nitor": [403, 404, 200, 403],
    }
    for token, statuses in expected.items():
        found = [await status(http, method, f"{strict.url}{path}", token) for method, path in requests]
        assert found == statuses, token


async def test_authorization_headers_that_can_not_be_read_are_401(strict: Server) -> None:
    host, port = strict.url.removeprefix("http://").split(":")
    values = [b"Bearer \xff", b"Bearer", b"Bearer ", b"\xff", b"Basic YWxs", b"all", b"Bearer " + b"a" * 4000]
    values += [b"Bearer a.b.c", b"Bearer ..", b"Bearer \xff.\xff.\xff", b"Bearer ticket.\xff.x", b"Bearer all all"]
    values += [b"Bearer " + urlsafe_b64encode(b"[" * 5000) + b".e30.AAAA"]
    for value in values:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /api/sessions HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + value + b"\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
        assert head.startswith(b"HTTP/1.1 401 "), value
        assert b"WWW-Authenticate: Bearer" in head


async def test_a_json_web_token_has_the_rights_of_its_scope(strict: Server, http: aiohttp.ClientSession) -> None:
    def token(**claims: Any) -> str:
        return jwt.encode({"exp": time.time() + 60, **claims}, JWT_SECRET, "HS256")

    url = f"{strict.url}/api/sessions"
    assert await status(http, "GET", url, token(scope="publish list")) == 200
    assert await status(http, "GET", url, token(scope="publish")) == 403
    assert await status(http, "GET", url, token(scope="list", exp=time.time() - 60)) == 401
    assert await status(http, "GET", url, jwt.encode({"scope": "list"}, JWT_SECRET, "HS256")) == 401


async def test_a_session_ends_when_the_time_of_its_token_is_over(strict: Server) -> None:
    claims = {"exp": time.time() + 600, "scope": "publish", "max_seconds": 3}
    token = jwt.encode(claims, JWT_SECRET, "HS256")
    async with HolisticClient(strict.url, token=token) as client, client.publish(Pictures(grace_hopper())) as published:
        await first(published.landmarks())
        with pytest.raises(ConnectionLostError, match="its limit of 3 s") as caught:
            await asyncio.wait_for(published.wait_ended(), 20)
        assert (caught.value.reason, caught.value.retryable) == ("time_limit", False)
    await strict.until_sessions(0)


async def test_a_private_session_is_watched_with_its_key_and_by_those_with_the_right(strict: Server) -> None:
    async with (
        HolisticClient(strict.url, token="stud10") as studio,
        HolisticClient(strict.url) as stranger,
        HolisticClient(strict.url, token="w4ll") as wall,
        HolisticClient(strict.url, token="m0nitor") as monitor,
        studio.publish(Pictures(grace_hopper())) as published,
    ):
        assert published.viewing_key
        assert published.viewing_key != published.session
        await first(stranger.landmarks(published.session, key=published.viewing_key))
        await first(wall.landmarks(published.session))
        for client, key in ((stranger, None), (stranger, "wrong"), (studio, None), (monitor, None)):
            with pytest.raises(UnauthorizedError):
                await first(client.landmarks(published.session, key=key))
        [listed] = await monitor.sessions()
        assert (listed.id, listed.public) == (published.session, False)
        with pytest.raises(SessionUnknownError):
            await first(stranger.landmarks("nobody", key=published.viewing_key))


async def test_the_pattern_of_a_token_names_the_sessions_that_it_shows(strict: Server) -> None:
    async with HolisticClient(strict.url, token="stud10") as studio, studio.publish(Pictures(grace_hopper())) as own:
        claims = {"exp": time.time() + 60, "scope": "watch list"}
        other, mine = (
            jwt.encode({**claims, "session": pattern}, JWT_SECRET, "HS256")
            for pattern in ("other*", f"{own.session[:6]}*")
        )
        async with HolisticClient(strict.url, token=other) as client:
            assert await client.sessions() == []
            with pytest.raises(UnauthorizedError):
                await first(client.landmarks(own.session))
        async with HolisticClient(strict.url, token=mine) as client:
            assert [session.id for session in await client.sessions()] == [own.session]
            await first(client.landmarks(own.session))


async def test_the_pattern_of_a_token_names_what_it_may_publish_as(strict: Server, http: aiohttp.ClientSession) -> None:
    claims = {"exp": time.time() + 60, "scope": "publish watch", "session": "stage-*"}
    token = jwt.encode(claims, JWT_SECRET, "HS256")
    async with HolisticClient(strict.url, token=token) as client:
        with pytest.raises(UnauthorizedError, match="publish as studio"):
            async with client.publish(Pictures(grace_hopper()), name="studio"):
                pass
        async with client.publish(Pictures(grace_hopper()), name="stage-1") as published:
            await first(client.landmarks("stage-1"))
            await first(client.landmarks(published.session))


async def test_a_ticket_does_no_more_than_it_was_issued_for(strict: Server, http: aiohttp.ClientSession) -> None:
    tickets = f"{strict.url}/api/tickets"

    async def issue(token: str, query: str) -> str:
        headers = {"Authorization": f"Bearer {token}"}
        async with http.post(f"{tickets}?{query}", headers=headers) as response:
            assert response.status == 201
            assert response.headers["Cache-Control"] == "no-store"
            return str((await response.json())["ticket"])

    ticket = await issue("all", "rights=list&seconds=60")
    sessions = f"{strict.url}/api/sessions"
    assert await status(http, "GET", f"{sessions}?ticket={ticket}") == 200
    assert await status(http, "GET", sessions, ticket) == 200
    assert await status(http, "POST", f"{strict.url}/whip?ticket={ticket}") == 403
    assert await status(http, "POST", f"{tickets}?rights=publish&ticket={ticket}") == 403
    assert await status(http, "GET", f"{sessions}?ticket={ticket}x") == 401
    assert await status(http, "GET", f"{sessions}?ticket=all") == 401, "a token isn't for URLs"
    assert await status(http, "POST", f"{tickets}?rights=publish", "w4ll") == 403
    assert await status(http, "POST", f"{tickets}?rights=publish") == 401
    for query in ("rights=dance", "seconds=0", "seconds=43201", "seconds=x", "session=*", "color=red"):
        assert await status(http, "POST", f"{tickets}?{query}", "all") == 400
    short = await issue("all", "seconds=1")
    async with asyncio.timeout(10):
        while await status(http, "GET", f"{sessions}?ticket={short}") == 200:  # noqa: ASYNC110 - until it expires
            await asyncio.sleep(0.1)
    assert await status(http, "GET", f"{sessions}?ticket={short}") == 401


async def test_from_elsewhere_a_server_without_tokens_shows_public_sessions_only(
    server: Server, http: aiohttp.ClientSession
) -> None:
    track = PictureTrack(grace_hopper())
    async with (
        publishing(server.url, [track], direction="sendonly") as private,
        aiohttp.ClientSession() as other,
        Publisher(server.url, other) as public,
    ):
        public.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendonly")
        await public.negotiate("/whip?public=true")

        async def listed(**headers: str) -> set[str]:
            async with http.get(f"{server.url}/api/sessions", headers=headers) as response:
                assert response.status == 200
                return {session["id"] for session in (await response.json())["sessions"]}

        assert {private.session, public.session} <= await listed()
        assert await listed(**ELSEWHERE) == {public.session}
        assert await listed(Origin="https://other.example") == {public.session}
        watch = f"{server.url}/whep/{private.session}"
        assert await status(http, "POST", watch, headers=ELSEWHERE) == 403
        assert await status(http, "POST", f"{watch}?key=wrong", headers=ELSEWHERE) == 403
        # What is no offer is refused after the key.
        assert await status(http, "POST", f"{watch}?key={private.viewing_key}", headers=ELSEWHERE) == 400
        assert await status(http, "POST", f"{server.url}/whep/{public.session}", headers=ELSEWHERE) == 400
        assert await status(http, "POST", watch) == 400
        ice = f"{server.url}/api/ice-servers?session={private.session}&key={private.viewing_key}"
        assert await status(http, "GET", ice, headers=ELSEWHERE) == 200
        assert await status(http, "POST", f"{server.url}/whip", headers=ELSEWHERE) == 400
        assert await status(http, "POST", f"{server.url}/whip?public=perhaps") == 400


async def test_names_of_others_and_pages_of_others_are_refused_before_the_body_comes(
    server: Server, http: aiohttp.ClientSession
) -> None:
    own = server.url.removeprefix("http://")
    evil = {"Host": f"rebound.example:{own.split(':')[1]}"}
    for method, path in (("GET", "/"), ("GET", "/api/sessions"), ("POST", "/whip"), ("GET", "/healthz")):
        assert await status(http, method, f"{server.url}{path}", headers=evil) == 421
    async with http.get(server.url, headers={**evil, "Accept": "text/html", "Accept-Language": "zh-CN"}) as response:
        assert (response.status, response.content_type) == (421, "text/html")
        assert "HOLISTIC_HOSTS" in await response.text()
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Vary"] == "Accept, Accept-Language"
    host, port = own.split(":")
    for headers, expected in (
        (b"Origin: https://evil.example\r\nHost: localhost", b"403"),
        (b"Host: evil.example", b"421"),
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        # None of the body is sent.
        writer.write(b"POST /api/snapshot HTTP/1.1\r\n" + headers + b"\r\nContent-Length: 5000000\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == expected
        writer.close()
        await writer.wait_closed()
    session = "/whip/a/b"
    for method in ("PATCH", "DELETE"):
        assert await status(http, method, f"{server.url}{session}", headers={"Origin": "null"}) == 403
        assert await status(http, method, f"{server.url}{session}", headers={"Origin": server.url}) == 404


async def test_a_server_that_serves_a_network_takes_its_names_and_one_with_a_token_any(
    http: aiohttp.ClientSession,
) -> None:
    async with serving(
        "--host", "0.0.0.0", environment={"HOLISTIC_HOSTS": '["rtc.example.org"]'}, warm=False
    ) as server:
        url = f"http://127.0.0.1:{server.url.rsplit(':', 1)[1]}/api/sessions"
        names = {"mybox:8080": 200, "mybox.lan": 200, "rtc.example.org": 200, "192.168.1.20:8080": 200}
        for name, expected in {**names, socket.gethostname(): 200, "evil.example": 421}.items():
            assert await status(http, "GET", url, headers={"Host": name}) == expected
    async with serving("--token", "s3cret", warm=False) as server:
        assert await status(http, "GET", f"{server.url}/api/sessions", headers={"Host": "evil.example"}) == 401


async def test_the_commands_watch_a_private_session_with_its_key(
    strict: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    async with HolisticClient(strict.url, token="stud10") as studio, studio.publish(Pictures(grace_hopper())) as own:
        arguments = ("watch", "--url", strict.url, "--session", own.session, "--json", "-")
        assert "needs a token" in await refused(capsys, *arguments)
        assert "key is wrong" in await refused(capsys, *arguments, "--key", "wrong")
        async with running(*arguments, "--key", own.viewing_key) as process:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                assert b'"seq"' in await process.stdout.readline()
            await own.close()
            await process.communicate()
            assert process.returncode == 0
