"""Composition root: the aiohttp application, its parts, and its life."""

import asyncio
import contextlib
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import orjson
import uvloop
from aiohttp import web
from pydantic import SecretStr
from yarl import URL

from holistic_rtc import __version__
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.errors import ConfigError, ModelError
from holistic_rtc.http import (
    access,
    health,
    ice,
    jobs,
    metrics,
    openapi,
    pages,
    problem,
    signalling,
    snapshot,
    whep,
    whip,
)
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
    JOBS,
    LISTENER,
    METRICS,
    MODEL,
    NODE,
    OFFERS,
    REGISTRY,
    REQUEST_RATE,
    SETTINGS,
    SNAPSHOTS,
)
from holistic_rtc.http.problem import problem_middleware
from holistic_rtc.http.quota import quota_middleware
from holistic_rtc.http.redirect import redirect_middleware
from holistic_rtc.http.trace import trace_middleware
from holistic_rtc.ipc.fork_server import ForkServer
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
from holistic_rtc.sessions.job_tracking import JobTracking, OwnWorkers
from holistic_rtc.sessions.jobs import Jobs
from holistic_rtc.sessions.quotas import RateLimit
from holistic_rtc.sessions.registry import Registry
from holistic_rtc.sessions.snapshots import Snapshots
from holistic_rtc.settings import Settings, exports_traces, unknown_variables, worker_arguments, worker_environment

if TYPE_CHECKING:
    from holistic_rtc.monitoring.traces import Traces
    from holistic_rtc.sessions.node import Node

logger = logging.getLogger(__name__)

FORK_SERVER = web.AppKey("fork_server", ForkServer)
WEBHOOKS = web.AppKey("webhooks", Webhooks)
BURST_SECONDS = 20
"""Requests of so much time may come at once: 30 people behind one router open the page, with 10 requests each, and
connect, with 20."""


def make_app(settings: Settings, bundle: ModelBundle) -> web.Application:
    """
    :raises ConfigError: a file that a setting names can't be used, or a setting is missing.
    """
    credentials = Credentials(settings)
    # Where nobody may do anything without a token, a page that gets in by rebinding has none.
    names = [*settings.hosts, *([URL(settings.node_url).host or ""] if settings.node_url else [])]
    hosts = Hosts(settings.host, names if credentials.anyone.rights or not credentials.guarded else ["*"])
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
            redirect_middleware,
            auth_middleware,
        ],
        client_max_size=signalling.MAX_SDP,
    )
    limits = read_limits(cpus=settings.cpus, memory=settings.memory)
    logger.info("%s", limits)
    model = {"origin": bundle.origin, "pose_model": bundle.pose_model}
    arguments = worker_arguments(settings, bundle.path, orjson.dumps(model).decode(), limits.threads)
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
        process = await app[FORK_SERVER].start(pool)
        figures.watch(pool, process)
        return process

    def workers(pool: PoolName, size: int) -> Pool:
        return Pool(partial(start, pool), size)

    app[FORK_SERVER] = ForkServer(arguments, worker_environment())
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
    node = None
    if settings.redis_url or settings.node_url:
        # Imported when used, as most servers have no Redis.
        from holistic_rtc.sessions.node import make_node

        node = make_node(settings, credentials.guarded, app[REGISTRY], lambda: figures.cpus_used / limits.cpus)
        listeners.append(node.take)
        figures.redis_connected.set_function(lambda: node.connected)
        app.cleanup_ctx.append(partial(_run_node, node))
    app[NODE] = node
    app[SNAPSHOTS] = Snapshots(
        workers(PoolName.SNAPSHOT, capacity.picture_takers), settings.snapshot_places, settings.snapshot_seconds
    )
    job_pool = workers(PoolName.JOB, 0 if settings.job_redis_url else settings.job_workers)
    app[JOBS] = Jobs(_make_job_tracking(settings, job_pool), settings)
    for source in (app[ICE_SERVERS], app[REGISTRY], app[SNAPSHOTS], app[JOBS]):
        source.on_event = listen
    _show_state(app, limits, job_pool)
    app.add_routes(
        with_slashes(
            *whip.routes,
            *whep.routes,
            *problem.routes,
            *snapshot.routes,
            *jobs.routes,
            *openapi.routes,
            *ice.routes,
            *access.routes,
            *health.routes,
            *metrics.routes,
            *pages.routes(),
        )
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


def with_slashes(*routes: web.AbstractRouteDef) -> Iterator[web.AbstractRouteDef]:
    """The routes, and for each address the same one with a slash at its end."""
    for route in routes:
        yield route
        if isinstance(route, web.RouteDef) and not route.path.endswith("/"):
            yield web.RouteDef(route.method, f"{route.path}/", route.handler, route.kwargs)


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


def _make_job_tracking(settings: Settings, pool: Pool) -> JobTracking | None:
    """
    :return: None if this server tracks no files.
    :raises ConfigError: what a queue needs is missing.
    """
    if settings.job_redis_url is None:
        return OwnWorkers(pool, settings.job_seconds) if pool.size else None
    try:
        from holistic_rtc.tasks.jobs import make_queue
    except ModuleNotFoundError as error:
        raise ConfigError(f"HOLISTIC_JOB_REDIS_URL: {error}; run: pip install 'holistic-rtc[jobs]'") from error
    return make_queue(settings)


async def _run_node(node: "Node", app: web.Application) -> AsyncIterator[None]:
    """Until after the sessions have ended. The others know before that that this node takes no more of them."""
    node.open()
    yield
    await node.close()


async def _run_webhooks(app: web.Application) -> AsyncIterator[None]:
    """Until after the sessions have ended, which there are messages about."""
    app[WEBHOOKS].open()
    yield
    await app[WEBHOOKS].close()


def _show_state(app: web.Application, limits: Limits, job_pool: Pool) -> None:
    """Let the metrics read the server's state."""
    figures, registry, snapshots, jobs = app[METRICS], app[REGISTRY], app[SNAPSHOTS], app[JOBS]
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
    figures.jobs_waiting.set_function(lambda: jobs.waiting)
    figures.jobs_tracking.set_function(lambda: jobs.tracking)
    if jobs.connected is not None:
        figures.job_queue_connected.set_function(lambda: bool(jobs.connected))
    figures.job_disk.set_function(lambda: jobs.bytes)
    pools = {PoolName.LIVE: registry.pool, PoolName.SNAPSHOT: snapshots.pool, PoolName.JOB: job_pool}
    for name, pool in pools.items():
        figures.pool_size.labels(name).set(pool.size)
        figures.pool_free.labels(name).set_function(partial(getattr, pool, "warm"))


async def _run_processes(app: web.Application) -> AsyncIterator[None]:
    measuring = asyncio.create_task(app[METRICS].front.run(), name="load")
    app[REGISTRY].open()
    app[SNAPSHOTS].open()
    app[JOBS].open()
    yield
    await asyncio.gather(app[REGISTRY].close(), app[SNAPSHOTS].close(), app[JOBS].close(), app[CREDENTIALS].close())
    await app[FORK_SERVER].close()
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
        await _drain(runner.app, settings.drain_seconds, stop)
        logger.info("shutting down")
    finally:
        if connections is not None:
            connections.close()
            await connections.wait_closed()
        await runner.cleanup()


async def _drain(app: web.Application, seconds: float, stop: asyncio.Event) -> None:
    """Until the last session has ended, the time is up, or the server is told once more to stop."""
    registry, node = app[REGISTRY], app[NODE]
    if not seconds or not registry.sessions:
        return
    logger.info("waiting up to %g s for %d sessions to end", seconds, len(registry.sessions))
    stop.clear()
    drained = asyncio.create_task(registry.drain(seconds), name="drain")
    if node:
        node.touch()
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
