"""What the application carries for its handlers."""

from aiohttp import web

from ..config import Settings
from ..sessions.registry import Registry

SETTINGS = web.AppKey("settings", Settings)
REGISTRY = web.AppKey("registry", Registry)
MODEL = web.AppKey("model", dict[str, str | None])
