"""The worker for snapshots: tracks one picture after another."""

import asyncio
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from holistic_rtc.drawing.annotate import DRAWN_PARTS
from holistic_rtc.errors import Code, MediaError, NotAPictureError, Refusal, TooManyPixelsError, TrackerError
from holistic_rtc.files.pictures import decode_picture
from holistic_rtc.ipc.channel import Channel
from holistic_rtc.ipc.messages import Close, Drain, Reply, Request, Snapshot, TakeSnapshot, ToWorker, Unsubscribe
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import Image, Persons
from holistic_rtc.pipeline.pipeline import sources
from holistic_rtc.sample import portrait
from holistic_rtc.tracking.engine import PictureTracker
from holistic_rtc.workers.snapshot.take import SnapshotOptions, take_snapshot
from holistic_rtc.workers.worker import Worker

NICENESS = 5
"""Live sessions have priority: a picture can wait, a frame can't."""


class Detector:
    """
    A tracker on its own thread, which prepares for the next picture while the current one is drawn on and encoded.

    :param make_tracker: called on the thread.
    """

    def __init__(self, make_tracker: Callable[[], PictureTracker]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tracker")
        self._tracker = self._thread.submit(make_tracker).result()
        self._ready: Future[None] = Future()
        self._ready.set_result(None)

    def detect(self, image: Image, parts: frozenset[Part], max_persons: int) -> Persons:
        """
        :raises TrackerError: the engine failed.
        """
        self._ready.result()
        persons = self._thread.submit(self._tracker.detect, image, parts, max_persons).result()
        self._ready = self._thread.submit(self._tracker.forget)
        return persons


class SnapshotWorker(Worker):
    """
    :param make_tracker: see :class:`Detector`.
    :param model: description of the model in use, for clients.
    :param parts: all that may be asked for, and drawn.
    """

    def __init__(
        self,
        channel: Channel[ToWorker],
        make_tracker: Callable[[], PictureTracker],
        model: Mapping[str, str | None],
        parts: frozenset[Part],
    ) -> None:
        super().__init__(channel)
        os.nice(NICENESS)
        self._make_tracker = make_tracker
        self._model = model
        self._tracked = sources(parts)
        self._detector: Detector | None = None
        # Decodes, draws and encodes, for one picture at a time.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="snapshot")

    async def warm_up(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    async def serve(self, request: Request) -> Reply:
        assert isinstance(request, TakeSnapshot)
        try:
            taken = await asyncio.get_running_loop().run_in_executor(self._thread, self._take, request)
        except MediaError as error:
            raise Refusal(_code(error), str(error)) from error
        except TrackerError:
            self.over.set()
            raise
        return taken

    def tell(self, message: Unsubscribe | Drain | Close) -> None:
        """No-op: these messages are for sessions."""

    async def close(self) -> None:
        """No-op: the end of the process frees the engine, without waiting for its last picture."""

    def _load(self) -> None:
        self._detector = Detector(self._make_tracker)
        self._detector.detect(decode_picture(portrait()), self._tracked, 1)

    def _take(self, request: TakeSnapshot) -> Snapshot:
        assert self._detector is not None
        options = SnapshotOptions(
            parts=frozenset(map(Part, request.parts)),
            drawn=DRAWN_PARTS & self._tracked,
            max_persons=request.max_persons,
            picture_format=request.picture_format,
            annotate=request.annotate,
            mirror=request.mirror,
            max_size=request.max_size,
            max_pixels=request.max_pixels,
        )
        taken = take_snapshot(self._detector.detect, self._model, request.picture, options)
        return Snapshot(request.number, taken.landmarks, taken.picture)


def _code(error: MediaError) -> Code:
    match error:
        case NotAPictureError():
            return Code.UNKNOWN_PICTURE
        case TooManyPixelsError():
            return Code.TOO_LARGE
        case _:
            return Code.DAMAGED_PICTURE
