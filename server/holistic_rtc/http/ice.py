"""Tells peers which ICE servers to use."""

import secrets
from collections.abc import Iterator

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from holistic_rtc.http.auth import requires
from holistic_rtc.http.keys import ICE_SERVERS
from holistic_rtc.http.quota import CREDENTIAL_COST, charge
from holistic_rtc.model.rights import Right
from holistic_rtc.settings import IceServer


class RtcConfiguration(BaseModel):
    """For a client's peer connection, as W3C's RTCConfiguration."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    ice_servers: list[IceServer]


@requires(Right.PUBLISH, Right.WATCH)
async def get_configuration(request: web.Request) -> web.Response:
    """For clients that are about to create an offer. Those with a viewing key say for which session."""
    configuration = RtcConfiguration(ice_servers=for_newcomer(request))
    return web.json_response(
        configuration.model_dump(by_alias=True, exclude_none=True), headers={"Cache-Control": "no-store"}
    )


def for_newcomer(request: web.Request) -> list[IceServer]:
    """
    The ICE servers for a peer without a session. Each gets its own TURN user name, and so its own quota.

    :raises Refusal: the client's address asks too often.
    """
    charge(request, CREDENTIAL_COST)
    return request.app[ICE_SERVERS].for_peer(f"new-{secrets.token_hex(4)}")


def ice_links(servers: list[IceServer]) -> Iterator[str]:
    """The values of ``Link`` headers (RFC 9725, section 4.6)."""
    for server in servers:
        for url in server.urls:
            link = f'<{url}>; rel="ice-server"'
            if server.username is not None and server.credential is not None:
                link += f'; username="{_quote(server.username)}"; credential="{_quote(server.credential)}"'
                link += '; credential-type="password"'
            yield link


def _quote(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


routes = [web.get("/api/ice-servers", get_configuration)]
