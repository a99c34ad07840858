"""Tracks an incoming video track."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from holistic_rtc.media.cadence import Cadence
from holistic_rtc.media.clock import SteadyClock
from holistic_rtc.media.codecs import Failure
from holistic_rtc.media.governor import Governor
from holistic_rtc.media.latest import LatestSlot, SlotClosed
from holistic_rtc.media.outbound import AnnotatedTrack
from holistic_rtc.media.tracker_thread import TrackedFrame, TrackerThread
from holistic_rtc.model.figures import VideoFigures
from holistic_rtc.model.parts import DEFAULT_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.stats import TrackReport
from holistic_rtc.pipeline.clock import MediaClock

logger = logging.getLogger(__name__)


@dataclass
class TrackOptions:
    """The options that may change at any time.

    :param quality: how exactly to track, unless the track is overloaded.
    :param smoothing: whether to smooth hands and face over time.
    :param max_fps: maximum number of tracked frames per second; None for no limit.
    """

    quality: Quality = Quality.BALANCED
    smoothing: bool = True
    max_fps: float | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """
    What a session's peers want of its tracks, or the most that they may want.

    :param parts: what to find, in addition to what is drawn.
    :param max_persons: how many people to find at most.
    """

    parts: frozenset[Part] = DEFAULT_PARTS
    max_persons: int = 1


@dataclass
class TrackMeter:
    """Totals since the track started, and sums since the last report."""

    tracked: int = 0
    dropped: int = 0
    width: int = 0
    height: int = 0
    quality: Quality | None = None
    """Of the newest frame"""
    _since: float = field(default_factory=time.monotonic)
    _received: int = 0
    _finished: int = 0
    _dropped: int = 0
    _tracker_ms: float = 0.0
    _draw_ms: float = 0.0
    _delay_ms: float = 0.0
    _figures: VideoFigures = field(default_factory=VideoFigures)

    def frame_received(self) -> None:
        self._received += 1
        self._figures.received += 1

    def frame_dropped(self) -> None:
        self.frame_skipped()
        self._dropped += 1

    def frame_skipped(self) -> None:
        """A frame was dropped on purpose, which isn't a sign of overload."""
        self.dropped += 1
        self._figures.dropped += 1

    def frame_tracked(self, frame: TrackedFrame, delay_ms: float) -> None:
        self.tracked += 1
        self.width, self.height, self.quality = frame.width, frame.height, frame.quality
        self._finished += 1
        self._tracker_ms += frame.tracker_ms
        self._draw_ms += frame.draw_ms
        self._delay_ms += delay_ms
        self._figures.tracked += 1
        self._figures.tracker.observe(frame.tracker_ms / 1000)
        self._figures.delay.observe(delay_ms / 1000)

    @property
    def kept(self) -> float:
        """Share of the frames since the last report that were tracked, 0 to 1; 1 if there were none."""
        return self._finished / (self._finished + self._dropped) if self._dropped else 1.0

    @property
    def fps(self) -> float:
        """Frames tracked a second since the last report."""
        return self._finished / max(time.monotonic() - self._since, 1e-3)

    @property
    def busy(self) -> float:
        """Share of the time since the last report that the tracker was at work, 0 to 1."""
        return self._tracker_ms / 1000 / max(time.monotonic() - self._since, 1e-3)

    def report(self) -> TrackReport:
        """The totals, and the rates and means since the previous report."""
        now = time.monotonic()
        elapsed = max(now - self._since, 1e-3)
        finished = max(self._finished, 1)
        report: TrackReport = {
            "width": self.width,
            "height": self.height,
            "fps_in": round(self._received / elapsed, 1),
            "fps_out": round(self._finished / elapsed, 1),
            "tracked": self.tracked,
            "dropped": self.dropped,
            "tracker_ms": round(self._tracker_ms / finished, 1),
            "draw_ms": round(self._draw_ms / finished, 2),
            "delay_ms": round(self._delay_ms / finished, 1),
        }
        if self.quality is not None:
            report["quality"] = self.quality
        self._since = now
        self._received = self._finished = self._dropped = 0
        self._tracker_ms = self._draw_ms = self._delay_ms = 0.0
        return report

    def take_figures(self) -> VideoFigures:
        """:return: the figures since the previous call."""
        figures, self._figures = self._figures, VideoFigures()
        return figures


class InboundTrack:
    """
    Receives every frame of `source`, tracks the newest, and passes the results on.

    :param source: the peer's decoded video.
    :param tracker: owned by this track, which closes it.
    :param demand: called for each frame.
    :param on_tracked: called on the event loop with each result.
    """

    def __init__(
        self,
        source: MediaStreamTrack,
        tracker: TrackerThread,
        options: TrackOptions,
        demand: Callable[[], Demand],
        on_tracked: Callable[[TrackedFrame], None],
    ) -> None:
        self.meter = TrackMeter()
        self.last_frame = time.monotonic()
        """When the newest frame arrived, on the monotonic clock."""
        self.on_received: Callable[[], object] = lambda: None
        """Called for each frame that has been decoded."""
        self._source = source
        self._tracker = tracker
        self._outputs: set[AnnotatedTrack] = set()
        self._options = options
        self._demand = demand
        self._on_tracked = on_tracked
        self._slot: LatestSlot[tuple[VideoFrame, float, float]] = LatestSlot()
        self._steady = SteadyClock()
        self._clock = MediaClock()
        self._cadence = Cadence()
        self._next_due = 0.0
        self._governor = Governor()

    async def run(self) -> None:
        """
        Track frames until the source ends.

        :raises TrackerError: the tracker failed repeatedly or is stuck.
        :raises TooManyPixelsError: the source's frames are too large.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pump(), name="pump")
            tasks.create_task(self._track(), name="track")

    def report(self) -> TrackReport:
        """The track's statistics. Called once a second."""
        self._governor.take(self.meter.kept, self.meter.fps, self.meter.busy)
        return self.meter.report()

    def feed(self, output: AnnotatedTrack) -> None:
        """Pass each frame to `output` from now on, until it is stopped."""
        self._outputs.add(output)

    async def close(self) -> None:
        self._slot.close()
        for output in self._outputs:
            output.stop()
        await self._tracker.close()

    async def _pump(self) -> None:
        """Receive every frame immediately, since aiortc's queue is unbounded."""
        try:
            while True:
                frame = await self._source.recv()
                if isinstance(frame, Failure):
                    raise frame.error
                now = self.last_frame = time.monotonic()
                self.meter.frame_received()
                self.on_received()
                if isinstance(frame, VideoFrame):
                    captured = self._steady.set_time(frame, now)
                    if not self._is_due(now):
                        continue
                    self._cadence.frame_came(now)
                    if self._slot.put((frame, now, captured)):
                        self.meter.frame_dropped()
        except MediaStreamError:
            self._slot.close()

    def _is_due(self, now: float) -> bool:
        max_fps = self._options.max_fps
        if max_fps is None:
            return True
        interval = 1 / max_fps
        # Frames may be early by a quarter of the interval; the schedule still keeps the mean rate at the limit.
        if now < self._next_due - interval / 4:
            return False
        # Restart the schedule after a pause, so that missed frames aren't made up for.
        self._next_due = interval + (now if now - self._next_due > interval else self._next_due)
        return True

    async def _track(self) -> None:
        try:
            while True:
                await self._track_frame(*await self._freshest())
        except SlotClosed:
            pass

    async def _freshest(self) -> tuple[VideoFrame, float, float]:
        """The newest frame, or the next one if that is due shortly."""
        newest = await self._slot.get()
        patience = self._cadence.patience(newest[1], time.monotonic())
        if patience:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    newest = await self._slot.get()
                self.meter.frame_skipped()
        return newest

    async def _track_frame(self, frame: VideoFrame, received: float, captured: float) -> None:
        assert frame.pts is not None
        assert frame.time_base is not None
        timestamp_ms = self._clock.timestamp_ms(frame.pts, frame.time_base)
        self._outputs = {output for output in self._outputs if output.readyState == "live"}
        draw = any(output.draw for output in self._outputs)
        demand = self._demand()
        tracked = await self._tracker.process(
            frame,
            timestamp_ms,
            draw=draw,
            smoothing=self._options.smoothing,
            quality=Quality.FAST if self._governor.overloaded else self._options.quality,
            parts=demand.parts,
            max_persons=demand.max_persons,
        )
        if tracked is None:
            self.meter.frame_dropped()
            return
        for output in self._outputs:
            # Outputs that were added, or had drawing enabled, while this frame was being tracked wait for the next one.
            if picture := tracked.annotated if output.draw else tracked.plain:
                output.put(picture, captured)
        self._on_tracked(tracked)
        if self.meter.quality not in (None, tracked.quality):
            logger.info("tracking quality is now %s", tracked.quality)
        self.meter.frame_tracked(tracked, (time.monotonic() - received) * 1000)
