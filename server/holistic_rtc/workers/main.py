"""The entry point of all workers. :mod:`holistic_rtc.ipc.messages` has their messages to and from the front process."""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import uvloop

from holistic_rtc.errors import ModelError, TrackerError
from holistic_rtc.ipc.channel import Channel
from holistic_rtc.ipc.messages import ToWorker
from holistic_rtc.ipc.process import UNUSABLE_MODEL
from holistic_rtc.log.relay import ToFront
from holistic_rtc.log.writer import log_to_stderr
from holistic_rtc.model.parts import parse_parts
from holistic_rtc.model.quality import Quality
from holistic_rtc.tracking import ENGINES, open_model
from holistic_rtc.workers.worker import Worker

if TYPE_CHECKING:
    from holistic_rtc.tracking.engine import Model

logger = logging.getLogger(__name__)

KINDS = ("live", "snapshot")


def _open(options: argparse.Namespace) -> "Model":
    import cv2

    cv2.setNumThreads(1)
    # A session leaves the other cores to other sessions, but somebody waits for a picture.
    threads = min(options.threads, 2) if options.kind == "snapshot" else 1
    return open_model(options.model, options.engine, threads)


def _make(options: argparse.Namespace, model: "Model", channel: Channel[ToWorker]) -> Worker:
    description = orjson.loads(options.description)
    # Each worker imports only what it needs.
    if options.kind == "snapshot":
        from holistic_rtc.workers.snapshot.worker import SnapshotWorker

        return SnapshotWorker(channel, model.picture_tracker, description, options.parts)
    from holistic_rtc.media.aiortc_tuning import tune
    from holistic_rtc.workers.live.peer import PeerLimits
    from holistic_rtc.workers.live.worker import LiveWorker

    tune(options.max_frame_pixels)
    limits = PeerLimits(options.parts, options.max_persons, options.public_candidates_only)
    return LiveWorker(channel, model.tracker, options.quality, description, limits, options.advertise)


async def _main(options: argparse.Namespace) -> None:
    # Nearly all that is imported and loaded now stays, so looking for garbage among it only takes time.
    gc.disable()
    # aiortc encodes on the event loop's default executor.
    encoders = ThreadPoolExecutor(max_workers=options.threads, thread_name_prefix="encoder")
    asyncio.get_running_loop().set_default_executor(encoders)
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=options.control_fd))
    channel: Channel[ToWorker] = Channel(reader, writer, ToWorker)
    with contextlib.closing(_open(options)) as model, contextlib.suppress(ConnectionError):
        # Goes on while the worker and what it needs, such as aiortc, is imported.
        loading = asyncio.get_running_loop().run_in_executor(None, model.load)
        worker = _make(options, model, channel)
        await loading
        gc.freeze()
        gc.enable()
        await worker.run()
        await channel.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="holistic-rtc worker")
    parser.add_argument("--control-fd", type=int, required=True)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--quality", type=Quality, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--description", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--parts", type=parse_parts, required=True)
    parser.add_argument("--max-persons", type=int, required=True)
    parser.add_argument("--max-frame-pixels", type=int, required=True)
    parser.add_argument("--public-candidates-only", action="store_true")
    parser.add_argument("--advertise")
    parser.add_argument("--log-level", required=True)
    options = parser.parse_args()
    log = log_to_stderr(options.log_level, ToFront())
    logging.getLogger("aioice").setLevel(logging.WARNING)
    status = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_main(options))
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
        log.close()
        # Threads of aiortc's decoders, or of a stuck engine, would keep the interpreter from exiting.
        os._exit(status)


if __name__ == "__main__":
    main()
