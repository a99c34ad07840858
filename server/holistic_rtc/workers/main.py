"""The entry point of the fork server and its workers. :mod:`holistic_rtc.ipc.messages` has their messages."""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import orjson
import uvloop

from holistic_rtc.errors import ModelError, TrackerError
from holistic_rtc.ipc.channel import Channel
from holistic_rtc.ipc.messages import ToWorker
from holistic_rtc.ipc.process import UNUSABLE_MODEL
from holistic_rtc.log.relay import ToFront
from holistic_rtc.log.writer import log_to_stderr
from holistic_rtc.media.aiortc_tuning import tune
from holistic_rtc.model.parts import parse_parts
from holistic_rtc.model.quality import Quality
from holistic_rtc.tracking import ENGINES, open_model
from holistic_rtc.tracking.engine import Model
from holistic_rtc.workers import fork_server
from holistic_rtc.workers.job.worker import NICENESS, JobWorker
from holistic_rtc.workers.live.peer import PeerLimits
from holistic_rtc.workers.live.worker import LiveWorker
from holistic_rtc.workers.snapshot.worker import SnapshotWorker
from holistic_rtc.workers.worker import Worker

logger = logging.getLogger(__name__)


def _preload(options: argparse.Namespace) -> Model:
    """
    Load what all workers share. No thread is left, since none survives a fork.

    :raises ModelError: the model bundle can't be used.
    :raises TrackerError: the engine can't be used.
    """
    cv2.setNumThreads(1)
    tune(options.max_frame_pixels)
    # A session leaves the other cores to other sessions.
    model = open_model(options.model, options.engine, threads=1)
    model.preload()
    return model


def _make(options: argparse.Namespace, kind: str, model: Model, channel: Channel[ToWorker]) -> Worker:
    description = orjson.loads(options.description)
    if kind == "snapshot":
        return SnapshotWorker(channel, model.picture_tracker, description, options.parts)
    if kind in ("batch", "job"):
        return JobWorker(channel, model, niceness=NICENESS if kind == "job" else 0)
    limits = PeerLimits(options.parts, options.max_persons, options.public_candidates_only, options.audio)
    return LiveWorker(channel, model.tracker, options.quality, description, limits, options.advertise)


async def _work(options: argparse.Namespace, worker: fork_server.Worker, model: Model) -> None:
    # aiortc encodes on the event loop's default executor.
    encoders = ThreadPoolExecutor(max_workers=options.threads, thread_name_prefix="encoder")
    loop = asyncio.get_running_loop()
    loop.set_default_executor(encoders)
    reader, writer = await asyncio.open_connection(sock=worker.control)
    channel: Channel[ToWorker] = Channel(reader, writer, ToWorker)
    if worker.kind == "snapshot" and options.threads > 1:
        # Somebody waits for a picture.
        model = open_model(options.model, options.engine, threads=2)
    with contextlib.closing(model), contextlib.suppress(ConnectionError):
        await loop.run_in_executor(None, model.load)
        gc.enable()
        await _make(options, worker.kind, model, channel).run()
        await channel.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="holistic-rtc worker")
    parser.add_argument("--control-fd", type=int, required=True)
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--quality", type=Quality, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--description", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--parts", type=parse_parts, required=True)
    parser.add_argument("--max-persons", type=int, required=True)
    parser.add_argument("--max-frame-pixels", type=int, required=True)
    parser.add_argument("--no-audio", dest="audio", action="store_false")
    parser.add_argument("--public-candidates-only", action="store_true")
    parser.add_argument("--advertise")
    parser.add_argument("--log-level", required=True)
    options = parser.parse_args()
    logs = contextlib.ExitStack()
    # The log's usual writer has a thread.
    handler = logging.StreamHandler()
    handler.setFormatter(ToFront())
    logging.basicConfig(level=options.log_level, handlers=[handler])
    logging.getLogger("aioice").setLevel(logging.WARNING)
    status = 0
    try:
        model = _preload(options)
        # Nearly all of that stays. Looking for garbage among it would take time, and copy memory that is shared.
        gc.disable()
        gc.freeze()
        if worker := fork_server.serve(socket.socket(fileno=options.control_fd)):
            logs.enter_context(contextlib.closing(log_to_stderr(options.log_level, ToFront())))
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_work(options, worker, model))
    except ModelError as error:
        logger.error("%s", error)
        status = UNUSABLE_MODEL
    except TrackerError as error:
        logger.error("%s", error)
        status = 1
    except Exception:
        # os._exit() below wouldn't print it.
        logger.exception("the worker failed")
        status = 1
    finally:
        logs.close()
        # Threads of aiortc's decoders, or of a stuck engine, would keep the interpreter from exiting.
        os._exit(status)


if __name__ == "__main__":
    main()
