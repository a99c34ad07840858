"""Composition root: the aiohttp application, its parts, and its life."""

import asyncio
import contextlib
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING

import orjson
import uvloop
from aiohttp import web
from pydantic import SecretStr

from holistic_rtc import __version__
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.errors import ConfigError, ModelError
from holistic_rtc.http import access, health, ice, metrics, openapi, pages, problem, signalling, snapshot, whep, whip
from holistic_rtc.http.auth import auth_middleware
from holistic_rtc.http.client_address import ClientAddresses
from holistic_rtc.http.connections import Connections, connection_middleware, on_response
from holistic_rtc.http.cors import cors_middleware, origin_middleware
from holistic_rtc.http.credentials import Credentials
from holistic_rtc.http.hosts import Hosts, hosts_middleware
from holistic_rtc.http.keys import (
    CLIENT_ADDRESSES,
    CREDENTIALS,
    ICE_SERVERS,
    LISTENER,
    METRICS,
    MODEL,
    OFFERS,
    REGISTRY,
    REQUEST_RATE,
    SETTINGS,
    SNAPSHOTS,
)
from holistic_rtc.http.problem import problem_middleware
from holistic_rtc.http.quota import quota_middleware
from holistic_rtc.http.trace import trace_middleware
from holistic_rtc.ipc.pool import Pool
from holistic_rtc.ipc.process import Process
from holistic_rtc.limits import Limits, raise_descriptors, read_limits
from holistic_rtc.log.writer import log_to_stderr, make_formatter
from holistic_rtc.monitoring import audit
from holistic_rtc.monitoring.metrics import Metrics, PoolName
from holistic_rtc.monitoring.webhooks import Webhooks, read_secret
from holistic_rtc.sessions.capacity import Capacity
from holistic_rtc.sessions.events import Event, Listener
from holistic_rtc.sessions.ice_servers import IceServers
from holistic_rtc.sessions.quotas import RateLimit
from holistic_rtc.sessions.registry import Registry
from holistic_rtc.sessions.snapshots import Snapshots
from holistic_rtc.settings import Settings, exports_traces, unknown_variables, worker_environment

if TYPE_CHECKING:
    from holistic_rtc.monitoring.traces import Traces

logger = logging.getLogger(__name__)

WEBHOOKS = web.AppKey("webhooks", Webhooks)
BURST_SECONDS = 20
"""Requests of so much time may come at once: 30 people behind one router open the page, with 10 requests each, and
connect, with 20."""


def make_app(settings: Settings, bundle: ModelBundle) -> web.Application:
    """
    :raises ConfigError: a file that a setting names can't be used.
    """
    credentials = Credentials(settings)
    # Where nobody may do anything without a token, a page that gets in by rebinding has none.
    hosts = Hosts(settings.host, settings.hosts if credentials.anyone.rights or not credentials.guarded else ["*"])
    traces = _make_traces() if exports_traces() else None
    app = web.Application(
        middlewares=[
            connection_middleware,
            *([trace_middleware(traces)] if traces else []),
            cors_middleware(settings.cors_origins),
            pages.headers_middleware,
            problem_middleware,
            quota_middleware,
            hosts_middleware(hosts),
            origin_middleware(settings.cors_origins),
            auth_middleware,
        ],
        client_max_size=signalling.MAX_SDP,
    )
    limits = read_limits(cpus=settings.cpus, memory=settings.memory)
    logger.info("%s", limits)
    model = {"origin": bundle.origin, "pose_model": bundle.pose_model}
    arguments = (
        *("--engine", settings.engine, "--quality", settings.quality, "--model", str(bundle.path)),
        *("--log-level", settings.log_level),
        *("--description", orjson.dumps(model).decode(), "--threads", str(limits.threads)),
        *("--parts", ",".join(sorted(settings.parts)), "--max-persons", str(settings.max_persons)),
        *("--max-frame-pixels", str(settings.max_frame_pixels)),
        *(("--public-candidates-only",) if settings.public_candidates_only else ()),
        *(("--advertise", str(settings.advertise_ip)) if settings.advertise_ip else ()),
    )
    capacity = Capacity.of(limits, settings)
    figures = Metrics()
    listeners: list[Listener] = [figures.take, audit.log]
    if traces:
        listeners.append(traces.take)
        app.cleanup_ctx.append(partial(_run_traces, traces))
    if settings.webhook_url:
        app[WEBHOOKS] = _make_webhooks(settings.webhook_url, settings.webhook_secret, figures)
        listeners.append(app[WEBHOOKS].take)
        app.cleanup_ctx.append(_run_webhooks)

    def listen(event: Event) -> None:
        for listener in listeners:
            listener(event)

    async def start(pool: PoolName) -> Process:
        process = await Process.start(("--kind", pool, *arguments), worker_environment())
        figures.watch(pool, process)
        return process

    def workers(pool: PoolName, size: int) -> Pool:
        return Pool(partial(start, pool), size)

    app[SETTINGS] = settings
    app[METRICS] = figures
    app[LISTENER] = listen
    app[CREDENTIALS] = credentials
    app[MODEL] = {**model, "sha256": bundle.sha256}
    app[ICE_SERVERS] = IceServers(settings)
    app[CLIENT_ADDRESSES] = ClientAddresses(settings.trusted_proxies)
    app[REQUEST_RATE] = RateLimit(settings.requests_per_second, BURST_SECONDS * settings.requests_per_second)
    app[OFFERS] = asyncio.Lock()
    app[REGISTRY] = Registry(
        *(workers(PoolName.LIVE, capacity.spares), capacity, settings.ice_servers),
        sessions_per_address=settings.sessions_per_address,
        subscribers_per_address=settings.subscribers_per_address,
    )
    app[SNAPSHOTS] = Snapshots(
        workers(PoolName.SNAPSHOT, capacity.picture_takers), settings.snapshot_places, settings.snapshot_seconds
    )
    for source in (app[ICE_SERVERS], app[REGISTRY], app[SNAPSHOTS]):
        source.on_event = listen
    _show_state(app, limits)
    app.add_routes(
        [
            *whip.routes,
            *whep.routes,
            *problem.routes,
            *snapshot.routes,
            *openapi.routes,
            *ice.routes,
            *access.routes,
            *health.routes,
            *metrics.routes,
            *pages.routes(),
        ]
    )
    app.on_response_prepare.append(on_response)
    app.cleanup_ctx.append(_run_processes)
    return app


def _make_traces() -> "Traces | None":
    """
    :return: None if the extra isn't installed.
    :raises ConfigError: a variable of OpenTelemetry has an invalid value.
    """
    try:
        # Imported when used, as everybody waits for the start.
        from holistic_rtc.monitoring.traces import Traces

        return Traces()
    except ModuleNotFoundError as error:
        logger.warning("can't export traces: %s; run: pip install 'holistic-rtc[otel]'", error)
        return None
    except ValueError as error:
        raise ConfigError(f"a variable of OpenTelemetry can't be used: {error}") from error


async def _run_traces(traces: "Traces", app: web.Application) -> AsyncIterator[None]:
    """Until after the sessions have ended."""
    yield
    traces.close()


def _make_webhooks(url: str, secret: SecretStr | None, figures: Metrics) -> Webhooks:
    """
    :raises ConfigError: the secret is missing or can't be used.
    """
    webhooks = Webhooks(url, read_secret(secret.get_secret_value() if secret else ""), figures.take_delivery)
    figures.webhooks_queued.set_function(webhooks.__len__)
    return webhooks


async def _run_webhooks(app: web.Application) -> AsyncIterator[None]:
    """Until after the sessions have ended, which there are messages about."""
    app[WEBHOOKS].open()
    yield
    await app[WEBHOOKS].close()


def _show_state(app: web.Application, limits: Limits) -> None:
    """Let the metrics read the server's state."""
    figures, registry, snapshots = app[METRICS], app[REGISTRY], app[SNAPSHOTS]
    figures.describe(__version__, app[SETTINGS].engine)
    figures.cpu_limit.set(limits.cpus)
    figures.memory_limit.set(limits.memory)
    figures.ready.set_function(lambda: registry.ready and snapshots.ready)
    figures.sessions.set_function(lambda: len(registry.sessions))
    figures.session_places_taken.set_function(lambda: registry.taken)
    figures.session_places.set_function(lambda: registry.max_sessions)
    figures.subscribers.set_function(lambda: registry.subscribers)
    figures.snapshots.set_function(lambda: snapshots.taken)
    figures.snapshot_places.set_function(lambda: snapshots.places)
    for name, pool in ((PoolName.LIVE, registry.pool), (PoolName.SNAPSHOT, snapshots.pool)):
        figures.pool_size.labels(name).set(pool.size)
        figures.pool_free.labels(name).set_function(partial(getattr, pool, "warm"))


async def _run_processes(app: web.Application) -> AsyncIterator[None]:
    measuring = asyncio.create_task(app[METRICS].front.run(), name="load")
    app[REGISTRY].open()
    app[SNAPSHOTS].open()
    yield
    await asyncio.gather(app[REGISTRY].close(), app[SNAPSHOTS].close(), app[CREDENTIALS].close())
    measuring.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await measuring


async def serve(settings: Settings, bundle: ModelBundle, announce: Callable[[str], None]) -> None:
    """
    Until SIGINT or SIGTERM.

    :param announce: called with the address once it is being served.
    :raises ConfigError: the address can't be served.
    :raises ModelError: the workers can't load the model bundle.
    """
    stop, unusable_model = asyncio.Event(), asyncio.Event()

    def give_up() -> None:
        unusable_model.set()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    descriptors = raise_descriptors()
    # A peer that has gone away while its session was being started gets none.
    runner = web.AppRunner(make_app(settings, bundle), shutdown_timeout=1, handler_cancellation=True)
    connections = None
    try:
        await runner.setup()
        for pool in (runner.app[REGISTRY].pool, runner.app[SNAPSHOTS].pool):
            pool.on_unusable_model = give_up
        assert runner.server is not None
        context = _ssl_context(settings)
        addresses = runner.app[CLIENT_ADDRESSES]
        connections = Connections(runner.server, descriptors, addresses.of_connection, runner.app[LISTENER])
        runner.app[METRICS].http_connections.set_function(connections.__len__)
        runner.app[METRICS].http_connection_places.set(connections.places)
        try:
            host, port = await connections.listen(settings.host, settings.port, context)
        except OSError as error:
            raise ConfigError(
                f"can't serve {settings.host}:{settings.port}: {error.strerror}; choose another --host or --port"
            ) from error
        scheme = "https" if context else "http"
        announce(f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}")
        await stop.wait()
        if unusable_model.is_set():
            raise ModelError(f"{bundle.path} can't be used, as a worker's log says; choose another --model")
        await _drain(runner.app[REGISTRY], settings.drain_seconds, stop)
        logger.info("shutting down")
    finally:
        if connections is not None:
            connections.close()
            await connections.wait_closed()
        await runner.cleanup()


async def _drain(registry: Registry, seconds: float, stop: asyncio.Event) -> None:
    """Until the last session has ended, the time is up, or the server is told once more to stop."""
    if not seconds or not registry.sessions:
        return
    logger.info("waiting up to %g s for %d sessions to end", seconds, len(registry.sessions))
    stop.clear()
    drained = asyncio.create_task(registry.drain(seconds), name="drain")
    told = asyncio.create_task(stop.wait(), name="told-again")
    await asyncio.wait({drained, told}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in (drained, told):
        task.cancel()
    await asyncio.gather(drained, told, return_exceptions=True)


def _ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """
    :raises ConfigError: the certificate can't be used.
    """
    if not (settings.tls or settings.tls_cert or settings.tls_key):
        return None
    # Imported when used, as everybody waits for the start.
    from holistic_rtc import tls

    return tls.make_context(bool(settings.tls), settings.tls_cert, settings.tls_key, settings.advertise_ip)


def run(settings: Settings, bundle: ModelBundle) -> None:
    """
    Serve until told to stop.

    :raises ConfigError: the address can't be served.
    :raises ModelError: the workers can't load the model bundle.
    """
    with contextlib.closing(
        log_to_stderr(settings.log_level, make_formatter(settings.log_format), peers=settings.log_peers)
    ):
        logger.info("holistic-rtc %s, %s model bundle %s", __version__, bundle.origin, bundle.path)
        for name in unknown_variables():
            logger.warning("%s isn't a setting of this server", name)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(KeyboardInterrupt):
            runner.run(serve(settings, bundle, lambda address: print(f"Serving {address}", flush=True)))
