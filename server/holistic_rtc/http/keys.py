"""What the application carries for its handlers."""

from aiohttp import web

from ..config import Settings
from ..sessions.ice_servers import IceServers
from ..sessions.registry import Registry
from ..sessions.snapshots import SnapshotPool

SETTINGS = web.AppKey("settings", Settings)
ICE_SERVERS = web.AppKey("ice_servers", IceServers)
REGISTRY = web.AppKey("registry", Registry)
SNAPSHOTS = web.AppKey("snapshots", SnapshotPool)
MODEL = web.AppKey("model", dict[str, str | None])
