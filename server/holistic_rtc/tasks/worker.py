"""The worker's side of the queue: tracks files, one after another in each of its processes."""

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import msgspec
from celery.exceptions import BackendStoreError, SoftTimeLimitExceeded
from celery.states import SUCCESS
from redis.exceptions import AuthenticationError

from holistic_rtc.atomic import fitting
from holistic_rtc.errors import Code, ConfigError, MediaError, TrackerError, UncuttableError
from holistic_rtc.files.media import opened
from holistic_rtc.files.storage import Remote, fetched, place, upload
from holistic_rtc.ipc.file_tracking import remove_unfinished
from holistic_rtc.tasks.pieces import join, plan, track_piece
from holistic_rtc.tasks.queue import (
    HOLD_SECONDS,
    PROGRESS,
    RESULT_SECONDS,
    RETRIES,
    TASK,
    Order,
    Outcome,
    Report,
    make_app,
    revocation_of,
)
from holistic_rtc.tasks.steps import Join, Plan, TrackChunk
from holistic_rtc.tracking.engine import Model
from holistic_rtc.workers.job.track import track_opened

logger = logging.getLogger(__name__)

REPORT_SECONDS = 1.0
RETRY_SECONDS = 5
UNACKED = "unacked_index"
"""Where Celery's broker keeps when the tasks were given to their workers"""


class _UnwantedError(Exception):
    """The file has been revoked, or finished elsewhere while this worker had lost Redis."""


def run(redis_url: str, open_model: Callable[[], Model], processes: int) -> None:
    """
    Until SIGTERM or Ctrl-C, at which files in progress are finished first; at the second one, they are given back.

    :param open_model: called in each process, before its first file.
    :raises ConfigError: it isn't the URL of a Redis, or that wants another password.
    """
    app = make_app(redis_url)
    try:
        app.backend.client.ping()
    except AuthenticationError as error:
        raise ConfigError(f"the queue can't be read: {error}") from error
    except app.backend.connection_errors:
        logger.warning("the queue can't be reached; waiting for it")
    # A result isn't lost while Redis is restarted.
    app.conf.update(result_backend_always_retry=True, result_backend_max_retries=20)

    @cache
    def model() -> Model:
        # Other processes have the other CPUs.
        cv2.setNumThreads(1)
        return open_model()

    def track(task: Any, order: dict[str, Any]) -> dict[str, Any]:
        with _held(task):
            outcome = _track(task, msgspec.convert(order, Order), model)
        return dict(msgspec.to_builtins(outcome))

    app.task(name=TASK, bind=True, max_retries=RETRIES)(track)
    app.worker_main(["worker", "--concurrency", str(processes), "--loglevel", "INFO", "-O", "fair"])


@contextmanager
def _held(task: Any) -> Iterator[None]:
    """Tell the broker again and again that somebody has the task, so that it isn't given to others."""
    tag, redis, errors = task.request.properties["delivery_tag"], task.backend.client, _unavailable(task)
    over = threading.Event()

    def renew() -> None:
        while not over.wait(HOLD_SECONDS / 5):
            with suppress(*errors):
                redis.zadd(UNACKED, {tag: time.time()}, xx=True)

    renewing = threading.Thread(target=renew, name="renew", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        over.set()
        renewing.join()


def _track(task: Any, order: Order, model: Callable[[], Model]) -> Outcome:
    attempts = _attempts(task)
    if attempts > 1:
        _clean(order)
    if attempts > RETRIES + 1:
        return Outcome(code=Code.JOB_FAILED, detail=f"the process that tracked it ended, {RETRIES + 1} times")
    report = _reporter(task)
    try:
        report(0, 0)
        return track_order(order, model(), report)
    except _UnwantedError:
        # Celery keeps the outcome of whoever was first.
        return Outcome(code=Code.JOB_FAILED, detail="it was revoked")
    except SoftTimeLimitExceeded:
        return Outcome(code=Code.JOB_TIMEOUT, detail=f"it wasn't tracked within {order.seconds:g} s")
    except UncuttableError as error:
        return Outcome(uncuttable=True, detail=str(error))
    except MediaError as error:
        return Outcome(code=Code.BAD_FILE if _reaches(order.source) else Code.JOB_FAILED, detail=str(error))
    except TrackerError as error:
        if task.request.retries >= RETRIES:
            return Outcome(code=Code.JOB_FAILED, detail=str(error))
        raise task.retry(exc=error, countdown=RETRY_SECONDS) from error


def _reaches(source: str) -> bool:
    """Whether it is this worker that can't read a file: it must have the same folders, and be the same user."""
    path = place(source)
    return isinstance(path, Remote) or os.access(path, os.R_OK)


def _attempts(task: Any) -> int:
    """How often the task has been started, this time included. Celery doesn't count deaths of the process."""
    key = f"holistic:attempts:{task.request.id}"
    redis = task.backend.client
    attempts = 0
    with suppress(*_unavailable(task)):
        attempts = redis.incr(key)
        redis.expire(key, RESULT_SECONDS)
    # A file isn't given up because Redis is being restarted.
    return attempts or 1


def _unavailable(task: Any) -> tuple[type[Exception], ...]:
    """What a Redis raises that doesn't answer, or that refuses everything for now, as a replica does."""
    return (*task.backend.connection_errors, *task.backend.channel_errors, BackendStoreError)


def _clean(order: Order) -> None:
    """Remove what a killed process has left on this machine."""
    places = (text and place(text) for text in (order.annotated, order.landmarks))
    remove_unfinished(*(path if isinstance(path, Path) else None for path in places))


def _reporter(task: Any) -> Report:
    """
    :return: tells how far the file is, now and then; raises an exception if nobody wants it any more.
    """
    reported = -math.inf

    def report(done: int, total: int) -> None:
        nonlocal reported
        if (now := time.monotonic()) > reported + REPORT_SECONDS:
            reported = now
            with suppress(*_unavailable(task)):
                id = task.request.id
                if task.backend.client.exists(revocation_of(id)) or task.backend.get_state(id) == SUCCESS:
                    raise _UnwantedError
                task.update_state(state=PROGRESS, meta={"frames": done, "total": total})

    return report


def track_order(order: Order, model: Model, report: Report) -> Outcome:
    """
    :raises UncuttableError: it is a chunk, but the video can only be tracked as a whole.
    :raises MediaError: a file can't be read or written.
    :raises TrackerError: the tracker failed.
    """
    if isinstance(order.step, TrackChunk):
        return track_piece(order, order.step, model, report)
    if isinstance(order.step, Join):
        return join(order, order.step, report)
    targets = {kind: place(text) for kind in ("annotated", "landmarks") if (text := getattr(order, kind)) is not None}
    with fetched(place(order.source)) as source, TemporaryDirectory(prefix="holistic-rtc-") as folder:
        paths = {
            kind: Path(folder, target.name) if isinstance(target, Remote) else target
            for kind, target in targets.items()
        }
        for path in paths.values():
            # A job's folder is that of the source. Whoever has removed it doesn't want it again.
            if path.parent != source.parent:
                _make(path.parent)
        with opened(source, name=order.name, max_pixels=order.max_pixels) as media:
            annotated, landmarks = paths.get("annotated"), paths.get("landmarks")
            if annotated:
                annotated = fitting(annotated.parent, annotated.name, media.suffixes[0])
            if isinstance(order.step, Plan) and (cut := plan(source, media, annotated, landmarks)):
                return Outcome(cut=cut)
            tracked = track_opened(
                source,
                media,
                model,
                order.quality,
                annotated,
                [landmarks] if landmarks else [],
                report,
                order.max_persons,
                parts=order.parts,
            )
        outputs = []
        for kind, written in (("annotated", tracked.annotated), ("landmarks", landmarks)):
            if written is None:
                continue
            target = targets[kind]
            if isinstance(target, Remote):
                target = Remote(f"{target.url}{written.suffix}") if kind == "annotated" else target
                upload(written, target)
                outputs.append(target.url)
            else:
                outputs.append(os.fspath(written))
    return Outcome(outputs, tracked.frames, tracked.damaged)


def _make(folder: Path) -> None:
    """
    :raises MediaError: it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(f"{error.filename} can't be created: {error.strerror}") from error
