"""What the application carries for its handlers."""

from aiohttp import web

from ..config import Settings
from ..sessions.registry import Registry
from ..sessions.snapshots import SnapshotPool

SETTINGS = web.AppKey("settings", Settings)
REGISTRY = web.AppKey("registry", Registry)
SNAPSHOTS = web.AppKey("snapshots", SnapshotPool)
MODEL = web.AppKey("model", dict[str, str | None])
