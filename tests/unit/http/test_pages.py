"""The addresses of the built pages."""

import asyncio
import socket
from pathlib import Path
from unittest.mock import Mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from holistic_rtc.http import pages
from holistic_rtc.http.keys import SETTINGS
from holistic_rtc.settings import load_settings


async def find(path: str, root_path: str = "") -> web.StreamResponse:
    app = web.Application()
    app[SETTINGS] = load_settings(root_path=root_path)
    app.add_routes(pages.routes())
    request = make_mocked_request("GET", path, app=app)
    return await (await app.router.resolve(request)).handler(request)


async def test_each_page_that_was_built_is_at_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "STATIC", tmp_path)
    for name in ("index", "view", "avatar", "new"):
        (tmp_path / f"{name}.html").touch()
    for path, name in (
        ("/", "index"),
        ("/view", "view"),
        ("/view/abc", "view"),
        ("/avatar", "avatar"),
        ("/new", "new"),
    ):
        response = await find(path)
        assert isinstance(response, web.FileResponse)
        assert response._path == tmp_path / f"{name}.html"
        policy = response.headers["Content-Security-Policy"]
        assert ("connect-src 'self' blob:" in policy) == (name == "avatar")
    with pytest.raises(web.HTTPNotFound):
        await find("/index")


async def test_a_page_below_a_path_leads_to_what_is_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "STATIC", tmp_path)
    (tmp_path / "index.html").write_text(f"<html>{pages.BASE}")
    response = await find("/", "/some/path/")
    assert isinstance(response, web.Response)
    assert response.text == '<html><base href="/some/path/" />'
    assert "base-uri 'self'" in response.headers["Content-Security-Policy"]


async def test_a_page_that_is_not_built_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "STATIC", tmp_path / "missing")
    with pytest.raises(web.HTTPNotFound, match="make setup"):
        await find("/")


@pytest.mark.parametrize(
    ("peer", "headers", "host", "told"),
    [
        ("127.0.0.1", {}, "0.0.0.0", True),
        ("127.0.0.1", {}, "127.0.0.1", False),
        ("192.168.1.9", {}, "0.0.0.0", False),
        ("127.0.0.1", {"Host": "192.168.1.5:8080"}, "0.0.0.0", False),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.5"}, "0.0.0.0", False),
        ("127.0.0.1", {"Origin": "https://elsewhere.example"}, "0.0.0.0", False),
    ],
)
def test_only_this_machine_is_told_where_a_server_for_others_is(
    peer: str, headers: dict[str, str], host: str, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: None)
    monkeypatch.setattr(socket.socket, "getsockname", lambda _: ("192.168.1.5", 40000))
    app = web.Application()
    app[SETTINGS] = load_settings(host=host)
    transport = Mock(spec=asyncio.Transport)
    transport.get_extra_info.side_effect = {"peername": (peer, 40000), "sockname": ("127.0.0.1", 8080)}.get
    request = make_mocked_request("GET", "/", {"Host": "localhost:9000", **headers}, app=app, transport=transport)
    assert pages.local_network_origin(request) == ("http://192.168.1.5:8080" if told else None)
