import asyncio
from unittest.mock import Mock

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from holistic_rtc.http.client_address import ClientAddresses
from holistic_rtc.http.keys import CLIENT_ADDRESSES, OFFERS
from holistic_rtc.http.signalling import SDP, matches, read_offer
from tests.kit.attacks import describe, transport, video


@pytest.mark.parametrize("header", ['"e1"', '"other", "e1"', 'W/"e1"', '"x",W/"e1" , "y"', "*", '"*"', "e1"])
def test_an_etag_matches_in_a_list_and_if_a_proxy_has_made_it_weak(header: str) -> None:
    assert matches(header, "e1")


@pytest.mark.parametrize("header", ["", '"e2"', '"E1"', 'W/"e2", "e"', '"e1 e2"'])
def test_another_etag_does_not_match(header: str) -> None:
    assert not matches(header, "e1")


async def test_the_event_loop_gets_a_turn_between_two_offers_of_a_burst() -> None:
    app = web.Application()
    app[CLIENT_ADDRESSES] = ClientAddresses([])
    app[OFFERS] = asyncio.Lock()

    def request() -> web.Request:
        body = StreamReader(Mock(BaseProtocol), 2**16)
        body.feed_data(describe([video(transport())]).encode())
        body.feed_eof()
        return make_mocked_request("POST", "/whip", {"Content-Type": SDP}, app=app, payload=body).clone(
            remote="127.0.0.1"
        )

    reading = asyncio.gather(*(read_offer(request()) for _ in range(20)))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert len(await reading) == 20
    assert turns >= 20
