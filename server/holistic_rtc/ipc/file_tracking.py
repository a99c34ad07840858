"""Has workers track files."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from holistic_rtc.atomic import remove_parts
from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.messages import Advanced, Event, Tracked, TrackFile
from holistic_rtc.ipc.pool import Pool
from holistic_rtc.ipc.process import Process
from holistic_rtc.model.picture_format import PICTURE_TYPES

Report = Callable[[int, int], None]
"""Called with the number of frames done, and the total, which is 0 if it isn't known."""

ATTEMPTS = 2
"""A file whose worker ends is tried again: another file, or another program, may have been to blame."""


def remove_unfinished(annotated: Path | None, landmarks: Path | None) -> None:
    """
    Remove what a killed process has left beside outputs.

    :param annotated: without its suffix.
    """
    names = [annotated.with_name(annotated.name + suffix) for suffix in (".mp4", *PICTURE_TYPES)] if annotated else []
    for path in (*names, *([landmarks] if landmarks else [])):
        if path.parent.is_dir():
            remove_parts(path)


async def track_file(
    pool: Pool, request: TrackFile, report: Report, cleanup: Callable[[], None], deadline: float
) -> Tracked:
    """
    :param cleanup: called when a worker was killed, which may have left temporary files.
    :param deadline: seconds for an attempt. After that, the worker is killed.
    :raises Refusal: the file can't be read, or tracking it failed.
    """
    for _ in range(ATTEMPTS):
        try:
            return await _attempt(pool, request, report, cleanup, deadline)
        except Refusal as refusal:
            if refusal.code is not Code.PROCESS_ENDED:
                raise
    raise Refusal(Code.JOB_FAILED, f"the process that tracked it ended, {ATTEMPTS} times")


async def _borrow(pool: Pool, stack: contextlib.AsyncExitStack) -> Process:
    """Wait for a worker, for as long as it takes: a file has time."""
    while True:
        try:
            return await stack.enter_async_context(pool.borrow())
        except Refusal as refusal:
            if refusal.code is not Code.NOT_READY:
                raise


async def _attempt(
    pool: Pool, request: TrackFile, report: Report, cleanup: Callable[[], None], deadline: float
) -> Tracked:
    def on_event(event: Event) -> None:
        if isinstance(event, Advanced) and event.number == request.number:
            report(event.done, event.total)

    async with contextlib.AsyncExitStack() as stack:
        process = await _borrow(pool, stack)
        process.on_event = on_event
        try:
            return await process.request(request, Tracked, deadline=deadline)
        except Refusal as refusal:
            if refusal.code not in (Code.BUSY, Code.PROCESS_ENDED):
                raise
            process.kill()
            await process.wait_closed()
            cleanup()
            if refusal.code is Code.BUSY:
                raise Refusal(Code.JOB_TIMEOUT, f"it wasn't tracked within {deadline:g} s") from None
            raise
