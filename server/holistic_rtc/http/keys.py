"""Keys of the objects that the application provides to its handlers."""

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from holistic_rtc.http.client_address import ClientAddresses
from holistic_rtc.http.credentials import Credentials
from holistic_rtc.monitoring.metrics import Metrics
from holistic_rtc.sessions.events import Listener
from holistic_rtc.sessions.ice_servers import IceServers
from holistic_rtc.sessions.jobs import Jobs
from holistic_rtc.sessions.quotas import RateLimit
from holistic_rtc.sessions.registry import Registry
from holistic_rtc.sessions.snapshots import Snapshots
from holistic_rtc.settings import Settings

if TYPE_CHECKING:
    from holistic_rtc.sessions.node import Node

SETTINGS = web.AppKey("settings", Settings)
CREDENTIALS = web.AppKey("credentials", Credentials)
ICE_SERVERS = web.AppKey("ice_servers", IceServers)
REGISTRY = web.AppKey("registry", Registry)
JOBS = web.AppKey("jobs", Jobs)
SNAPSHOTS = web.AppKey("snapshots", Snapshots)
METRICS = web.AppKey("metrics", Metrics)
LISTENER: web.AppKey[Listener] = web.AppKey("listener")
CLIENT_ADDRESSES = web.AppKey("client_addresses", ClientAddresses)
REQUEST_RATE = web.AppKey("request_rate", RateLimit)
OFFERS = web.AppKey("offers", asyncio.Lock)
"""Held while an offer is being parsed"""
NODE: "web.AppKey[Node | None]" = web.AppKey("node")
"""None unless this server is one of several nodes"""
MODEL = web.AppKey("model", dict[str, str | None])
