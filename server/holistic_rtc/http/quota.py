"""Limits how often each client address may make requests."""

import math

from aiohttp import web
from aiohttp.typedefs import Handler

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.keys import CLIENT_ADDRESSES, REQUEST_RATE
from holistic_rtc.sessions.quotas import Client

OFFER_COST = 10
"""What reading an offer costs, in requests"""
CREDENTIAL_COST = 10
"""What a TURN credential costs, in requests"""


@web.middleware
async def quota_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    charge(request, 1)
    return await handler(request)


def client_of(request: web.Request) -> Client:
    return request.app[CLIENT_ADDRESSES].of(request)


def charge(request: web.Request, cost: int) -> None:
    """
    :param cost: in requests.
    :raises Refusal: the client's address makes too many.
    """
    if key := client_of(request).key:
        rate = request.app[REQUEST_RATE]
        if wait := rate.take(key, cost):
            raise Refusal(
                Code.TOO_MANY_REQUESTS,
                f"your address, {key}, makes more than {rate.rate:g} requests a second; send fewer",
                retry_after=math.ceil(wait),
            )
