"""Has several workers track a long video at the same time."""

import asyncio
import logging
from typing import Any
from uuid import uuid4

import msgspec

from holistic_rtc.errors import Code, MediaError, Refusal
from holistic_rtc.files.storage import make_folder, place, remove_folder
from holistic_rtc.model.chunk import Chunk, Cut
from holistic_rtc.tasks import queue
from holistic_rtc.tasks.queue import Order, Outcome, Report
from holistic_rtc.tasks.steps import Join, Plan, Step, TrackChunk, chunk_folder

logger = logging.getLogger(__name__)


async def track(app: Any, order: Order, priority: int, report: Report) -> Outcome:
    """
    Have workers track a file, whenever they have time: a long video by several, if it can be cut.

    :raises Refusal: the file can't be tracked.
    """
    output = order.annotated or order.landmarks
    if output is None:
        return await queue.track(app, order, priority, report)
    chunks = _Chunks(app, order, priority, report, chunk_folder(output, uuid4().hex))
    outcome = await chunks.perform(Plan(), report)
    if outcome.cut:
        try:
            outcome = await chunks.track(outcome.cut)
        finally:
            await chunks.end()
    if not outcome.uncuttable:
        return outcome
    logger.info("%s can't be cut: %s", order.name, outcome.detail)
    return await queue.track(app, order, priority, report)


class _Chunks:
    """
    :param folder: where they are.
    """

    def __init__(self, app: Any, order: Order, priority: int, report: Report, folder: str) -> None:
        self.folder = folder
        self._app = app
        self._order = order
        self._priority = priority
        self._report = report
        self._tasks: dict[int, asyncio.Task[Outcome]] = {}
        self._frames: dict[int, int] = {}

    async def perform(self, step: Step, report: Report) -> Outcome:
        order = msgspec.structs.replace(self._order, step=step)
        # What is nearly finished comes before what others have only begun.
        priority = self._priority - isinstance(step, Join)
        return await queue.track(self._app, order, priority, report)

    async def track(self, cut: Cut) -> Outcome:
        """
        :return: what came of the whole; or of a chunk that is uncuttable.
        :raises Refusal: it can't be tracked.
        """
        await self._make_folder()
        for seam in cut.beginnings:
            self._start(cut, seam, goes_on=seam == 0)
        chunks: list[Chunk] = []
        begin: int | None = 0
        while begin is not None:
            outcome = await self._tasks[begin]
            chunk = outcome.chunk
            if chunk is None:
                return outcome
            if chunk.refused:
                # Only one at a time goes on into others, so that nothing is tracked more than twice.
                self._start(cut, begin, goes_on=True)
                continue
            chunks.append(chunk)
            self._skip(begin, chunk.end)
            begin = chunk.end
        return await self.perform(Join(self.folder, chunks), lambda done, total: None)

    async def end(self) -> None:
        """Revoke what hasn't been done, and remove what has."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        try:
            await asyncio.to_thread(remove_folder, place(self.folder))
        except MediaError as error:
            logger.warning("%s", error)

    async def _make_folder(self) -> None:
        making = asyncio.create_task(asyncio.to_thread(make_folder, place(self.folder)))
        try:
            await asyncio.shield(making)
        except MediaError as error:
            raise Refusal(Code.JOB_FAILED, str(error)) from error
        finally:
            # So that it is there if it has to be removed.
            await asyncio.wait({making})

    def _start(self, cut: Cut, begin: int, *, goes_on: bool) -> None:
        def report(done: int, total: int) -> None:
            self._frames[begin] = done
            tracked = sum(self._frames.values())
            self._report(min(tracked, cut.frames) if cut.frames else tracked, cut.frames)

        step = TrackChunk(self.folder, cut, begin, goes_on)
        self._tasks[begin] = asyncio.create_task(self.perform(step, report), name=f"chunk {begin}")

    def _skip(self, begin: int, end: int | None) -> None:
        """Revoke the chunks into which another one went on."""
        for other, task in self._tasks.items():
            if other > begin and (end is None or other < end):
                task.cancel()
                self._frames.pop(other, None)
