"""Composition root: the aiohttp application, its parts, and its life."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from functools import partial

import orjson
import uvloop
from aiohttp import web

from . import __version__
from .config import Settings
from .errors import ConfigError
from .http import health, ice, openapi, pages, signalling, snapshot, whep, whip
from .http.cors import cors_middleware
from .http.keys import MODEL, REGISTRY, SETTINGS, SNAPSHOTS
from .http.problem import problem_middleware
from .limits import read_limits
from .sessions.capacity import Capacity
from .sessions.pool import WarmPool
from .sessions.process import SessionProcess
from .sessions.registry import Registry
from .sessions.snapshots import SnapshotPool
from .tracking.models import ModelBundle

logger = logging.getLogger(__name__)


def make_app(settings: Settings, bundle: ModelBundle) -> web.Application:
    app = web.Application(
        middlewares=[cors_middleware(settings.cors_origins), pages.headers_middleware, problem_middleware],
        client_max_size=signalling.MAX_SDP,
    )
    limits = read_limits(cpus=settings.cpus)
    logger.info(
        "%g CPUs (%s), %s of memory",
        limits.cpus,
        limits.source,
        "no limit" if limits.memory is None else f"{limits.memory / 1e6:,.0f} MB",
    )
    model = {"origin": bundle.origin, "pose_model": bundle.pose_model, "sha256": bundle.sha256}
    arguments = (
        *("--engine", "mediapipe", "--model", str(bundle.path), "--log-level", settings.log_level),
        *("--description", orjson.dumps({"origin": bundle.origin, "pose_model": bundle.pose_model}).decode()),
        *("--threads", str(limits.threads)),
    )
    app[SETTINGS] = settings
    app[MODEL] = model
    app[REGISTRY] = Registry(
        WarmPool(partial(SessionProcess.start, arguments), settings.warm),
        Capacity(limits, settings.max_sessions),
        [server.model_dump(exclude_none=True) for server in settings.ice_servers],
    )
    app.add_routes(
        [*whip.routes, *whep.routes, *snapshot.routes, *openapi.routes, *ice.routes, *health.routes, *pages.routes()]
    )
    app[SNAPSHOTS] = SnapshotPool(
        arguments, settings.snapshot_workers, settings.snapshot_places, settings.snapshot_seconds
    )
    app.cleanup_ctx.append(_run_processes)
    return app


async def _run_processes(app: web.Application) -> AsyncIterator[None]:
    app[REGISTRY].open()
    app[SNAPSHOTS].open()
    yield
    await asyncio.gather(app[REGISTRY].close(), app[SNAPSHOTS].close())


async def serve(settings: Settings, bundle: ModelBundle, announce: Callable[[str], None]) -> None:
    """
    Until SIGINT or SIGTERM.

    :param announce: called with the address once it is being served.
    :raises ConfigError: the address can't be served.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    # A peer that has gone away while its session was being started gets none.
    runner = web.AppRunner(make_app(settings, bundle), access_log=None, shutdown_timeout=1, handler_cancellation=True)
    try:
        await runner.setup()
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(
                f"can't serve {settings.host}:{settings.port}: {error.strerror}; choose another --host or --port"
            ) from error
        host, port = runner.addresses[0][:2]
        announce(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
        await stop.wait()
        logger.info("shutting down")
    finally:
        await runner.cleanup()


def run(settings: Settings, bundle: ModelBundle) -> None:
    """
    Serve until told to stop.

    :raises ConfigError: the address can't be served.
    """
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(message)s")
    logger.info("holistic-rtc %s, %s model bundle %s", __version__, bundle.origin, bundle.path)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(KeyboardInterrupt):
        runner.run(serve(settings, bundle, lambda address: print(f"Serving {address}", flush=True)))
