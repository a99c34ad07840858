"""The worker for files: tracks one after another, and writes what comes of them."""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from holistic_rtc.atomic import fitting
from holistic_rtc.errors import Code, MediaError, Refusal, TrackerError
from holistic_rtc.files.media import Picture, Video
from holistic_rtc.ipc.channel import Channel
from holistic_rtc.ipc.messages import Advanced, Close, Drain, Reply, Request, ToWorker, Tracked, TrackFile, Unsubscribe
from holistic_rtc.tracking.engine import Model
from holistic_rtc.workers.job.track import track_file
from holistic_rtc.workers.worker import Worker

NICENESS = 10
"""Of jobs in a server: everything else has priority."""
REPORT_SECONDS = 0.2
"""Between two reports of how far a file is"""


class _StoppedError(Exception):
    """Nobody wants the file any more."""


class JobWorker(Worker):
    """
    :param model: loaded already.
    :param niceness: what is added to that of the process.
    """

    def __init__(self, channel: Channel[ToWorker], model: Model, niceness: int) -> None:
        super().__init__(channel)
        os.nice(niceness)
        self._model = model
        # A tracker belongs to the thread that has made it.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tracker")

    async def warm_up(self) -> None:
        """No-op: the networks are loaded."""

    async def serve(self, request: Request) -> Reply:
        assert isinstance(request, TrackFile)
        stop = threading.Event()
        loop = asyncio.get_running_loop()
        tracking = loop.run_in_executor(self._thread, self._track, request, self._reporter(request, stop))
        try:
            return await asyncio.shield(tracking)
        except asyncio.CancelledError:
            stop.set()
            # Until no half file is left. At the end of the process, this is cancelled once more.
            while not tracking.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({tracking})
            tracking.exception()  # otherwise it would be logged
            raise
        except MediaError as error:
            raise Refusal(Code.BAD_FILE, str(error)) from error
        except TrackerError as error:
            self.over.set()
            raise Refusal(Code.JOB_FAILED, str(error)) from error

    def tell(self, message: Unsubscribe | Drain | Close) -> None:
        """No-op: these messages are for sessions."""

    async def close(self) -> None:
        """No-op: the end of the process frees the engine."""

    def _reporter(self, request: TrackFile, stop: threading.Event) -> Callable[[int, int], None]:
        """
        :return: called on the tracker's thread, with the numbers of frames done and in total. Raises an exception when
            the tracking is to stop.
        """
        loop = asyncio.get_running_loop()
        reported = 0.0

        def report(done: int, total: int) -> None:
            nonlocal reported
            if stop.is_set():
                raise _StoppedError
            if (now := time.monotonic()) > reported + REPORT_SECONDS:
                reported = now
                loop.call_soon_threadsafe(self.channel.send, Advanced(request.number, done, total))

        return report

    def _track(self, request: TrackFile, report: Callable[[int, int], None]) -> Tracked:
        annotated, landmarks = map(_path, (request.annotated, request.landmarks))

        def name(media: Picture | Video) -> Path:
            assert annotated is not None
            return fitting(annotated.parent, annotated.name, media.suffixes[0])

        tracked = track_file(
            Path(os.fsdecode(request.source)),
            self._model,
            request.quality,
            annotated=annotated and name,
            landmarks=[landmarks] if landmarks else [],
            report=report,
            max_persons=request.max_persons,
            name=request.name,
            max_pixels=request.max_pixels,
            parts=request.parts,
        )
        outputs = [os.fsencode(path) for path in (tracked.annotated, *tracked.landmarks) if path is not None]
        return Tracked(request.number, outputs, tracked.frames, tracked.damaged)


def _path(path: bytes | None) -> Path | None:
    return None if path is None else Path(os.fsdecode(path))
