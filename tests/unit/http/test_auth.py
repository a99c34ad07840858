"""Each route says who may use it."""

import functools

import pytest
from aiohttp import web

from holistic_rtc.app import make_app
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.http.auth import open_to_all, policy, requires
from holistic_rtc.model.rights import Right
from holistic_rtc.settings import load_settings


@pytest.fixture
def app(tmp_path_factory: pytest.TempPathFactory) -> web.Application:
    bundle = ModelBundle(tmp_path_factory.mktemp("model") / "none.task", "custom", None, "")
    return make_app(load_settings(port=0), bundle)


def declared(app: web.Application) -> dict[tuple[str, str], tuple[Right, ...] | None]:
    """The rights that each route requires, by its method and its address."""
    return {
        (route.method, route.resource.canonical.rstrip("/") or "/"): policy(route.handler)
        for route in app.router.routes()
        if route.resource is not None and not isinstance(route.resource, web.StaticResource)
    }


async def test_each_route_declares_who_may_use_it(app: web.Application) -> None:
    routes = declared(app)
    assert {route for route, rights in routes.items() if rights is None} == set()
    assert len(routes) > 15


async def test_these_routes_require_a_right_and_all_others_are_open(app: web.Application) -> None:
    assert {route: set(rights) for route, rights in declared(app).items() if rights} == {
        ("POST", "/whip"): {Right.PUBLISH},
        ("POST", "/whip/{name}"): {Right.PUBLISH},
        ("POST", "/whep/{session}"): {Right.WATCH},
        ("POST", "/api/snapshot"): {Right.PUBLISH},
        ("POST", "/api/jobs"): {Right.PUBLISH},
        ("POST", "/api/tickets"): set(Right),
        ("GET", "/api/sessions"): {Right.LIST},
        ("HEAD", "/api/sessions"): {Right.LIST},
        ("GET", "/metrics"): {Right.OPERATE},
        ("HEAD", "/metrics"): {Right.OPERATE},
        ("GET", "/api/ice-servers"): {Right.PUBLISH, Right.WATCH},
        ("HEAD", "/api/ice-servers"): {Right.PUBLISH, Right.WATCH},
    }


def test_a_handler_keeps_its_policy_when_arguments_are_bound_to_it() -> None:
    @requires(Right.OPERATE)
    async def handler(name: str, request: web.Request) -> web.Response:
        return web.Response(text=name)

    @open_to_all
    async def anyone(request: web.Request) -> web.Response:
        return web.Response()

    async def forgotten(request: web.Request) -> web.Response:
        return web.Response()

    assert policy(functools.partial(handler, "x")) == (Right.OPERATE,)
    assert policy(anyone) == ()
    assert policy(forgotten) is None
