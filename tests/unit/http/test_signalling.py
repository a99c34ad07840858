import asyncio
from unittest.mock import Mock

from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from holistic_rtc.http.client_address import ClientAddresses
from holistic_rtc.http.keys import CLIENT_ADDRESSES, OFFERS
from holistic_rtc.http.signalling import SDP, read_offer
from tests.kit.attacks import describe, transport, video


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
