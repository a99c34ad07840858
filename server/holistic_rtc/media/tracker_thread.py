"""Runs a tracker on its own thread, driven from the event loop."""

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from av import VideoFrame

from holistic_rtc.drawing.annotate import DRAWN_PARTS, annotate
from holistic_rtc.errors import TrackerError
from holistic_rtc.model.parts import ALL_PARTS, DEFAULT_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import Image, Persons
from holistic_rtc.pipeline.frames import encodable, from_rgb, to_rgb
from holistic_rtc.pipeline.pipeline import Found, Pipeline, landmarks_of, sources
from holistic_rtc.tracking.engine import Tracker

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """
    The result of one frame. Durations are in milliseconds.

    :param plain: the frame without drawing, to be encoded.
    :param quality: how exactly it was tracked, which an engine may not leave to its caller.
    """

    timestamp_ms: int
    width: int
    height: int
    persons: Sequence[Found]
    plain: VideoFrame
    annotated: VideoFrame | None
    tracker_ms: float
    draw_ms: float
    quality: Quality


class TrackerThread:
    """
    :param make_tracker: called on the thread, since a tracker may only be used on the thread that made it.
    :param parts: all that may be asked for, and drawn.
    :param deadline: seconds that a frame, or making a tracker, may take. After that, the engine is considered stuck.
    """

    MAX_FAILURES = 3
    """Number of consecutive failed frames that end the session. Until then, each failure replaces the engine."""

    def __init__(
        self,
        make_tracker: Callable[[], Tracker],
        *,
        parts: frozenset[Part] = ALL_PARTS,
        deadline: float = 10.0,
    ) -> None:
        self._make_tracker = make_tracker
        self._tracked = sources(parts)
        self._drawn = DRAWN_PARTS & self._tracked
        self._deadline = deadline
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tracker")
        self._tracker: Tracker | None = None
        self._pipeline = Pipeline(self._track)
        self._quality = Quality.BALANCED
        self._failures = 0
        self._stuck = False
        self._closed = False

    async def warm_up(self, picture: Image, quality: Quality = Quality.BALANCED) -> float:
        """
        Load the engine and track a picture, since the first frames take several times as long as later ones. Everything
        that may be asked for is tracked.

        :param picture: ``(height, width, 3)`` uint8 RGB, with a person, so that every network runs.
        :param quality: how exactly the frames that are measured are tracked.
        :return: the CPU time per frame, in milliseconds.
        :raises TrackerError: the engine can't be loaded.
        """
        times = []
        self._quality = Quality.EXACT  # leaves out no network
        for timestamp_ms in range(5):
            started = time.process_time()
            await self._run(self._track, picture, timestamp_ms, self._tracked, 1)
            times.append((time.process_time() - started) * 1000)
            self._quality = quality
        await self._run(self._reset)
        # In the first frame, the engine searches the whole picture for the person. MediaPipe still does in the second.
        # In every other frame, an engine may leave out work.
        return (min(times[1::2]) + min(times[2::2])) / 2

    async def process(
        self,
        frame: VideoFrame,
        timestamp_ms: int,
        *,
        draw: bool,
        smoothing: bool,
        parts: frozenset[Part] = DEFAULT_PARTS,
        quality: Quality = Quality.BALANCED,
        max_persons: int = 1,
    ) -> TrackedFrame | None:
        """
        Track one frame and, if requested, smooth the landmarks and draw them on a copy of the frame.

        :param parts: what to find, in addition to what is drawn; may change from frame to frame. After a frame without
            the rig, the avatars' motion starts over.
        :param max_persons: how many people to find at most; may change from frame to frame.
        :return: None if the engine failed on this frame; the next frame uses a new engine.
        :raises TrackerError: the engine is stuck, or failed on several consecutive frames.
        """
        try:
            tracked = await self._run(self._process, frame, timestamp_ms, draw, smoothing, parts, quality, max_persons)
        except TrackerError as error:
            self._failures += 1
            if self._stuck or self._failures >= self.MAX_FAILURES:
                raise
            logger.warning("the tracker failed and is being replaced: %s", error)
            await self._run(self._discard)
            return None
        self._failures = 0
        return tracked

    async def close(self) -> None:
        """Close the engine on its own thread. A stuck engine remains until the process ends."""
        if not self._closed:
            self._closed = True
            if not self._stuck:
                with contextlib.suppress(TrackerError):
                    await self._run(self._discard)
            self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._deadline):
                return await loop.run_in_executor(self._executor, functools.partial(call, *args, **kwargs))
        except TimeoutError:
            self._stuck = True
            raise TrackerError(f"the tracker didn't respond within {self._deadline:g} s") from None

    # The methods below run on the tracker's thread.

    def _process(
        self,
        frame: VideoFrame,
        timestamp_ms: int,
        draw: bool,
        smoothing: bool,
        parts: frozenset[Part],
        quality: Quality,
        max_persons: int,
    ) -> TrackedFrame:
        self._quality = quality
        image = to_rgb(frame)
        started = time.perf_counter()
        height, width = image.shape[:2]
        wanted = parts | self._drawn if draw else parts
        persons = self._pipeline.process(
            image, timestamp_ms, smoothing=smoothing, parts=wanted, max_persons=max_persons
        )
        tracked = time.perf_counter()
        assert self._tracker is not None
        annotated = from_rgb(annotate(image, landmarks_of(persons), self._drawn), frame) if draw else None
        drawn = time.perf_counter()
        return TrackedFrame(
            timestamp_ms=timestamp_ms,
            width=width,
            height=height,
            persons=persons,
            plain=encodable(frame),
            annotated=annotated,
            tracker_ms=(tracked - started) * 1000,
            draw_ms=(drawn - tracked) * 1000,
            quality=self._tracker.quality,
        )

    def _track(self, image: Image, timestamp_ms: int, parts: frozenset[Part], max_persons: int) -> Persons:
        if self._tracker is None:
            self._tracker = self._make_tracker()
        self._tracker.quality = self._quality
        return self._tracker.track(image, timestamp_ms, parts, max_persons)

    def _reset(self) -> None:
        if self._tracker is not None:
            self._tracker.reset()

    def _discard(self) -> None:
        tracker, self._tracker = self._tracker, None
        self._pipeline = Pipeline(self._track)
        if tracker is not None:
            tracker.close()
