"""The queue of files, and what those who fill it see of it."""

import asyncio
import logging
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from celery import Celery
from celery.backends.redis import RedisBackend
from kombu.exceptions import KombuError, OperationalError

from holistic_rtc.errors import Code, ConfigError, Refusal
from holistic_rtc.model.chunk import Chunk, Cut
from holistic_rtc.model.parts import Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.tasks.steps import Step

logger = logging.getLogger(__name__)

TASK = "holistic_rtc.track"
SENT = "SENT"
"""State of a task that no worker has begun. One without a state isn't in Redis."""
PROGRESS = "PROGRESS"
"""State of a task that is being tracked"""

TIME_LIMIT = 3600
"""Seconds for a file, at most"""
HOLD_SECONDS = 20
"""A task whose worker has gone is given to another one after that. Workers renew it while they track."""
RETRIES = 2
RESULT_SECONDS = 24 * 3600
"""How long Redis keeps results"""
JOB_PRIORITY, BATCH_PRIORITY = 3, 6
"""From 0, the highest, to 9"""
ANSWER_SECONDS = 2.0
"""How long those who fill the queue wait for a connection to Redis, and again for an answer"""
REVOKE_SECONDS = 3.0
"""How long a cancellation may take"""
_CONNECTIONS = 32
"""To Redis, for all tasks"""
_POLL_SECONDS = 0.5
_RETRY_SECONDS = 2.0

T = TypeVar("T")

Report = Callable[[int, int], None]


class Order(msgspec.Struct):
    """
    A file to be tracked. Places are URLs, or paths that every worker has.

    :param name: what to call it in messages.
    :param annotated: of the annotated file, without its suffix; None for none.
    :param landmarks: of the JSON lines; None for none.
    :param max_pixels: maximum width times height, of a file that comes from a stranger; None for any file.
    :param seconds: the time limit. A minute later, the process is killed.
    :param parts: what to find; None for the default ones.
    :param step: a step of those in which a long video is tracked; None to track the file.
    """

    source: str
    name: str
    annotated: str | None
    landmarks: str | None
    quality: Quality
    max_persons: int
    max_pixels: int | None = None
    seconds: float = TIME_LIMIT
    parts: frozenset[Part] | None = None
    step: Step | None = None


class Outcome(msgspec.Struct):
    """
    :param outputs: where they are.
    :param code: why the file couldn't be tracked, with `detail`; None if it was.
    :param cut: where to cut it, in answer to a :class:`.steps.Plan`.
    :param chunk: what came of a :class:`.steps.TrackChunk`.
    :param uncuttable: whether it can only be tracked as a whole, for the reason in `detail`.
    """

    outputs: list[str] = []
    frames: int = 0
    damaged: bool = False
    code: Code | None = None
    detail: str = ""
    cut: Cut | None = None
    chunk: Chunk | None = None
    uncuttable: bool = False


def make_app(redis_url: str) -> Any:
    """
    :raises ConfigError: it isn't the URL of a Redis.
    """
    if not _is_redis(redis_url):
        # It may have a password.
        raise ConfigError("that isn't the URL of a Redis, such as redis://localhost:6379/0")
    app = Celery("holistic_rtc", broker=redis_url, backend=redis_url, set_as_current=False)
    app.conf.update(
        task_default_queue="holistic",
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_soft_time_limit=TIME_LIMIT,
        task_time_limit=TIME_LIMIT + 60,
        result_expires=RESULT_SECONDS,
        broker_transport_options={
            "visibility_timeout": HOLD_SECONDS,
            "unacked_restore_interval": HOLD_SECONDS / 4,
            "unacked_restore_throttle": 1,
            "queue_order_strategy": "priority",
            "priority_steps": list(range(10)),
        },
        broker_connection_retry_on_startup=True,
        task_track_started=True,
        worker_send_task_events=True,
        task_send_sent_event=True,
    )
    if redis_url.startswith("rediss://"):
        checked = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
        app.conf.update(broker_use_ssl=checked, redis_backend_use_ssl=checked)
    return app


def _is_redis(url: str) -> bool:
    try:
        urlsplit(url).port  # noqa: B018
    except ValueError:
        return False
    return re.fullmatch(r"rediss?://[^/?# ]+(/\d*)?([?][^# ]*)?|redis\+socket://.+", url) is not None


class _PollingBackend(RedisBackend):  # type: ignore[misc]
    """
    Doesn't subscribe to results, which nobody would read from the connection. Calls wait for a connection, since there
    may be thousands of tasks.
    """

    @property
    def ConnectionPool(self) -> Any:  # noqa: N802
        return self.redis.BlockingConnectionPool

    def on_task_call(self, producer: Any, task_id: str) -> None:
        pass


def make_client(redis_url: str) -> Any:
    """
    For those who fill the queue: gives up soon if Redis doesn't answer, so that they can do something else.

    :raises ConfigError: it isn't the URL of a Redis.
    """
    app = make_app(redis_url)
    app.conf.broker_transport_options.update(socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS)
    app.conf.update(
        result_backend=f"{__name__}:{_PollingBackend.__name__}+{redis_url}",
        result_backend_thread_safe=True,
        redis_socket_timeout=ANSWER_SECONDS,
        redis_socket_connect_timeout=ANSWER_SECONDS,
        redis_max_connections=_CONNECTIONS,
        # The first attempt may find a connection that Redis has closed.
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0},
    )
    return app


async def answers(app: Any) -> bool:
    """Whether Redis does."""
    try:
        await _in_thread(app.backend.client.ping)
    except _unavailable(app):
        return False
    return True


def _unavailable(app: Any) -> tuple[type[Exception], ...]:
    """What is raised by a Redis that doesn't answer, or that refuses everything for now, as a replica does."""
    return (KombuError, *app.backend.connection_errors, *app.backend.channel_errors)


def revocation_of(id: str) -> str:
    """The key in Redis that says that a task isn't wanted any more."""
    return f"holistic:revoked:{id}"


async def connect(app: Any) -> None:
    """
    :raises ConfigError: Redis doesn't answer.
    """

    def ensure() -> None:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=5)

    try:
        await _in_thread(ensure)
    except OperationalError as error:
        raise ConfigError(f"the queue can't be reached: {error}") from error


async def track(app: Any, order: Order, priority: int, report: Report) -> Outcome:
    """
    Have a worker track a file, or take another step, whenever one has time.

    :param report: called once a worker has begun, with zeros, and then with how far it is, again and again.
    :raises Refusal: the file can't be tracked.
    """
    # Known before it is sent: a task that is being sent when it is cancelled has to be revoked, too.
    id = uuid4().hex
    try:
        await _patiently(app, partial(_send, app, id, order, priority))
        while True:
            meta = await _patiently(app, partial(app.backend.get_task_meta, id, cache=False))
            state, info = meta["status"], meta["result"]
            if state == "PENDING":
                logger.warning("the queue has lost a file; sending it again")
                await _patiently(app, partial(_send, app, id, order, priority))
            elif state == "STARTED":
                report(0, 0)
            elif state == PROGRESS:
                report(info["frames"], info["total"])
            elif state == "SUCCESS":
                try:
                    outcome = msgspec.convert(info, Outcome)
                except msgspec.ValidationError as error:
                    detail = f"the worker must be of another version: {error}"
                    raise Refusal(Code.JOB_FAILED, detail) from error
                if outcome.code is not None:
                    raise Refusal(outcome.code, outcome.detail)
                return outcome
            elif state in ("FAILURE", "REVOKED"):
                raise Refusal(Code.JOB_FAILED, f"the task failed: {info}")
            await asyncio.sleep(_POLL_SECONDS)
    except asyncio.CancelledError:
        await _revoke(app, id)
        raise


def _send(app: Any, id: str, order: Order, priority: int) -> None:
    backend = app.backend
    state = backend.encode({"status": SENT, "result": None})
    backend.client.set(backend.get_key_for_task(id), state, ex=RESULT_SECONDS, nx=True)
    app.send_task(
        TASK,
        [msgspec.to_builtins(order)],
        task_id=id,
        priority=priority,
        ignore_result=False,
        soft_time_limit=order.seconds,
        time_limit=order.seconds + 60,
    )


async def _patiently(app: Any, call: Callable[[], T]) -> T:
    """Call it in a thread, and again as long as Redis doesn't answer."""
    told = False
    while True:
        try:
            return await _in_thread(call)
        except _unavailable(app) as error:
            if not told:
                logger.warning("the queue can't be reached; waiting for it: %s", error)
            told = True
        await asyncio.sleep(_RETRY_SECONDS)


def _in_thread(call: Callable[[], T]) -> "asyncio.Future[T]":
    """Of its own, so that nothing waits for a Redis that doesn't answer: neither other work nor the program's end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(settling: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            settling(value)

    def run() -> None:
        try:
            settling: partial[None] = partial(settle, future.set_result, call())
        except Exception as error:
            settling = partial(settle, future.set_exception, error)
        with suppress(RuntimeError):  # The loop has been closed.
            loop.call_soon_threadsafe(settling)

    Thread(target=run, name="queue", daemon=True).start()
    return future


async def _revoke(app: Any, id: str) -> None:
    """
    It is in Redis when this ends, however often this is cancelled, unless Redis doesn't answer.

    Celery's own way, to kill what a process does, would keep a file from being tried again if that process dies later,
    and wouldn't reach workers that are started later.
    """
    loop = asyncio.get_running_loop()
    revoking = _in_thread(partial(app.backend.client.set, revocation_of(id), "", ex=RESULT_SECONDS))
    end = loop.time() + REVOKE_SECONDS
    while not revoking.done() and loop.time() < end:
        with suppress(asyncio.CancelledError):
            await asyncio.wait({revoking}, timeout=end - loop.time())
    if not revoking.done():
        revoking.cancel()
        logger.warning("a task couldn't be revoked: the queue doesn't answer")
    elif error := revoking.exception():
        logger.warning("a task couldn't be revoked: %s", error)
